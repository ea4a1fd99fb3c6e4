"""A training step of a small learned code over the air; pictures are counted."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, pad

from benchmarks.case import Case, Job
from benchmarks.cases import links
from semjscc.phy.grid import ResourceGrid

BATCH = 64
GRID = ResourceGrid()
SYMBOLS = 1024  # a picture, of the slot's 1392


def encoder() -> nn.Module:
    """Pictures [batch, 3, 32, 32] -> features [batch, 32, 8, 8]."""
    return nn.Sequential(nn.Conv2d(3, 32, 5, 2, 2), nn.PReLU(), nn.Conv2d(32, 2 * SYMBOLS // 64, 5, 2, 2))


def decoder() -> nn.Module:
    """Features -> pictures."""
    up = nn.ConvTranspose2d(2 * SYMBOLS // 64, 32, 5, 2, 2, 1), nn.PReLU(), nn.ConvTranspose2d(32, 3, 5, 2, 2, 1)
    return nn.Sequential(*up, nn.Sigmoid())


def training(through: Callable[..., links.Through]) -> Job:
    """Forward, backward and a step of Adam; the same nets over either link."""
    images, encode, decode = torch.rand(BATCH, 3, 32, 32), encoder(), decoder()
    send = through(GRID, 2, True)
    adam = torch.optim.Adam([*encode.parameters(), *decode.parameters()], 1e-4)

    def step(images: Tensor) -> None:
        x = torch.view_as_complex(encode(images).reshape(BATCH, SYMBOLS, 2))
        x = x / x.abs().square().mean(1, keepdim=True).sqrt()
        heard = send(pad(x, (0, GRID.symbols_per_slot - SYMBOLS)))[:, :SYMBOLS]
        loss = mse_loss(decode(torch.view_as_real(heard).reshape(BATCH, -1, 8, 8)), images)
        adam.zero_grad()
        loss.backward()
        adam.step()

    return Job(step, [images], BATCH, grad=True)


SIDES = {"ours": partial(training, links.ours), "sionna": partial(training, links.sionnas)}
CASES = [Case("jscc-step", "training step of a learned code", "picture", BATCH, SIDES, True)]
