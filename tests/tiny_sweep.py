"""A system whose transmissions are counted, and what sweeps it in a process of its own."""

import os
import time
from pathlib import Path

import torch

from semjscc.rng import GLOBAL
from semjscc.systems.base import System
from semjscc.types import Delivery

YAML = """
system:
  class_path: tests.tiny_sweep.Tiny
  init_args: {{log: "{log}", gain: 1.0, bad: {bad}, users: {users}}}
"""
METRICS = """
source: {class_path: semjscc.data.scenes.Scenes, init_args: {size: 16}}
metrics:
  - {class_path: semjscc.metrics.fidelity.Fidelity}
"""


class Tiny(System):
    """Noise of its own for every picture, and a line in ``log``.txt for every transmission begun.

    Args:
        bad: an SNR at which it fails
        seconds: that a transmission takes
    """

    def __init__(self, log: str, gain: float = 1.0, bad: float | None = None, users: int = 1, seconds: float = 0.0):
        super().__init__()
        self.log, self.gain, self.bad, self.users, self.seconds = log, gain, bad, users, seconds
        self.mix = torch.nn.Linear(16, 16, bias=False).requires_grad_(False)
        self.mix.weight.copy_(torch.eye(16) + 0.1 * torch.arange(256).reshape(16, 16).sin())

    def forward(self, images, snr_db, rng=GLOBAL):
        with open(f"{self.log}.txt", "a") as file:
            file.write(f"{snr_db[0].item():g} {images.sum().item():.6f}\n")
        if self.bad is not None and snr_db[0].item() == self.bad:
            raise ArithmeticError("the amplifier\nis on fire")
        time.sleep(self.seconds)
        noise = self.gain * 10 ** (-snr_db / 20).view(-1, 1, 1, 1) * rng.normal("noise", images.shape, images)
        words = [f"picture of {image.mean():.3f}" for image in images]
        return Delivery((self.mix(images) + noise).clamp(0, 1), 0, 8, 8, 1e-3, sent=words, heard=words)


def place(folder: Path, bad: str = "null", users: int = 1) -> list[str]:
    """Writes system and data into ``folder``; the words of a command line that sweeps them there."""
    (folder / "tiny.yaml").write_text(YAML.format(log=folder / "log", bad=bad, users=users))
    (folder / "drawn.yaml").write_text(METRICS)
    words = ["--system", str(folder / "tiny.yaml"), "--data", str(folder / "drawn.yaml")]
    return [*words, "--out", str(folder / "out"), "--device", "cpu"]


def begun(folder: Path) -> list[str]:
    """Transmissions that were begun."""
    log = folder / "log.txt"
    return log.read_text().splitlines() if log.exists() else []


def sweep(words: list[str], quiet: bool = True) -> None:
    """What a process of its own does."""
    import evaluate

    if quiet:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
    raise SystemExit(evaluate.main(words))
