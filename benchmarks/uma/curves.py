"""Block error rates of paper A's link over UMa: by normalisation, by receiver, and in time."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from semjscc.phy.channel import Array, UMa, Users
from semjscc.phy.channel.base import Normalization
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import Estimator, LeastSquares, PerfectCSI
from semjscc.phy.fec import LDPC5G
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, OFDMLink
from semjscc.phy.qam import QAM
from semjscc.phy.waveform import InFrequency, InTime, Waveform
from semjscc.phy.wiener import EmpiricalWiener
from semjscc.rng import PerImage
from semjscc.units import linear_to_db, transmit_snr_db

GRID = ResourceGrid()
K = 1392
NOISE_FIGURE_DB = 7.0
BATCH = 64
SNR_DB = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0)
LOW_SNR_DB = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
IN_TIME_SNR_DB = (1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0, 16.0)
POWER_DBM = (0.0, 10.0, 20.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0)


@dataclass(frozen=True)
class Curve:
    """One line of a picture: what sets it apart, what its axis counts, and how to come from there to the link's SNR."""

    name: str
    axis: str
    points: tuple[float, ...]
    normalization: Normalization = "slot"
    waveform: Callable[[], Waveform] = InFrequency
    snr_db: Callable[[float], float] = float
    estimator: Callable[[], Estimator] = LeastSquares
    refinements: int = 0


def from_power(power_dbm: float) -> float:
    """The SNR of a link that keeps its path loss."""
    return transmit_snr_db(power_dbm, len(GRID.carriers), GRID.subcarrier_spacing, NOISE_FIGURE_DB)


CURVES = (
    Curve("slot", "snr_db", SNR_DB),
    Curve("average", "snr_db", SNR_DB, "average"),
    Curve("none", "power_dbm", POWER_DBM, "none", snr_db=from_power),
    Curve("pilots' own statistics", "snr_db", LOW_SNR_DB, estimator=EmpiricalWiener),
    Curve("refined twice", "snr_db", LOW_SNR_DB, estimator=EmpiricalWiener, refinements=2),
    Curve("perfect CSI", "snr_db", LOW_SNR_DB, estimator=PerfectCSI),
    Curve("in time, prefix of 72 samples", "snr_db", IN_TIME_SNR_DB, waveform=lambda: InTime(72)),
    Curve("in time, prefix of 9 samples, interference counted", "snr_db", IN_TIME_SNR_DB, waveform=lambda: InTime(9)),
    Curve("in time, prefix of 9 samples", "snr_db", IN_TIME_SNR_DB, waveform=lambda: InTime(9, counted=False)),
)


def uma(normalization: Normalization = "slot", sight: bool | None = None) -> UMa:
    """Paper A's channel, that of configs/channels/uma.yaml."""
    users = Users(distance=(35.0, 250.0), speed=(16.7, 33.3), tilted=True)
    return UMa(28e9, Array(columns=2), Array(), users, sight=sight, normalization=normalization)


def block_error_rates(curve: Curve, blocks: int, seed: int, bar: tqdm) -> list[float]:
    """At each point of the curve, over ``blocks`` drops, the same at all points and on all curves."""
    channel = uma(curve.normalization)
    link = OFDMLink(GRID, channel, curve.estimator(), LMMSE(), curve.waveform())
    air = DigitalLink(link, QAM(2), LDPC5G(K, 2 * K), refinements=curve.refinements)
    return [_rate(air, curve.snr_db(point), blocks, seed, bar) for point in curve.points]


def _rate(air: DigitalLink, snr_db: float, blocks: int, seed: int, bar: tqdm) -> float:
    lost = 0.0
    for first in range(0, blocks, BATCH):
        count = min(BATCH, blocks - first)
        rng = PerImage([(seed, first + i) for i in range(count)])
        bits = (rng.uniform("bits", (count, K), torch.zeros(1)) < 0.5).float()
        lost += air(bits, torch.full((count,), snr_db), rng).block_errors.sum().item()
        bar.update(count)
    return lost / blocks


def received_snr_db(normalization: Normalization, snr_db: float, drops: int, seed: int) -> Tensor:
    """Received SNR [dB] of each of ``drops`` slots on a link at ``snr_db``."""
    frames = torch.zeros(drops, 1, GRID.num_symbols, GRID.fft_size, dtype=torch.complex64)
    h = uma(normalization).sample(frames, GRID, PerImage([(seed, i) for i in range(drops)]))
    return snr_db + linear_to_db(h.abs().square().mean((1, 2, 3, 4)))
