"""Adapters in peft's layout, on tiny models."""

import json
import shutil

import pytest
import torch
from peft import LoraConfig, PeftModel

from semjscc.codecs.adapters import merge, quiet, unmerge
from semjscc.codecs.huggingface import HubCaptioner, HubTextToImage

IMAGES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
TEXTS, SEEDS = ["a big red ball", "a small blue fish"], [1, 2]


def adapter(model, folder, base, layers):
    """Adapters that make a difference: peft's own begin as none."""
    torch.manual_seed(0)
    config = LoraConfig(r=2, target_modules=layers, init_lora_weights=False, base_model_name_or_path=base)
    with quiet():
        PeftModel(model, config).save_pretrained(str(folder), save_embedding_layers=False)


@pytest.fixture(scope="module")
def spoken(blip_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("speaker")
    layers = r".*text_decoder.*(query|value)"
    adapter(HubCaptioner(str(blip_folder)).model, folder, str(blip_folder), layers)
    return folder


@pytest.fixture(scope="module")
def heard(diffusion_folder, tmp_path_factory):
    folder, parts = tmp_path_factory.mktemp("listener"), HubTextToImage(str(diffusion_folder)).parts
    adapter(parts["text_encoder"], folder / "text_encoder", str(diffusion_folder), ["q_proj", "v_proj"])
    adapter(parts["unet"], folder / "unet", str(diffusion_folder), ["to_q", "to_v"])
    return folder


def logits(captioner):
    tokens = torch.tensor([[2, 7, 9]]).expand(3, -1)
    return captioner.model(IMAGES, tokens).logits


def test_an_adapter_changes_what_is_said_and_merged_or_not_the_same(blip_folder, spoken):
    frozen, tuned = HubCaptioner(str(blip_folder)), HubCaptioner(str(blip_folder), adapter=str(spoken))
    merged = logits(tuned)
    assert not torch.allclose(merged, logits(frozen), atol=1e-2)
    unmerge([tuned.model])
    torch.testing.assert_close(logits(tuned), merged, rtol=1e-4, atol=1e-5 * float(merged.abs().max()))
    merge([tuned.model])
    torch.testing.assert_close(logits(tuned), merged, rtol=1e-4, atol=1e-5 * float(merged.abs().max()))
    assert not any(parameter.requires_grad for parameter in tuned.parameters())
    assert len(tuned.caption(IMAGES)) == 3


def test_adapters_change_what_is_painted_and_merged_or_not_the_same(diffusion_folder, heard):
    plain = HubTextToImage(str(diffusion_folder), steps=2).paint(TEXTS, (32, 32), SEEDS)
    tuned = HubTextToImage(str(diffusion_folder), steps=2, adapter=str(heard))
    merged = tuned.paint(TEXTS, (32, 32), SEEDS)
    assert (merged - plain).abs().max() > 1e-3
    unmerge(tuned.parts.values())
    torch.testing.assert_close(tuned.paint(TEXTS, (32, 32), SEEDS), merged, rtol=0, atol=1e-4)


def test_unmerging_gives_the_base_its_weights_back(blip_folder, spoken):
    frozen, tuned = HubCaptioner(str(blip_folder)), HubCaptioner(str(blip_folder), adapter=str(spoken))
    unmerge([tuned.model])
    name = "text_decoder.bert.encoder.layer.0.attention.self.query"
    wrapped, own = tuned.model.get_submodule(name), frozen.model.get_submodule(name)
    torch.testing.assert_close(wrapped.base_layer.weight, own.weight, rtol=0, atol=1e-5)


def test_an_adapter_for_another_base_is_refused_by_both_names(blip_folder, diffusion_folder, spoken, heard):
    with pytest.raises(ValueError, match=rf"was made for {diffusion_folder}, and the model is {blip_folder}"):
        HubCaptioner(str(blip_folder), adapter=str(heard / "unet"))
    with pytest.raises(FileNotFoundError, match=r"has no folder with an adapter_config\.json"):
        HubTextToImage(str(diffusion_folder), adapter=str(spoken))


def test_an_adapter_of_other_shapes_or_layers_is_refused_by_both_names(blip_folder, spoken, tmp_path):
    for change in ({"r": 3}, {"target_modules": ["nowhere"]}):
        folder = shutil.copytree(spoken, tmp_path / next(iter(change)))
        config = json.loads((folder / "adapter_config.json").read_text())
        (folder / "adapter_config.json").write_text(json.dumps(config | change))
        with pytest.raises(ValueError, match=f"made for {blip_folder}, does not fit {blip_folder}"):
            HubCaptioner(str(blip_folder), adapter=str(folder))


def test_missing_and_damaged_files_are_named(blip_folder, diffusion_folder, spoken, heard, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        HubCaptioner(str(blip_folder), adapter="nowhere")
    folder = shutil.copytree(spoken, tmp_path / "partial")
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"partial lacks adapter_model\.safetensors"):
        HubCaptioner(str(blip_folder), adapter=str(folder))
    (folder / "adapter_model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ValueError, match="does not fit"):
        HubCaptioner(str(blip_folder), adapter=str(folder))
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(ValueError, match=r"adapter_config\.json is damaged"):
        HubCaptioner(str(blip_folder), adapter=str(folder))
    other = shutil.copytree(heard, tmp_path / "other")
    (other / "unet").rename(other / "transformer")
    with pytest.raises(ValueError, match=r"is for transformer, and .* has text_encoder, unet, vae"):
        HubTextToImage(str(diffusion_folder), adapter=str(other))
