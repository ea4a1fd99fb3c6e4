"""A hybrid code's training: statistics first and once, then the network."""

import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging

from semjscc.codecs.blocks import Blocks
from semjscc.codecs.hda import HDA
from semjscc.phy.plain import PlainLink
from semjscc.systems.hybrid import Hybrid
from semjscc.training.jscc import JSCC
from semjscc.training.losses import NegativePSNR
from semjscc.training.statistics import Statistics
from tests.training.test_jscc import UNWATCHED, Kill, data, fit, module, parts, weights

MODES = [(0, "4-QAM 1/2", 0.7)]


def hybrid(out, weights=None):
    torch.manual_seed(0)
    codec = HDA(stride=8, classes=2, widths=(4, 4), weights=weights)
    system = Hybrid(codec, PlainLink(), 1 / 3, MODES)
    return JSCC(system, NegativePSNR(), snr_db=(5.0, 20.0), warmup=2, out=str(out))


def test_they_are_those_of_the_first_patches_and_kept_by_averaged_weights(tmp_path):
    fit(hybrid(tmp_path), Statistics(12), EMAWeightAveraging(decay=0.9), steps=2, **UNWATCHED)
    expected, patches = Blocks(8, 2), data()
    patches.setup("fit")
    expected.fit(patches.train_patches.batch(list(range(12)))["images"])
    left = weights(tmp_path)
    for name, value in expected.state_dict().items():
        torch.testing.assert_close(left[f"blocks.{name}"], value)


def test_a_training_that_goes_on_ends_where_it_would_have_and_fits_nothing_twice(tmp_path, monkeypatch):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    fit(hybrid(whole), Statistics(12), *parts(whole), limit_val_batches=0)
    with pytest.raises(InterruptedError):
        fit(hybrid(broken), Statistics(12), *parts(broken), Kill(3), limit_val_batches=0)
    monkeypatch.setattr(HDA, "fit_statistics", None)
    fit(hybrid(broken), Statistics(12), *parts(broken), resume="last", limit_val_batches=0)
    expected, found = weights(whole), weights(broken)
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    fit(hybrid(tmp_path / "from", str(whole / "model.safetensors")), Statistics(12), steps=1, **UNWATCHED)
    with pytest.raises(TypeError):
        fit(hybrid(tmp_path / "new"), Statistics(12), steps=1, **UNWATCHED)


def test_the_card_names_channel_and_ratio(tmp_path):
    jscc = hybrid(tmp_path)
    fit(jscc, Statistics(12), steps=1, **UNWATCHED)
    card = HDA(8, 2, (4, 4), weights=str(tmp_path / "model.safetensors")).card
    assert card["channel"] == "AWGN, rx 1"
    assert card["bandwidth_ratio"] == pytest.approx(1 / 3, abs=1e-6)
    assert card["loss"] == "NegativePSNR"


def test_a_codec_that_has_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="DeepJSCC learns nothing in closed form: leave the callback Statistics out"):
        fit(module(tmp_path), Statistics(12), steps=1, **UNWATCHED)
