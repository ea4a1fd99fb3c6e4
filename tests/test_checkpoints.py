"""Shipped weights deliver what they did when they were shipped, so that a library that changes a result is caught.

``python -m tests.test_checkpoints`` writes golden.json anew, after a training.
"""

import json
from pathlib import Path

import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d

from semjscc import config
from semjscc.data.photos import Photos
from semjscc.results import ROOT
from semjscc.rng import PerImage
from semjscc.systems.analog import channel_of
from semjscc.systems.base import System
from semjscc.training.jscc import psnr_db

GOLDEN = Path(__file__).with_name("golden.json")
NAMES = ("adjscc-uma", "deepjscc-awgn", "deepjscc-uma", "hda-awgn", "swinjscc-awgn")
SNR_DB = (0.0, 10.0, 20.0)
MIB = 2**20


def built(name):
    return config.build(config.find("systems", name), {"system": System})["system"]


@torch.no_grad()
def delivered(name):
    """Of a cup of coffee: PSNR [dB] and a 4 x 4 thumbnail at each SNR."""
    system, sent = built(name).eval(), Photos((128, 128), "test")[1].image[None]
    shown = [system(sent, torch.full((1,), snr), PerImage([(0, 0)], (round(snr),))).images for snr in SNR_DB]
    return {
        "psnr_db": [round(psnr_db(image, sent).item(), 4) for image in shown],
        "thumbnails": [[round(x, 5) for x in adaptive_avg_pool2d(image, 4).flatten().tolist()] for image in shown],
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_code_delivers_what_it_did(name):
    expected, found = json.loads(GOLDEN.read_text())[name], delivered(name)
    assert found["psnr_db"] == pytest.approx(expected["psnr_db"], abs=0.01)
    for a, b in zip(found["thumbnails"], expected["thumbnails"], strict=True):
        assert a == pytest.approx(b, abs=5e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_how_its_weights_came_about(name):
    system, folder = built(name), ROOT / "checkpoints" / name
    card = system.codec.card
    assert card["channel"] == channel_of(system.link)
    assert card["command"] == f"python train.py --config configs/train/{name}.yaml"
    assert card["steps"] >= card["curve"][-1]["step"] > 0
    assert card["hours"] >= card["curve"][-1]["hours"]
    written = (folder / "README.md").read_text()
    assert all(f"| {key} | {card[key]} |" in written for key in ("command", "data", "steps", "hours"))
    assert (folder / "model.safetensors").stat().st_size < 16 * MIB


def test_everything_shipped_is_small_enough():
    sizes = [path.stat().st_size for path in (ROOT / "checkpoints").rglob("*") if path.is_file()]
    assert sum(sizes) < 64 * MIB


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({name: delivered(name) for name in NAMES}, indent=1) + "\n")
