"""Draws of responses on paper A's grid, users and all; and gradients through UMa. Slots are counted.

Every slot is a drop of its own and has unit gain.
"""

from collections.abc import Callable, Sequence
from functools import partial

import sionna.phy.channel
import torch
from torch import Tensor

from benchmarks.case import Case, Job
from benchmarks.cases.air import SPEED, TAPS
from benchmarks.cases.links import SNR_DB, Through, there_and_back
from benchmarks.peers.sionna import SINGLE, SionnaLink, cdl, sionna_grid, tdl, uma
from semjscc.phy.channel import CDL, TDL, Array, Channel, UMa, Users
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.units import noise_variance

CARRIER = TAPS[2]  # [Hz]
USERS = Users(distance=(35.0, 250.0), speed=SPEED)  # outdoors, as those of Sionna's are here
ARRAYS = {1: (1, 1), 2: (1, 2), 4: (1, 4), 16: (4, 4)}  # rows and columns
ANTENNAS = ((1, 2), (4, 16))  # of the user, who sends, and of the base station
BATCHES = (1, 64, 1024)
AT_ONCE = {1: 1024, 4: 64}  # slots for Sionna by antennas that send, which would need more memory than there is
Draw = Callable[[int], Sequence[Tensor]]  # slots -> their responses, in pieces


def our_channel(model: str, tx: int, rx: int) -> Channel:
    """By its name."""
    bs, ut = (Array(*ARRAYS[antennas]) for antennas in (rx, tx))
    return {
        "UMa": lambda: UMa(CARRIER, bs, ut, USERS, normalization="slot"),
        "CDL-C": lambda: CDL(*TAPS, bs, ut, "uplink", SPEED, normalization="slot"),
        "TDL-C": lambda: TDL(*TAPS, SPEED, rx, "slot"),
    }[model]()


def sionnas_channel(model: str, tx: int, rx: int):
    """By its name."""
    bs, ut = ARRAYS[rx], ARRAYS[tx]
    return {
        "UMa": lambda: uma(CARRIER, bs, ut, SPEED),
        "CDL-C": lambda: cdl(TAPS, bs, ut, SPEED),
        "TDL-C": lambda: tdl(TAPS, rx, tx, SPEED),
    }[model]()


def our_draw(model: str, tx: int, rx: int) -> Draw:
    """All at once."""
    grid, channel = ResourceGrid(num_streams=tx), our_channel(model, tx, rx)
    frame = torch.zeros(1, tx, grid.num_symbols, grid.fft_size, dtype=torch.complex64)
    return lambda slots: [channel.sample(frame.expand(slots, -1, -1, -1), grid)]


def sionnas_draw(model: str, tx: int, rx: int) -> Draw:
    """With users dropped anew each time."""
    grid = sionna_grid(ResourceGrid(num_streams=tx), "single")
    generate = sionna.phy.channel.GenerateOFDMChannel(sionnas_channel(model, tx, rx), grid, True, **SINGLE)
    return lambda slots: [generate(min(slots - first, AT_ONCE[tx])) for first in range(0, slots, AT_ONCE[tx])]


def drawing(side: Callable[[str, int, int], Draw], model: str, tx: int, rx: int, batch: int) -> Job:
    """Responses of ``batch`` slots; their mean gain is the score."""
    return Job(side(model, tx, rx), [batch], batch, lambda results: {"gain": gain(results[0])})


def gain(pieces: Sequence[Tensor]) -> float:
    """Mean of |h|^2."""
    return sum(h.abs().square().mean().item() * len(h) for h in pieces) / sum(map(len, pieces))


def ours(grid: ResourceGrid, estimated: bool) -> Through:
    """Paper A's link but for its code."""
    link = OFDMLink(grid, our_channel("UMa", 1, 2), LeastSquares() if estimated else PerfectCSI(), LMMSE())
    return lambda x: link(x, torch.full(x.shape[:1], SNR_DB)).symbols


def sionnas(grid: ResourceGrid, estimated: bool) -> Through:
    """Likewise."""
    link, N0 = SionnaLink(grid, sionnas_channel("UMa", 1, 2), estimated), noise_variance(torch.tensor(SNR_DB))
    return lambda x: link(x, N0)[0]


def draw(model: str, tx: int, rx: int, batch: int) -> Case:
    """One channel, one pair of arrays."""
    sides = {
        name: partial(drawing, side, model, tx, rx, batch)
        for name, side in (("ours", our_draw), ("sionna", sionnas_draw))
    }
    what, quick = f"{model}, draw, {tx} x {rx}", (tx, batch) == (1, 64)
    return Case(f"{model.split('-')[0].lower()}-{tx}x{rx}-b{batch}", what, "slot", batch, sides, quick)


def gradient(name: str, what: str, estimated: bool) -> Case:
    """There and back over UMa."""
    sides = {
        name: partial(there_and_back, side, 128, ResourceGrid(), estimated)
        for name, side in (("ours", ours), ("sionna", sionnas))
    }
    return Case(f"gradient-{name}", f"UMa, there and back, {what}", "slot", 128, sides, True)


CASES = [
    draw(model, *antennas, batch) for model in ("UMa", "CDL-C", "TDL-C") for antennas in ANTENNAS for batch in BATCHES
]
CASES += [gradient("estimated", "LS and LMMSE", True), gradient("perfect", "perfect CSI", False)]
