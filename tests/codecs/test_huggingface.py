from types import SimpleNamespace

import pytest
import torch
from torchvision.transforms.functional import resize, to_pil_image

from semjscc import hub
from semjscc.codecs.huggingface import HubCaptioner, HubTextToImage

DAMAGED = "".join(map(chr, range(1, 175)))  # control characters and all, and more than the tiny models read


@pytest.fixture(scope="module")
def captioner(blip_folder):
    return HubCaptioner(str(blip_folder), max_new_tokens=8)


@pytest.fixture(scope="module")
def painter(diffusion_folder):
    return HubTextToImage(str(diffusion_folder), steps=2, batch_size=2)


@pytest.fixture
def images():
    contrast = torch.tensor([0.1, 0.4, 0.7, 1.0]).view(4, 1, 1, 1)
    return contrast * torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


class TestCaptioner:
    def test_it_says_of_each_picture_the_same_alone_and_in_company(self, captioner, images):
        together = captioner.caption(images)
        assert len(set(together)) > 1
        assert [captioner.caption(image[None])[0] for image in images] == together

    def test_special_tokens_are_no_words(self, captioner, images):
        assert not any("[" in caption for caption in captioner.caption(images))

    def test_the_processor_sees_what_a_photograph_of_eight_bits_would_show_it(self, captioner, images):
        photographs = [to_pil_image(image) for image in images]  # rounds down to 8 bits
        expected = captioner.processor(images=photographs, return_tensors="pt")["pixel_values"]
        straight = captioner.processor(images=list(images), do_rescale=False, return_tensors="pt")["pixel_values"]
        contrast = 1 / min(captioner.processor.image_processor.image_std)
        assert (straight - expected).abs().max() <= contrast / 255 + 1e-5
        assert (straight - expected).abs().max() > 0

    def test_captions_are_no_longer_than_asked_for(self, blip_folder, images):
        brief = HubCaptioner(str(blip_folder), max_new_tokens=2).caption(images)
        assert all(len(caption.split()) <= 2 for caption in brief)

    def test_beams_are_searched(self, captioner, blip_folder, images):
        assert HubCaptioner(str(blip_folder), max_new_tokens=8, num_beams=4).caption(images) != captioner.caption(
            images
        )

    def test_a_prompt_begins_the_sentence_and_is_not_part_of_the_caption(self, captioner, blip_folder, images):
        prompted = HubCaptioner(str(blip_folder), prompt="word7 word8", max_new_tokens=8).caption(images)
        assert prompted != captioner.caption(images)
        assert not any(caption.startswith("word7 word8") for caption in prompted)

    def test_a_model_that_converses_is_asked_in_its_own_template(self, llava_folder, images):
        captioner = HubCaptioner(str(llava_folder), prompt="what is it", max_new_tokens=4)
        asked = []
        hook = captioner.model.register_forward_pre_hook(
            lambda model, args, inputs: asked.append(inputs["input_ids"]), with_kwargs=True
        )
        captions = captioner.caption(images)
        hook.remove()
        text = captioner.processor.decode(asked[0][0]).replace("</w>", "")
        assert f"q{'<image>' * 16}whatisita" in text
        assert not any("what" in caption for caption in captions)

    @pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
    def test_it_is_frozen_in_the_precision_asked_for(self, blip_folder, images, dtype):
        seen = []
        captioner = HubCaptioner(str(blip_folder), dtype=dtype, max_new_tokens=2)
        captioner.model.vision_model.register_forward_pre_hook(
            lambda model, args, inputs: seen.append(inputs["pixel_values"].dtype), with_kwargs=True
        )
        assert len(captioner.caption(images)) == 4
        assert seen == [getattr(torch, dtype)]
        parameters = list(captioner.parameters())
        assert {parameter.dtype for parameter in parameters} == {getattr(torch, dtype)}
        assert not any(parameter.requires_grad for parameter in parameters)
        assert not any(module.training for module in captioner.modules())

    def test_a_captioner_that_says_nothing_is_named(self, captioner, images, monkeypatch):
        monkeypatch.setattr(captioner, "_words", lambda tokens: [" "] * len(tokens))
        with pytest.warns(UserWarning, match=r"says nothing of 4 of 4 pictures; does it want a prompt\?"):
            assert captioner.caption(images) == [""] * 4

    def test_drawn_words_do_not_depend_on_the_company(self, blip_folder, images):
        captioner = HubCaptioner(str(blip_folder), temperature=3.0, max_new_tokens=8)
        together = captioner.caption(images)
        assert together != HubCaptioner(str(blip_folder), max_new_tokens=8).caption(images)
        assert captioner.caption(images.flip(0)) == together[::-1]

    def test_equal_pictures_get_equal_words_and_each_picture_draws_on_its_own(self, blip_folder, images):
        captioner = HubCaptioner(str(blip_folder), temperature=3.0, max_new_tokens=8)
        seeds = []
        captioner.model.vision_model.register_forward_pre_hook(lambda *args: seeds.append(torch.initial_seed()))
        said = captioner.caption(torch.cat([images[:2], images[:1]]))
        assert said[0] == said[2]
        assert len(set(seeds)) == 2

    def test_no_more_than_a_batch_is_captioned_at_once(self, blip_folder, images):
        captioner = HubCaptioner(str(blip_folder), max_new_tokens=1, batch_size=3)
        sizes = []
        captioner.model.vision_model.register_forward_pre_hook(
            lambda model, args, inputs: sizes.append(len(inputs["pixel_values"])), with_kwargs=True
        )
        captioner.caption(images)
        assert sizes == [3, 1]


class TestWeights:
    @pytest.mark.parametrize("build", [HubCaptioner, HubTextToImage])
    @pytest.mark.parametrize("bits", [4, 8])
    def test_quantised_weights_take_a_package_that_is_named(self, build, bits, monkeypatch):
        monkeypatch.setattr("semjscc.codecs.pretrained.find_spec", lambda name: None)
        with pytest.raises(
            ValueError, match=rf"^bits={bits} takes the package bitsandbytes: `pip install bitsandb.*`$"
        ):
            build("checkpoints/any", bits=bits)

    def test_a_model_too_large_is_refused_before_it_is_loaded(self, blip_folder, diffusion_folder, monkeypatch):
        monkeypatch.setattr(hub.psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
        for build, folder in ((HubCaptioner, blip_folder), (HubTextToImage, diffusion_folder)):
            monkeypatch.setattr(build, "_load", lambda *args: pytest.fail("it was loaded"))
            with pytest.raises(
                MemoryError, match=r"^the weights in .* take 0\.0 GB in 16 bits each, and 0\.0 GB .*free"
            ):
                build(str(folder), dtype="float16")

    def test_weights_are_counted_as_the_model_has_them(self, captioner, painter, blip_folder, diffusion_folder):
        for model, folder in ((captioner, blip_folder), (painter, diffusion_folder)):
            count = sum(parameter.numel() for parameter in model.parameters())
            (folder / "model.fp16.safetensors").touch()  # a variant that is not loaded
            hub.check_memory(str(folder), 32, free=4 * count * 102 // 100)  # tied weights are kept once, or twice
            with pytest.raises(MemoryError, match=r"32 bits each.*would take .* in 16 bits, .* 8 bits, .* 4 bits"):
                hub.check_memory(str(folder), 32, free=4 * count * 98 // 100)
            (folder / "model.fp16.safetensors").unlink()

    def test_offloaded_weights_stay_where_they_are(self, blip_folder):
        system = torch.nn.ModuleList([HubCaptioner(str(blip_folder), max_new_tokens=1)])
        system[0].offload = True  # as it is where there is an accelerator
        assert system.to("meta")[0].model.device.type == "cpu"
        system[0].offload = False
        assert system.to("meta")[0].model.device.type == "meta"

    def test_without_an_accelerator_nothing_is_offloaded(self, diffusion_folder):
        painter = HubTextToImage(str(diffusion_folder), steps=1, offload=True)
        assert painter.offload == torch.accelerator.is_available()
        assert painter.paint(["a"], (32, 32), [1]).shape == (1, 3, 32, 32)


class TestPainter:
    def test_a_picture_depends_on_its_text_and_its_seed(self, painter):
        pictures = painter.paint(["a", "b", "a"], (32, 32), [1, 1, 2])
        assert pictures.shape == (3, 3, 32, 32)
        assert 0 <= pictures.min() < pictures.max() <= 1
        assert (pictures[0] - pictures[1]).abs().max() > 1e-2
        assert (pictures[0] - pictures[2]).abs().max() > 1e-2

    def test_a_picture_does_not_depend_on_its_company(self, painter):
        texts, seeds = ["a", "b", "", DAMAGED, "a"], [1, 2, 3, 2**32 - 1, 4]
        together = painter.paint(texts, (32, 32), seeds)
        backwards = painter.paint(texts[::-1], (32, 32), seeds[::-1]).flip(0)
        alone = torch.cat([painter.paint([text], (32, 32), [seed]) for text, seed in zip(texts, seeds, strict=True)])
        torch.testing.assert_close(backwards, together, rtol=0, atol=1e-4)  # single precision over two steps
        torch.testing.assert_close(alone, together, rtol=0, atol=1e-4)

    def test_torchs_own_generator_is_neither_read_nor_moved(self, painter):
        torch.manual_seed(0)
        before = torch.get_rng_state()
        painter.paint(["a"], (32, 32), [1])
        assert torch.equal(torch.get_rng_state(), before)

    def test_no_more_than_a_batch_is_painted_at_once(self, painter):
        sizes = []
        hook = painter.pipeline.vae.decoder.register_forward_pre_hook(lambda module, args: sizes.append(len(args[0])))
        painter.paint(["a"] * 5, (32, 32), list(range(5)))
        hook.remove()
        assert sizes == [2, 2, 1]

    def test_another_size_is_resampled(self, painter):
        own = painter.paint(["a"], (32, 32), [1])
        torch.testing.assert_close(painter.paint(["a"], (16, 24), [1]), resize(own, [16, 24], antialias=True))

    def test_steps_and_guidance_reach_the_model(self, painter, diffusion_folder):
        calls = []
        unguided = HubTextToImage(str(diffusion_folder), steps=3, guidance_scale=0.0)
        unguided.pipeline.unet.register_forward_pre_hook(lambda module, args: calls.append(len(args[0])))
        unguided.paint(["a"], (32, 32), [1])
        assert calls == [1, 1, 1]

    def test_long_texts_and_progress_stay_silent(self, painter, capsys, caplog):
        painter.paint([DAMAGED], (32, 32), [1])  # transformers complains of a tokenizer's first long text
        capsys.readouterr()
        caplog.clear()
        painter.paint([DAMAGED], (32, 32), [1])
        assert capsys.readouterr() == ("", "")
        assert not caplog.records

    def test_it_carries_its_parts_along(self, diffusion_folder):
        system = torch.nn.ModuleList([HubTextToImage(str(diffusion_folder))])
        system.to("meta")
        assert {system[0].pipeline.components[part].device.type for part in ("unet", "vae", "text_encoder")} == {"meta"}

    def test_it_is_frozen_in_the_precision_asked_for(self, diffusion_folder):
        painter = HubTextToImage(str(diffusion_folder), steps=1, dtype="bfloat16")
        parameters = list(painter.parameters())
        assert {parameter.dtype for parameter in parameters} == {torch.bfloat16}
        assert not any(parameter.requires_grad for parameter in parameters)
        assert not any(module.training for module in painter.modules())
        assert painter.paint(["a"], (32, 32), [1]).dtype == torch.float32
