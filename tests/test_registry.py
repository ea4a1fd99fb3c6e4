"""Every YAML of the registry is built and run."""

import pytest

import train
from semjscc import config
from semjscc.config import CONFIGS
from semjscc.data.base import ImageSource
from semjscc.data.scenes import Scenes
from semjscc.evaluation import sweep
from semjscc.metrics.base import Metric
from semjscc.systems.base import System


@pytest.mark.filterwarnings("ignore:.*later than the prefix")
@pytest.mark.parametrize("name", config.names("systems"))
def test_every_system_delivers_scenes_and_every_metric_of_the_scenes(name):
    system = config.build(config.find("systems", name), {"system": System})["system"]
    parts = config.build(config.find("data", "scenes"), {"source": ImageSource, "metrics": list[Metric]})
    results = sweep(system, parts["source"], [40.0], parts["metrics"], num_images=2, gallery=(gallery := []))
    lost = results.metrics.get("bler", [0.0])  # an analog link has no blocks
    assert lost == [0.0] or name == "vlm-mimo"  # whose weakest streams are lost at any SNR
    assert {"psnr_db", "ssim", "clip_image_image", "clip_text_image", "semantic_accuracy"} <= results.metrics.keys()
    assert ("bleu4" in results.metrics) == name.startswith(("llm", "vlm"))
    assert gallery[0].delivered[0].shape == (3, 64, 64)


@pytest.fixture
def _data(tiny_data, monkeypatch):
    """Sets that are not shipped are tiny ones of their layout."""
    monkeypatch.setenv("SEMJSCC_DATA", str(tiny_data))


@pytest.mark.usefixtures("_data")
@pytest.mark.parametrize("name", config.names("data"))
def test_every_data_set_has_pictures(name):
    parts = config.build(config.find("data", name), {"source": ImageSource, "metrics": list[Metric]})
    assert parts["source"][0].image.shape[0] == 3


TRAININGS = sorted((CONFIGS / "train").glob("*.yaml"))
FEW = {
    "ScenesData": ["--data.init_args.num_train=128", "--data.init_args.num_val=8"],
    "PatchesData": [
        f"--data.init_args.{few}" for few in ("batch_size=6", "num_val=6", "num_workers=0", "side=32", "val_side=32")
    ],
}


@pytest.mark.filterwarnings("ignore:.*later than the prefix")
@pytest.mark.slow
@pytest.mark.usefixtures("_data")
@pytest.mark.parametrize("path", TRAININGS, ids=lambda path: path.stem)
def test_every_training_runs(path, monkeypatch, tmp_path):
    monkeypatch.chdir(CONFIGS.parent)
    short = ["--trainer.max_steps=1", "--trainer.limit_val_batches=1", f"--trainer.default_root_dir={tmp_path}"]
    small = FEW[config.read(path)["data"]["class_path"].rsplit(".", 1)[1]]
    quiet = [f"--model.init_args.out={tmp_path / 'out'}", "--trainer.logger=false", "--trainer.callbacks=null"]
    train.main(["--config", str(path), *short, *small, *quiet])
    assert list((tmp_path / "out").rglob("*.safetensors"))


@pytest.mark.usefixtures("_data")
@pytest.mark.parametrize("path", TRAININGS, ids=lambda path: path.stem)
def test_every_training_is_built(path, monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    assert train.build(["--config", str(path)]).trainer.max_steps > 0


@pytest.mark.usefixtures("_data")
@pytest.mark.parametrize("path", sorted((CONFIGS / "patches").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_source_of_patches_may_be_given_to_a_training(path, monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    assert train.build(["--data", str(path)]).datamodule.batch_size > 1


# ---- the embedded models --------------------------------------------------------------------------------------------


def test_the_embedded_captioner_is_right_about_most_scenes():
    """At least 95 % of all scenes (benchmarks/embedded.py): of 40, fewer than 33 would be a chance of 1 in 10,000."""
    from semjscc.codecs.huggingface import HubCaptioner
    from semjscc.data.batches import batches

    _, scenes = next(batches(Scenes("test", seed=1), 40, 40))
    said = HubCaptioner("checkpoints/captioner").caption(scenes.images)
    assert sum(truth[0].lower() == claim.lower() for truth, claim in zip(scenes.captions, said, strict=True)) >= 33
