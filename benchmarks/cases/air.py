"""The channel, and the receiver up to symbols; slots of paper A's grid are counted."""

from functools import partial
from typing import Literal

import sionna.phy.channel
import torch
from torch import Tensor

from benchmarks.case import Case, Job
from benchmarks.peers.sionna import SINGLE, SionnaReceiver, sionna_grid, tdl
from semjscc.phy.channel import TDL, apply
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid

TAPS: tuple[Literal["C"], float, float] = ("C", 100e-9, 28e9)  # model, delay spread [s], carrier frequency [Hz]
SPEED = 25.0  # [m/s]
N0 = 0.1
ANTENNAS = {(1, 2): 128, (4, 16): 32}  # streams sent and antennas that receive, and slots at once


def frames(grid: ResourceGrid, batch: int) -> Tensor:
    """Slots of random symbols: ``[batch, streams, time, frequency]``."""
    return frame(torch.randn(batch, grid.symbols_per_slot, dtype=torch.complex64), grid)


def our_channel(streams: int, num_rx: int, batch: int) -> Job:
    """Draw and apply."""
    grid, noise_var = ResourceGrid(num_streams=streams), torch.full((batch,), N0)
    channel = TDL(*TAPS, speed=SPEED, num_rx=num_rx, normalization="slot")
    return Job(lambda X: apply(X, channel.sample(X, grid), noise_var), [frames(grid, batch)], batch)


def sionnas_channel(streams: int, num_rx: int, batch: int) -> Job:
    """Draw and apply."""
    grid, noise_var = ResourceGrid(num_streams=streams), torch.tensor(N0)
    X = frames(grid, batch)[:, None]
    taps, theirs = tdl(TAPS, num_rx, streams, SPEED), sionna_grid(grid, "single")
    channel = sionna.phy.channel.OFDMChannel(taps, theirs, normalize_channel=True, **SINGLE)
    return Job(lambda X: channel(X, noise_var), [X], batch)


def heard(grid: ResourceGrid, num_rx: int, batch: int) -> Tensor:
    """Received slots; noise does for them."""
    return torch.randn(batch, num_rx, grid.num_symbols, grid.fft_size, dtype=torch.complex64)


def our_receiver(streams: int, num_rx: int, batch: int) -> Job:
    """Estimate and equalise."""
    grid, noise_var = ResourceGrid(num_streams=streams), torch.full((batch,), N0)
    estimator, equalizer = LeastSquares(), LMMSE()

    def run(y: Tensor):
        return equalizer.equalize(grid.at_data(y), estimator.estimate(y, grid, noise_var, y), noise_var)

    return Job(run, [heard(grid, num_rx, batch)], batch)


def sionnas_receiver(streams: int, num_rx: int, batch: int) -> Job:
    """Estimate and equalise."""
    grid, noise_var = ResourceGrid(num_streams=streams), torch.tensor(N0)
    receiver = SionnaReceiver(grid)
    return Job(lambda y: receiver(y, noise_var), [heard(grid, num_rx, batch)], batch)


def case(name: str, what: str, ours, sionnas, antennas: tuple[int, int]) -> Case:
    """One part for one pair of antenna arrays."""
    batch, (streams, num_rx) = ANTENNAS[antennas], antennas
    sides = {"ours": partial(ours, *antennas, batch), "sionna": partial(sionnas, *antennas, batch)}
    return Case(f"{name}-{streams}x{num_rx}", f"{what}, {streams} x {num_rx}", "slot", batch, sides, streams == 1)


CASES = [case("channel", "TDL-C, draw and apply", our_channel, sionnas_channel, antennas) for antennas in ANTENNAS]
CASES += [case("receive", "LS and LMMSE", our_receiver, sionnas_receiver, antennas) for antennas in ANTENNAS]
