"""Speaker and listener on tiny models: they learn, leave what the door loads, and go on after a kill."""

import pytest
import torch
import yaml
from lightning.pytorch import Trainer

import train
from semjscc.codecs.ear import Ear
from semjscc.codecs.huggingface import HubCaptioner, HubTextToImage
from semjscc.data.scenes import Scenes
from semjscc.training.captioner import Captioning
from semjscc.training.data import Drawn, ScenesData
from semjscc.training.generator import Generator
from semjscc.training.listener import Listener
from semjscc.training.lora import trained
from semjscc.training.speaker import Speaker
from semjscc.training.vae import Autoencoder
from semjscc.training.ways import IDLE, Way

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "num_sanity_val_steps": 0,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}
FEW = {"num_train": 8, "num_val": 4, "batch_size": 4}


def fit(module, steps=2):
    trainer = Trainer(max_steps=steps, enable_checkpointing=False, limit_val_batches=1, **QUIET)
    trainer.fit(module, datamodule=ScenesData(**FEW))
    return trainer


@pytest.fixture(scope="module")
def captioner(tmp_path_factory):
    """One that knows a few scenes by heart."""
    torch.manual_seed(0)
    module = Captioning(width=32, layers=1, heads=2, noise=0.0, out=str(tmp_path_factory.mktemp("captioner")))
    learn(module, Drawn(Scenes("train"), 2).__getitems__([0, 1]), 5e-3)
    module.on_train_end()
    return module.out


def learn(module, batch, learning_rate, steps=60):
    """Losses on the way."""
    optimizer, losses = torch.optim.Adam(trained(module), learning_rate), []
    module.log = module.log_dict = lambda *args, **kwargs: None
    for _ in range(steps):
        losses.append((loss := module.training_step(batch)).item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generator")
    fit(Autoencoder(channels=(8, 8, 8, 8), latent_channels=4, out=str(folder / "vae")))
    fit(Generator(vae=str(folder / "vae"), channels=16, text_width=16, text_layers=1, out=str(folder)))
    return str(folder)


def test_the_speaker_leaves_an_adapter_that_the_door_loads(captioner, tmp_path):
    module = Speaker(captioner, scored=8, learning_rate=1e-2, out=str(tmp_path))
    trainer = fit(module)
    assert module.way.fillers > 0
    assert max(module.scores, key=lambda one: one["score"])["way"] == vars(module.way)
    assert {"val/facts_said", "val/facts_heard", "val/content_bits"} <= trainer.logged_metrics.keys()
    image = Scenes()[0].image[None]
    tuned = HubCaptioner(captioner, adapter=str(tmp_path))
    assert len(tuned.caption(image)) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "adapter_config.json", "adapter_model.safetensors", "ways.json",
    ]  # fmt: skip


def test_the_speaker_learns_the_way_and_is_heard_better(captioner):
    """One batch by heart: what is said comes nearer to the way, and with it the facts that are heard."""
    torch.manual_seed(0)
    module = Speaker(captioner, nearness=0.0)
    module.way = Way(3, IDLE)
    batch = Drawn(Scenes("train"), 2).__getitems__([0, 1])
    ear = Ear([module.way(text) for text in batch["captions"]])
    rewards = [reward(module, ear, batch)]
    losses = learn(module, batch, 1e-2)
    rewards.append(reward(module, ear, batch))
    assert losses[-1] < 0.2 * losses[0]
    assert rewards[1] > rewards[0]


def reward(module, ear, batch):
    figures = {}
    module.ear, module.log_dict = ear, lambda found, **kwargs: figures.update(found)
    with torch.no_grad():
        module.validation_step(batch)
    return figures["val/facts_heard"]


def test_only_adapters_move_and_the_frozen_speaker_is_no_distance_away(captioner):
    module = Speaker(captioner)
    pixels, captions = module.pixels(torch.rand(2, 3, 64, 64)), ["a big red ball", "a small blue fish"]
    assert module.divergence(pixels, captions).item() == pytest.approx(0, abs=1e-5)
    names = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    assert all("lora_" in name or "position_embeddings" in name for name in names)
    assert len(trained(module)) == len(names) > 0


def test_the_listener_leaves_adapters_that_the_door_loads(generator, captioner, tmp_path):
    module = Listener(generator, captioner, out=str(tmp_path))
    trainer = fit(module)
    assert {"val/facts", "val/facts_clean"} <= trainer.logged_metrics.keys()
    painted = [
        HubTextToImage(generator, steps=2, adapter=adapter).paint(["a big red ball"], (64, 64), [0])
        for adapter in (None, str(tmp_path))
    ]
    assert 0 < (painted[0] - painted[1]).abs().max() < 1
    module.vae.float()
    assert torch.equal(module.vae.state_dict()["encoder.conv_in.weight"], vae(generator))


def vae(folder):
    return HubTextToImage(folder).pipeline.vae.state_dict()["encoder.conv_in.weight"]


def test_the_listener_comes_nearer_to_the_teacher(generator, captioner):
    torch.manual_seed(0)
    module = Listener(generator, captioner, learning_rate=1e-2)
    z, texts = torch.randn(16, 4, 8, 8), ["a big red ball", "a small blue fish"] * 8
    assert module.loss(z, texts, texts).item() == pytest.approx(0, abs=1e-9)
    heard = ["both a red bell", "both small fish"] * 8
    optimizer, losses = torch.optim.Adam(trained(module), 1e-2), []
    for _ in range(20):
        torch.manual_seed(1)
        losses.append((loss := module.loss(z, texts, heard)).item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]


def test_a_killed_run_goes_on_where_it_stopped(captioner, tmp_path, monkeypatch):
    every_step = {"dirpath": str(tmp_path / "run"), "save_last": True, "every_n_train_steps": 1}
    checkpoints = {"class_path": "lightning.pytorch.callbacks.ModelCheckpoint", "init_args": every_step}
    config = {
        "model": {
            "class_path": "semjscc.training.speaker.Speaker",
            "init_args": {"captioner": captioner, "scored": 4, "out": str(tmp_path / "out")},
        },
        "data": {"class_path": "semjscc.training.data.ScenesData", "init_args": FEW},
        "trainer": QUIET | {"max_steps": 2, "default_root_dir": str(tmp_path), "callbacks": [checkpoints]},
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(config))
    monkeypatch.chdir(tmp_path)
    train.main(["--config", str(path)])
    train.main(["--config", str(path), "--resume", "true", "--trainer.max_steps", "4"])
    assert torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["global_step"] == 4
