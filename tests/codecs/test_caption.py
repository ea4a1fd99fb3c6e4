import pytest
import torch

from semjscc.codecs.base import TextToImage
from semjscc.codecs.caption import CaptionCodec
from semjscc.codecs.text import Characters, Checked
from semjscc.rng import PerImage
from semjscc.types import Captioner


class Shade(Captioner):
    """Says how bright a picture is."""

    def caption(self, images):
        return [f"brightness {100 * image.mean():.0f}" for image in images]


class Counting(TextToImage):
    """Paints the hash of what it is told, and keeps a list of it."""

    def __init__(self):
        self.painted = []

    def paint(self, texts, size, seeds):
        self.painted += [(text, seed, size) for text, seed in zip(texts, seeds, strict=True)]
        shades = torch.tensor([hash((text, seed)) % 1000 / 1000 for text, seed in zip(texts, seeds, strict=True)])
        return shades.view(-1, 1, 1, 1).expand(-1, 3, *size)


@pytest.fixture
def codec():
    return CaptionCodec(Shade(), Counting(), Characters(20))


def per_image(*indices):
    """The randomness of a sweep for these images; the operating point is any."""
    return PerImage([(7, index) for index in indices], point=(3,))


def test_what_is_seen_is_said_and_heard(codec):
    images = torch.stack([torch.full((3, 4, 4), 0.25), torch.full((3, 4, 4), 0.5)])
    bits = codec.encode(images)
    assert bits.shape == (2, 160)
    assert codec.read(bits) == ["brightness 25", "brightness 50"]
    assert codec.content_bits(bits).tolist() == [104, 104]


@pytest.mark.parametrize(("max_bits", "read"), [(104, "brightness 25"), (103, "brightness"), (79, ""), (0, "")])
def test_as_many_whole_words_are_sent_as_fit(max_bits, read):
    codec = CaptionCodec(Shade(), Counting(), Characters(20), max_bits=max_bits)
    bits = codec.encode(torch.full((1, 3, 4, 4), 0.25))
    assert codec.read(bits) == [read]
    assert codec.content_bits(bits).item() == 8 * len(read)


def test_a_limit_below_an_empty_text_is_refused():
    codec = CaptionCodec(Shade(), Counting(), Checked(Characters(20)), max_bits=15)
    with pytest.raises(ValueError, match="max_bits must be at least 16, what an empty text takes; got 15"):
        codec.encode(torch.full((1, 3, 4, 4), 0.25))


def test_pictures_come_in_order_and_in_the_size_asked_for(codec):
    bits = codec.text.encode(["one", "two", "one"])
    rng = per_image(0, 1, 2)
    pictures = codec.decode(bits, (5, 6), rng)
    expected = Counting().paint(["one", "two", "one"], (5, 6), rng.seeds(3))
    assert torch.equal(pictures, expected)


def test_noise_is_painted_too(codec):
    assert codec.decode(torch.randint(2, (8, 160)).float(), (2, 2)).shape == (8, 3, 2, 2)


def test_equal_texts_and_seeds_are_painted_once_in_a_batch(codec):
    codec.decode(codec.text.encode(["one", "one", "one"]), (2, 2), per_image(0, 0, 1))
    assert len(codec.painter.painted) == 2


def test_equal_texts_and_seeds_are_painted_once_across_calls_and_operating_points(codec):
    bits = codec.text.encode(["one", "two"])
    first = codec.decode(bits, (2, 2), PerImage([(7, 0), (7, 1)], point=(1,)))
    again = codec.decode(bits.flip(0), (2, 2), PerImage([(7, 1), (7, 0)], point=(2,)))
    assert torch.equal(again, first.flip(0))
    assert len(codec.painter.painted) == 2


def test_another_text_seed_or_size_is_painted_anew(codec):
    bits = codec.text.encode(["one"])
    codec.decode(bits, (2, 2), per_image(0))
    codec.decode(bits, (2, 3), per_image(0))
    codec.decode(bits, (2, 2), per_image(1))
    codec.decode(codec.text.encode(["two"]), (2, 2), per_image(0))
    assert len(codec.painter.painted) == 4


def test_the_memory_is_bounded_and_forgets_what_was_heard_least_recently():
    codec = CaptionCodec(Shade(), Counting(), Characters(20), remembered=2)
    for heard in ("one", "two", "one", "three", "one", "two"):
        codec.decode(codec.text.encode([heard]), (2, 2), per_image(0))
    assert [text for text, *_ in codec.painter.painted] == ["one", "two", "three", "two"]
    assert len(codec.pictures) == 2


def test_a_batch_may_be_larger_than_the_memory():
    codec = CaptionCodec(Shade(), Counting(), Characters(20), remembered=0)
    assert codec.decode(codec.text.encode(["one", "two"]), (2, 2), per_image(0, 1)).shape == (2, 3, 2, 2)
    assert not codec.pictures


def test_what_is_remembered_does_not_change_under_the_receiver(codec):
    bits = codec.text.encode(["one"])
    first = codec.decode(bits, (2, 2), per_image(0))
    kept = first.clone()
    first.zero_()
    assert torch.equal(codec.decode(bits, (2, 2), per_image(0)), kept)
