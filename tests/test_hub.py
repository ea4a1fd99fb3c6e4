"""What is said of a model that is not there, not whole, or not of the kind that is wanted."""

import os
import shutil
from pathlib import Path

import huggingface_hub
import pytest
from safetensors.torch import load_file, save_file

from semjscc import hub
from semjscc.codecs.huggingface import HubCaptioner, HubTextToImage
from semjscc.metrics.perception import ClipSimilarity

COMMIT = "c0ffee" + 34 * "0"


@pytest.fixture
def copy(tmp_path):
    return lambda folder: shutil.copytree(folder, tmp_path / "model")


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("build", [HubCaptioner, HubTextToImage])
def test_an_embedded_model_that_is_not_there(build):
    with pytest.raises(FileNotFoundError, match=r"^model 'checkpoints/nothing': no folder .*; restore .*$") as error:
        build("checkpoints/nothing")
    assert str(hub.ROOT / "checkpoints" / "nothing") in str(error.value)
    assert "git checkout -- checkpoints" in str(error.value)
    assert "make checkpoints" in str(error.value)


@pytest.mark.parametrize("build", [HubCaptioner, HubTextToImage])
def test_a_folder_that_is_not_there(build, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^model .*/gone': no folder .*hf download ID --local-dir .*/gone`$"):
        build(str(tmp_path / "gone"))


@pytest.mark.parametrize("build", [HubCaptioner, HubTextToImage])
@pytest.mark.usefixtures("offline")
@pytest.mark.filterwarnings("ignore:The `local_dir_use_symlinks` argument:UserWarning")  # of diffusers' own making
def test_a_hub_id_that_cannot_be_had(build):
    with pytest.raises(OSError, match=r"^model 'nobody/nothing' cannot .*`hf download nobody/nothing`$"):
        build("nobody/nothing")


@pytest.mark.parametrize("build", [HubCaptioner, HubTextToImage])
def test_an_empty_folder(build, tmp_path):
    with pytest.raises(OSError, match=r"^model '.*' cannot be loaded .*hf download ID --local-dir .*$"):
        build(str(tmp_path))


def test_a_truncated_file_is_named(copy, blip_folder, diffusion_folder, tmp_path):
    for build, folder in ((HubCaptioner, blip_folder), (HubTextToImage, diffusion_folder)):
        model = copy(folder)
        for file in sorted([*model.rglob("*.safetensors"), *model.rglob("*.json")]):
            whole = file.read_bytes()
            file.write_bytes(whole[: len(whole) // 2])
            with pytest.raises(OSError, match=rf"^model '.*{file.relative_to(model)} is truncated or damaged .*$"):
                build(str(model))
            file.write_bytes(whole)
        shutil.rmtree(model)


def test_missing_shards_are_named(copy, blip_folder):
    model, whole = copy(blip_folder), HubCaptioner(str(blip_folder))
    (model / "model.safetensors").unlink()
    whole.model.save_pretrained(model, max_shard_size="20KB")
    HubCaptioner(str(model))
    shards = sorted(model.glob("model-*.safetensors"))
    assert len(shards) > 2
    for shard in shards[1:]:
        shard.unlink()
    gone = ", ".join(shard.name for shard in shards[1:])
    with pytest.raises(OSError, match=rf"names {len(shards)} files, of which {gone} cannot be found"):
        HubCaptioner(str(model))


def test_a_model_of_another_kind_is_called_by_its_kind(blip_folder, clip_folder, diffusion_folder):
    for build, folder, kind in (
        (HubCaptioner, clip_folder, "clip"),
        (HubCaptioner, diffusion_folder, "StableDiffusionPipeline"),
        (HubTextToImage, blip_folder, "blip"),
        (ClipSimilarity, diffusion_folder, "StableDiffusionPipeline"),
        (ClipSimilarity, blip_folder, "blip"),
    ):
        with pytest.raises(OSError, match=rf"^model '.*' cannot be loaded \(.*, a model of kind '{kind}'\): .*$"):
            build(str(folder))


def test_weights_that_a_model_lacks_are_not_made_up(copy, blip_folder):
    model = copy(blip_folder)
    held = load_file(model / "model.safetensors")
    lost = sorted(name for name in held if name.startswith("text_decoder.bert.encoder"))
    save_file({name: held[name] for name in held.keys() - lost}, model / "model.safetensors", {"format": "pt"})
    with pytest.raises(OSError, match=rf"it lacks {len(lost)} of the weights that are wanted, such as {lost[0]}"):
        HubCaptioner(str(model))


@pytest.mark.usefixtures("offline")
def test_what_the_hubs_cache_has_is_loaded_without_a_network(monkeypatch, tmp_path, blip_folder, diffusion_folder):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    for build, folder in ((HubCaptioner, blip_folder), (HubTextToImage, diffusion_folder)):
        kept = tmp_path / f"models--some--{folder.name}"
        shutil.copytree(folder, kept / "snapshots" / COMMIT)
        (kept / "refs").mkdir()
        (kept / "refs" / "main").write_text(COMMIT)
        for revision in (None, "main", COMMIT):
            build(f"some/{folder.name}", revision)
        with pytest.raises(OSError, match=rf"not in {tmp_path}, .*`hf download some/.* --revision gone`$"):
            build(f"some/{folder.name}", "gone")


def test_weights_without_a_file(copy, blip_folder):
    model = copy(blip_folder)
    (model / "model.safetensors").unlink()
    with pytest.raises(OSError, match=r"^model '.*' cannot be loaded .*model.safetensors.*$"):
        HubCaptioner(str(model))


def test_a_pickle_is_not_opened(copy, blip_folder):
    model = copy(blip_folder)
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(OSError, match=r"^model '.*' cannot be loaded .*model.safetensors.*$"):
        HubCaptioner(str(model))


def test_a_vocabulary_without_a_file(copy, blip_folder, diffusion_folder):
    for build, folder in ((HubCaptioner, blip_folder), (HubTextToImage, diffusion_folder)):
        model = copy(folder)
        next(model.rglob("tokenizer.json")).unlink()
        with pytest.raises(OSError, match=r"^model '.*' cannot be loaded .*knows no words.*$"):
            build(str(model))
        shutil.rmtree(model)


def test_a_relative_folder_is_found_from_anywhere(monkeypatch, tmp_path, blip_folder):
    (tmp_path / "repository" / "checkpoints").mkdir(parents=True)
    os.symlink(blip_folder, tmp_path / "repository" / "checkpoints" / "captioner")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(hub, "ROOT", tmp_path / "repository")
    HubCaptioner("checkpoints/captioner")


def test_the_current_folder_comes_before_the_repository(monkeypatch, tmp_path):
    for place in ("here", "repository"):
        (tmp_path / place / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(hub, "ROOT", tmp_path / "repository")
    with hub.pretrained("model") as source:
        assert Path(source) == tmp_path / "here" / "model"
