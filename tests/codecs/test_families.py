"""Every family of models comes through the same door, from a folder of the hub's own layout."""

import pytest
import torch

import tests.tiny_families as tiny
from semjscc.codecs.huggingface import HubCaptioner, HubTextToImage

CAPTIONERS = ["blip2", "llava_next", "qwen2_vl", "qwen2_5_vl", "florence2"]
PAINTERS = ["stable_diffusion_xl", "stable_diffusion_3"]


@pytest.fixture
def images():
    """Portraits: models that square, tile or resize them do so differently."""
    contrast = torch.tensor([0.1, 0.5, 1.0]).view(3, 1, 1, 1)
    return contrast * torch.rand(3, 3, 40, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module", params=CAPTIONERS)
def captioner_folder(request, tmp_path_factory):
    return str(getattr(tiny, f"save_{request.param}")(tmp_path_factory.mktemp(request.param)))


@pytest.fixture(scope="module", params=PAINTERS)
def painter(request, tmp_path_factory):
    folder = getattr(tiny, f"save_{request.param}")(tmp_path_factory.mktemp(request.param))
    return HubTextToImage(str(folder), steps=2, guidance_scale=5.0, batch_size=2)


class TestCaptioners:
    def test_each_picture_has_its_caption_whatever_its_company(self, captioner_folder, images):
        captioner = HubCaptioner(captioner_folder, prompt="what is it", max_new_tokens=6, batch_size=2)
        captions = captioner.caption(images)
        assert len(set(captions)) > 1
        assert [captioner.caption(image[None])[0] for image in images] == captions

    def test_neither_the_question_nor_what_stands_for_the_picture_is_part_of_a_caption(self, captioner_folder, images):
        captions = HubCaptioner(captioner_folder, prompt="what is it", max_new_tokens=6).caption(images)
        assert not any(word in caption for caption in captions for word in ("what", "<image", "image_pad", "<s>"))
        assert all(len(caption) <= 6 * 5 for caption in captions)  # a token is a byte, with "</w>" at an end of a word

    def test_a_prompt_changes_what_is_said(self, captioner_folder, images):
        said = [HubCaptioner(captioner_folder, prompt=p, max_new_tokens=6).caption(images) for p in (None, "say x")]
        assert said[0] != said[1]

    def test_beams_are_searched(self, captioner_folder, images):
        said = [HubCaptioner(captioner_folder, num_beams=beams, max_new_tokens=6).caption(images) for beams in (1, 4)]
        assert said[0] != said[1]

    def test_words_that_are_drawn_are_drawn_anew_with_a_seed_and_alike_without(self, captioner_folder, images):
        before = torch.get_rng_state()
        drawn = [
            HubCaptioner(captioner_folder, temperature=2.0, top_p=0.95, seed=seed, max_new_tokens=6).caption(images)
            for seed in (0, 0, 1)
        ]
        assert torch.equal(torch.get_rng_state(), before)
        assert drawn[0] == drawn[1] != drawn[2]

    def test_half_precision(self, captioner_folder, images):
        captioner = HubCaptioner(captioner_folder, prompt="what is it", dtype="bfloat16", max_new_tokens=2)
        assert len(captioner.caption(images)) == 3


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers' schedulers
class TestPainters:
    def test_a_picture_depends_on_its_text_and_its_seed_and_not_on_its_company(self, painter):
        pictures = painter.paint(["a", "b", "a"], (32, 32), [1, 1, 2])
        assert pictures.shape == (3, 3, 32, 32)
        assert 0 <= pictures.min() < pictures.max() <= 1
        assert (pictures[0] - pictures[1]).abs().max() > 1e-3
        assert (pictures[0] - pictures[2]).abs().max() > 1e-2
        torch.testing.assert_close(painter.paint(["b"], (32, 32), [1])[0], pictures[1], rtol=0, atol=1e-4)

    def test_damaged_texts_are_painted_silently(self, painter, capsys, caplog):
        damaged = "".join(map(chr, range(1, 175)))
        painter.paint([damaged], (32, 32), [1])  # a tokenizer's first long text
        capsys.readouterr()
        caplog.clear()
        assert painter.paint(["", damaged], (16, 24), [1, 2]).isfinite().all()
        assert capsys.readouterr() == ("", "")
        assert not caplog.records
