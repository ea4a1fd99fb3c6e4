from itertools import product

import pytest
import torch

from semjscc.codecs.ear import Ear

PARTS = product(("red", "blue"), ("ball", "fish"), ("here", "there"))
TEXTS = [f"a {colour} {kind} {place}" for colour, kind, place in PARTS]


@pytest.fixture
def ear():
    return Ear(TEXTS * 20, max_characters=24)


def damaged(ear, text, places):
    """The payload with bits flipped at these places."""
    bits = ear.encode([text])
    bits[0, places] = 1 - bits[0, places]
    return bits


def test_what_arrives_whole_is_taken_as_heard_known_or_not(ear):
    texts = [TEXTS[0], "a purple cow ate my hat", ""]
    assert ear.decode(ear.encode(texts)) == texts


def test_a_damaged_word_is_the_one_it_is_nearest_to(ear):
    """Bits 0 and 8 are the highest of two characters, which tell that there is damage."""
    assert ear.decode(damaged(ear, "a blue fish there", [0, 8, 19, 21, 30, 61, 63])) == ["a blue fish there"]


def test_words_are_told_apart_by_their_hamming_distance(ear):
    """ "red" and "blue" spelled half and half: the nearer one is heard, whatever it does to the places behind it."""
    sent, other = ear.encode(["a red ball here"]), ear.encode(["a blue ball here"])
    apart = (sent != other).nonzero()[:, 1]
    for share, text in ((0.3, "a red ball here"), (0.7, "a blue ball here")):
        bits = sent.clone()
        bits[0, apart[: round(share * len(apart))]] = other[0, apart[: round(share * len(apart))]]
        bits[0, 0] = 1
        assert ear.decode(bits) == [text]


def test_words_that_never_follow_each_other_are_seldom_heard(ear):
    """Nothing is left of a word but its place between two others: the corpus says what may stand there."""
    bits = ear.encode(["a red ball here"])
    bits[0, 8 * 6 : 8 * 10] = 0.5
    noise = torch.rand(1, 32, generator=torch.Generator().manual_seed(0))
    bits[0, 8 * 6 : 8 * 10] = (noise < 0.5).float()
    assert ear.decode(bits)[0] in {"a red ball here", "a red fish here"}


def test_what_is_behind_the_end_counts(ear):
    """One letter less or more: the NULs behind the text decide, where the text itself does not."""
    ear = Ear(["aaa", "aaa bbb"] * 50, max_characters=12)
    bits = ear.encode(["aaa"])
    bits[0, [0, 1, 2]] = 1
    assert ear.decode(bits) == ["aaa"]


def test_it_never_raises_and_answers_in_words_of_the_corpus(ear):
    bits = (torch.rand(32, 8 * 24, generator=torch.Generator().manual_seed(1)) < 0.5).float()
    known = {word for text in TEXTS for word in text.split()}
    assert all(set(text.split()) <= known for text in ear.decode(bits))


def test_the_sent_side_is_that_of_plain_characters(ear):
    assert ear.content_bits(ear.encode(["a red", ""])).tolist() == [40, 0]
    assert ear.encode(["abc"]).shape == (1, 8 * 24)


def test_a_file_may_hold_the_texts(tmp_path, ear):
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS * 20))
    again = Ear(str(tmp_path / "texts.txt"), max_characters=24)
    bits = damaged(ear, "a blue fish there", [0, 8, 19, 30])
    assert again.decode(bits) == ear.decode(bits)
    with pytest.raises(FileNotFoundError, match="no corpus"):
        Ear(str(tmp_path / "none.txt"))
