import pytest
import torch

from semjscc.metrics.perception import ClipSimilarity
from semjscc.types import Delivery, Pictures
from tests.tiny_families import save_siglip

TEXTS = ["a bird on a post", "two dogs", "a bus"]


@pytest.fixture(scope="module")
def metric(clip_folder):
    return ClipSimilarity(str(clip_folder))


@pytest.fixture
def images():
    return torch.rand(3, 3, 48, 40, generator=torch.Generator().manual_seed(0))


def pictures(images, captions=((), (), ())):
    return Pictures(images, ["1", "2", "3"], [list(texts) for texts in captions])


def delivery(images, sent=(), heard=()):
    return Delivery(images, 0, 1, 1, 1.0, sent=list(sent), heard=list(heard))


def test_what_arrives_whole_is_alike(metric, images):
    figures = metric(pictures(images), delivery(images, TEXTS, TEXTS))
    torch.testing.assert_close(figures["clip_image_image"], torch.ones(3))
    torch.testing.assert_close(figures["clip_text_text"], torch.ones(3))


def test_cosines_are_those_of_the_models_own_logits(metric, images):
    """CLIP multiplies its cosines by exp(logit_scale); the way there differs from ours."""
    inputs = metric.processor(text=TEXTS, images=list(images), do_rescale=False, padding=True, return_tensors="pt")
    output = metric.model(**inputs)
    expected = (output.logits_per_text / metric.model.logit_scale.exp()).diagonal()
    figures = metric(pictures(images.flip(0)), delivery(images, TEXTS, TEXTS))
    torch.testing.assert_close(figures["clip_text_image"], expected)
    seen = output.image_embeds  # of unit length
    torch.testing.assert_close(figures["clip_image_image"], (seen * seen.flip(0)).sum(-1))


def test_each_text_is_compared_with_the_one_heard_in_its_place(metric, images):
    figures = metric(pictures(images), delivery(images, TEXTS, [TEXTS[0], TEXTS[2], TEXTS[1]]))
    same, crossed, back = figures["clip_text_text"]
    assert same == pytest.approx(1.0)
    assert crossed == pytest.approx(float(back))
    assert crossed < 0.999


def test_without_captions_there_is_only_the_picture(metric, images):
    assert metric(pictures(images), delivery(images)).keys() == {"clip_image_image"}


def test_a_reference_stands_in_for_the_caption_of_a_system_without_any(metric, images):
    references = [(text, "not this") for text in TEXTS]
    figures = metric(pictures(images, references), delivery(images))
    expected = metric(pictures(images), delivery(images, TEXTS, TEXTS))
    assert figures.keys() == {"clip_image_image", "clip_text_image"}
    torch.testing.assert_close(figures["clip_text_image"], expected["clip_text_image"])


def test_the_caption_sent_comes_before_the_reference(metric, images):
    figures = metric(pictures(images, [("other",)] * 3), delivery(images, TEXTS, TEXTS))
    expected = metric(pictures(images), delivery(images, TEXTS, TEXTS))
    torch.testing.assert_close(figures["clip_text_image"], expected["clip_text_image"])


def test_one_picture_without_a_reference_leaves_the_figure_out(metric, images):
    assert "clip_text_image" not in metric(pictures(images, [("a",), (), ("b",)]), delivery(images))


def test_damaged_and_overlong_texts_have_a_place(metric, images):
    heard = ["", "".join(map(chr, range(1, 175))), "x" * 174]
    figures = metric(pictures(images), delivery(images, TEXTS, heard))
    for values in figures.values():
        assert values.shape == (3,)
        assert values.abs().max() <= 1


def test_a_text_is_cut_where_the_models_reading_ends(metric):
    alike = metric.embed_texts(["x" * 30 + "y", "x" * 30 + "z", "y" + "x" * 30])
    torch.testing.assert_close(alike[0], alike[1])
    assert not torch.allclose(alike[0], alike[2])


def test_siglip_is_asked_the_same_under_its_own_name(images, tmp_path):
    """Its own logits, without the scale and the bias that it adds, are the cosines."""
    siglip = ClipSimilarity(str(save_siglip(tmp_path)), name="siglip")
    words = {"padding": "max_length", "max_length": 24, "return_tensors": "pt"}
    output = siglip.model(**siglip.processor(text=TEXTS, images=list(images), do_rescale=False, **words))
    logits = output.logits_per_text.diagonal()
    figures = siglip(pictures(images), delivery(images, TEXTS, TEXTS))
    assert figures.keys() == {"siglip_image_image", "siglip_text_text", "siglip_text_image"}
    expected = (logits - siglip.model.logit_bias) / siglip.model.logit_scale.exp()
    torch.testing.assert_close(figures["siglip_text_image"], expected)


def test_it_is_frozen(metric):
    assert not any(parameter.requires_grad for parameter in metric.parameters())
    assert not any(module.training for module in metric.modules())


def test_a_missing_model_is_one_clear_error():
    with pytest.raises(FileNotFoundError, match=r"^model 'checkpoints/nothing'.*make checkpoints.*$"):
        ClipSimilarity("checkpoints/nothing")
