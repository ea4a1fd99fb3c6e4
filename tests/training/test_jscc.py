"""Training through the air: what a step sees, what a validation reports, what is left behind, and what a kill costs."""

import pytest
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.data.photos import Photos
from semjscc.metrics.fidelity import Fidelity
from semjscc.phy.channel import TDL
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.phy.plain import PlainLink
from semjscc.systems.analog import Analog
from semjscc.training.jscc import JSCC, psnr_db
from semjscc.training.patches import Patches, PatchesData
from semjscc.training.pictures import Pictures
from semjscc.types import Delivery
from semjscc.types import Pictures as Sent

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "num_sanity_val_steps": 0,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "check_val_every_n_epoch": None,
}
UNWATCHED = {"limit_val_batches": 0, "enable_checkpointing": False}
STEPS = 6


def air():
    """One transmit, two receive antennas, estimated."""
    channel = TDL("C", 100e-9, 28e9, speed=25.0, num_rx=2, normalization="slot")
    return OFDMLink(ResourceGrid(), channel, LeastSquares(), LMMSE())


def module(out, link=None, **settings):
    torch.manual_seed(0)
    return JSCC(Analog(DeepJSCC(width=4), link or PlainLink()), warmup=2, out=str(out), **settings)


def data(**settings):
    learned, watched = Photos((64, 64), "train"), Photos((64, 64), "test")
    return PatchesData(learned, watched, **{"side": 32, "val_side": 32, "num_val": 4, "batch_size": 4} | settings)


def fit(module, *callbacks, steps=STEPS, resume=None, batch_size=4, **settings):
    trainer = Trainer(max_steps=steps, callbacks=list(callbacks), **QUIET | settings)
    trainer.fit(module, datamodule=data(batch_size=batch_size), ckpt_path=resume, weights_only=True)
    return trainer


def weights(folder):
    return load_file(folder / "model.safetensors")


# ---- a step ---------------------------------------------------------------------------------------------------------


class Recorder(Analog):
    """Notes each SNR and the first chance numbers of each image."""

    def __init__(self):
        super().__init__(DeepJSCC(width=4), PlainLink())
        self.snr_db, self.noise = [], []

    def forward(self, images, snr_db, rng):
        self.snr_db += snr_db.tolist()
        self.noise += rng.normal("noise", (len(images), 1), images).flatten().tolist()
        return super().forward(images, snr_db, rng)


def test_every_image_has_an_snr_and_noise_of_its_own_over_the_whole_range(tmp_path):
    recorder = Recorder()
    fit(JSCC(recorder, snr_db=(-5.0, 15.0), out=str(tmp_path)), steps=20, batch_size=10, **UNWATCHED)
    snr_db = torch.tensor(recorder.snr_db)
    assert len(set(recorder.snr_db)) == len(set(recorder.noise)) == len(snr_db) == 200
    assert snr_db.min() >= -5
    assert snr_db.max() < 15
    assert abs(snr_db.mean() - 5) < 5 * 20 / 12**0.5 / 200**0.5  # five sigma of a uniform's mean
    assert abs(snr_db.std() - 20 / 12**0.5) < 1.0


def test_a_batch_is_learned_by_heart_over_an_estimated_fading_channel(tmp_path):
    jscc, source = module(tmp_path, air(), snr_db=(10.0, 20.0)), Patches(Photos((64, 64)), 32, 0, False, 1e6)
    jscc.log = lambda *args, **kwargs: None
    optimizer = torch.optim.Adam(jscc.parameters(), 1e-2)
    losses = []
    for _ in range(80):
        losses.append(jscc.training_step(source.batch([0, 1, 2, 3])))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.5 * losses[0]


def test_a_training_in_half_precision_leaves_the_radio_in_single(tmp_path):
    jscc, halved = module(tmp_path), []
    for part in (jscc.system.codec.encoder, jscc.system.link):
        part.register_forward_pre_hook(lambda *_: halved.append(torch.is_autocast_enabled("cpu")))
    fit(jscc, steps=1, precision="bf16-mixed", **UNWATCHED)
    assert halved[:2] == [True, False]


# ---- bad numbers ----------------------------------------------------------------------------------------------------


class Spoiled(nn.Module):
    """A mean squared error that fails at one step, itself or in its gradient."""

    def __init__(self, step, gradient):
        super().__init__()
        self.step, self.gradient, self.calls = step, gradient, 0

    def forward(self, delivered, images):
        self.calls += 1
        loss = (delivered - images).square().mean()
        if self.calls <= self.step:
            return loss
        return loss + (delivered * 0).sqrt().sum() if self.gradient else loss / 0


@pytest.mark.parametrize(("gradient", "what"), [(False, "loss is inf"), (True, "norm of the gradient is (nan|inf)")])
def test_a_loss_that_is_not_finite_stops_the_training_and_names_its_patches(tmp_path, gradient, what):
    jscc = module(tmp_path, loss=Spoiled(3, gradient))
    kept = ModelCheckpoint(tmp_path, save_last=True, every_n_train_steps=1)
    with pytest.raises(FloatingPointError, match=f"step 3: the {what}, for patches 12 to 15 of .*astronaut"):
        fit(jscc, kept, limit_val_batches=0)
    last = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert last["global_step"] == 3
    assert all(value.isfinite().all() for value in last["state_dict"].values())
    assert not (tmp_path / "model.safetensors").exists()


# ---- a kill ---------------------------------------------------------------------------------------------------------


class Kill(Callback):
    """After some steps, as abruptly as Python can."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer, *rest):
        if trainer.global_step == self.step:
            raise InterruptedError


def parts(folder, every=2):
    return EMAWeightAveraging(decay=0.5), ModelCheckpoint(folder, save_last=True, every_n_train_steps=every)


@pytest.mark.parametrize("killed", [3, 4])  # a step after a checkpoint, or right after one
def test_a_training_that_goes_on_after_a_kill_ends_where_it_would_have_ended(tmp_path, killed):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    fit(module(straight, air()), *parts(straight), val_check_interval=3)
    with pytest.raises(InterruptedError):
        fit(module(broken, air()), *parts(broken), Kill(killed), val_check_interval=3)
    assert not (broken / "model.safetensors").exists()
    torch.manual_seed(99)  # nothing may hang on what was drawn before
    resumed = module(broken, air())
    fit(resumed, *parts(broken), resume="last", val_check_interval=3)
    expected, found = weights(straight), weights(broken)
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert [point["step"] for point in resumed.curve] == [3, 6]


# ---- what is watched, and what is left ------------------------------------------------------------------------------


def test_the_psnr_that_is_watched_is_that_of_the_metric():
    sent, arrived = Photos((64, 64))[0].image[None], Photos((64, 64))[1].image[None]
    for y in (arrived, sent + 0.01, sent):
        expected = Fidelity()(Sent(sent, ["a"], [[]]), Delivery(y, 0, 0, 0, 0.0))["psnr_db"]
        torch.testing.assert_close(psnr_db(y, sent), expected)


class Logger(Callback):
    """What W&B's logger would be handed."""

    def __init__(self):
        self.shown = []

    def log_image(self, key, images, step):
        self.shown.append((key, step, images[0].size))


def test_validation_gives_figures_at_every_snr_and_pictures(tmp_path):
    jscc, logger = module(tmp_path / "weights", val_snr_db=(-5.0, 10.0)), Logger()

    class Shown(Pictures):
        def on_validation_batch_end(self, trainer, *rest):
            trainer._loggers = [logger]
            super().on_validation_batch_end(trainer, *rest)
            trainer._loggers = []

    trainer = fit(jscc, Shown(rows=2), steps=4, val_check_interval=2, default_root_dir=tmp_path)
    figures = {name for name in trainer.callback_metrics if name.startswith("val/")}
    assert figures == {"val/psnr_db_at_-5", "val/psnr_db_at_10"}
    size = (3 * 34 + 2, 2 * 34 + 2)  # sent and two SNRs, two rows
    with Image.open(tmp_path / "pictures" / "step-0000004.png") as picture:
        assert picture.size == size
    assert logger.shown == [("val/pictures", 2, size), ("val/pictures", 4, size)]
    assert [point["step"] for point in jscc.curve] == [2, 4]


def test_the_weights_come_with_a_card_and_fit_the_codec(tmp_path):
    jscc = module(tmp_path, air(), snr_db=(1.0, 19.0))
    fit(jscc, val_check_interval=3, enable_checkpointing=False)
    codec = DeepJSCC(width=4, weights=str(tmp_path / "model.safetensors"))
    for name, value in codec.state_dict().items():
        assert torch.equal(value, jscc.system.codec.state_dict()[name])
    card = codec.card
    assert (card["channel"], card["steps"], card["batch_size"], card["snr_db"]) == ("TDL, rx 2", STEPS, 4, [1.0, 19.0])
    assert card["data"] == "5 pictures, astronaut to hubble_deep_field; patches of 32 x 32"
    assert [point["step"] for point in card["curve"]] == [3, 6]
    assert {"hours", "val/psnr_db_at_20"} <= card["curve"][1].keys()
    assert Analog(codec, air()).codec is codec
    with pytest.raises(ValueError, match="TDL, rx 2"):
        Analog(codec, PlainLink())
    page = (tmp_path / "README.md").read_text()
    assert page.startswith("# DeepJSCC over TDL, rx 2\n")
    assert "| snr db | 1 to 19 |" in page


def test_a_card_says_which_weights_a_training_began_with(tmp_path):
    fit(module(tmp_path / "first"), steps=1, **UNWATCHED)
    first = DeepJSCC(width=4, weights=str(tmp_path / "first" / "model.safetensors"))
    assert "start" not in first.card
    fit(JSCC(Analog(first, air(), mismatched=True), warmup=2, out=str(tmp_path / "second")), steps=1, **UNWATCHED)
    card = DeepJSCC(width=4, weights=str(tmp_path / "second" / "model.safetensors")).card
    assert card["start"] == f"weights of: {first.card['command']}"
    assert card["channel"] == "TDL, rx 2"
