"""Every training runs for a few steps on tiny models, learns, and leaves what the one door loads."""

import json

import pytest
import torch
import yaml
from lightning.pytorch import Trainer
from safetensors.torch import load_file

import train
from semjscc.codecs.huggingface import HubCaptioner, HubTextToImage
from semjscc.data.scenes import Scenes
from semjscc.metrics.perception import ClipSimilarity
from semjscc.training.captioner import Captioning
from semjscc.training.data import Drawn, ScenesData
from semjscc.training.generator import Generator, misheard
from semjscc.training.similarity import Similarity
from semjscc.training.vae import Autoencoder
from semjscc.training.vocabulary import bert_tokenizer, clip_tokenizer, words

TINY = {"width": 32, "layers": 1, "heads": 2}
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "num_sanity_val_steps": 0,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def fit(module, steps=2):
    trainer = Trainer(max_steps=steps, enable_checkpointing=False, limit_val_batches=1, **QUIET)
    trainer.fit(module, datamodule=ScenesData(num_train=8, num_val=4, batch_size=4))
    return trainer


def test_the_captioner_leaves_what_the_door_loads(tmp_path):
    fit(Captioning(**TINY, out=str(tmp_path)))
    said = HubCaptioner(str(tmp_path)).caption(Scenes()[0].image[None])
    assert len(said) == 1
    assert isinstance(said[0], str)


def test_the_clip_leaves_what_the_metric_loads(tmp_path):
    fit(Similarity(**TINY, projection=8, out=str(tmp_path)))
    features = ClipSimilarity(str(tmp_path)).embed_texts(["a big red ball at night."])
    assert features.shape == (1, 8)


def test_the_generator_leaves_what_the_door_loads(tmp_path):
    fit(Autoencoder(channels=(8, 8, 8, 8), latent_channels=4, out=str(tmp_path / "vae")))
    vae = json.loads((tmp_path / "vae" / "config.json").read_text())
    assert 0.1 < vae["scaling_factor"] < 10
    fit(Generator(vae=str(tmp_path / "vae"), channels=16, text_width=16, text_layers=1, out=str(tmp_path / "all")))
    again = Generator(vae=str(tmp_path / "vae"), channels=16, text_width=16, text_layers=1, start=str(tmp_path / "all"))
    saved = load_file(tmp_path / "all" / "unet" / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(value, saved[name].float()) for name, value in again.unet.state_dict().items())
    painter = HubTextToImage(str(tmp_path / "all"), steps=2)
    picture = painter.paint(["a big red ball at night."], (64, 64), [0])
    assert picture.shape == (1, 3, 64, 64)
    assert torch.isfinite(picture).all()


def test_a_captioner_learns_one_batch_by_heart(tmp_path):
    module = Captioning(**TINY, noise=0.0, learning_rate=5e-3, out=str(tmp_path))
    batch = Drawn(Scenes("train"), 4).__getitems__([0, 1, 2, 3])
    module.log = lambda *args, **kwargs: None
    optimizer = torch.optim.Adam(module.parameters(), 5e-3)
    losses = []
    for _ in range(60):
        losses.append(module.training_step(batch))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.1 * losses[0]


def test_latents_have_unit_variance_in_the_generator(tmp_path):
    fit(Autoencoder(channels=(8, 8, 8, 8), latent_channels=4, out=str(tmp_path / "vae")))
    module = Generator(vae=str(tmp_path / "vae"), channels=16, text_width=16, text_layers=1, out=str(tmp_path / "all"))
    trainer = fit(module)
    mean, logvar = module.moments.chunk(2, dim=1)
    z = (mean + (0.5 * logvar).exp() * torch.randn_like(mean)) * module.vae.config.scaling_factor
    assert z.std().item() == pytest.approx(1.0, abs=0.15)
    assert len(module.moments) == len(trainer.datamodule.train_scenes)


def test_every_word_is_one_token_and_damage_costs_its_word_alone():
    clip, bert = clip_tokenizer(), bert_tokenizer()
    assert all(len(clip.tokenize(word)) == len(bert.tokenize(word)) == 1 for word in words())
    whole, damaged = (bert.tokenize(text) for text in ("a big blue ball", "a big bl#e ball"))
    assert whole[:2] == damaged[:2]
    assert whole[-1] == damaged[-1]
    assert bert.unk_token not in damaged


def test_a_byte_beyond_ascii_does_not_end_the_text():
    """CLIP reads a text's meaning off at the first end-of-text token."""
    tokenizer = clip_tokenizer()
    tokens = tokenizer("a big \xe9\xff ball").input_ids
    assert tokens.index(tokenizer.eos_token_id) == len(tokens) - 1


def test_captions_leave_the_tokenizer_room_for_damage():
    tokenizer = clip_tokenizer()
    lengths = [len(tokenizer(Scenes().scene(index)[0].caption).input_ids) for index in range(200)]
    assert max(lengths) <= 24 < tokenizer.model_max_length


def test_captions_survive_the_captioners_tokenizer():
    tokenizer = bert_tokenizer()
    for index in range(50):
        caption = Scenes().scene(index)[0].caption
        assert tokenizer.decode(tokenizer(caption).input_ids, skip_special_tokens=True) == caption.lower()


def test_misheard_captions_have_the_asked_share_of_wrong_characters():
    text = "a" * 4000
    wrong = sum(a != b for a, b in zip(text, misheard(text, 0.3), strict=True)) / len(text)
    assert wrong == pytest.approx(0.3, abs=5 * (0.21 / 4000) ** 0.5 + 0.3 / 60)
    assert misheard(text, 0.0) == text


def test_a_killed_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    every_step = {"dirpath": str(tmp_path / "run"), "save_last": True, "every_n_train_steps": 1}
    config = {
        "model": {
            "class_path": "semjscc.training.vae.Autoencoder",
            "init_args": {"channels": [8, 8, 8, 8], "out": str(tmp_path / "vae")},
        },
        "data": {
            "class_path": "semjscc.training.data.ScenesData",
            "init_args": {"num_train": 8, "num_val": 4, "batch_size": 4},
        },
        "trainer": QUIET
        | {
            "max_steps": 2,
            "default_root_dir": str(tmp_path),
            "callbacks": [{"class_path": "lightning.pytorch.callbacks.ModelCheckpoint", "init_args": every_step}],
        },
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(config))
    monkeypatch.chdir(tmp_path)
    train.main(["--config", str(path)])
    last = tmp_path / "run" / "last.ckpt"
    assert torch.load(last, weights_only=True)["global_step"] == 2
    train.main(["--config", str(path), "--resume", "true", "--trainer.max_steps", "4"])
    assert torch.load(last, weights_only=True)["global_step"] == 4
