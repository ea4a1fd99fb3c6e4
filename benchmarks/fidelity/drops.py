"""Paper A's link over UMa: which slots are lost, over our drops and over Sionna's, by each of our receivers."""

from collections.abc import Callable

import sionna.phy
import torch
from jaxtyping import Bool
from sionna.phy.channel import cir_to_ofdm_channel, subcarrier_frequencies, tr38901
from torch import Tensor

from benchmarks.peers.sionna import SINGLE
from semjscc.phy.channel import Array, UMa, Users, apply
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import Estimator, LeastSquares, PerfectCSI
from semjscc.phy.fec import LDPC5G
from semjscc.phy.framing import frame, unframe
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.qam import QAM
from semjscc.phy.wiener import EmpiricalWiener
from semjscc.rng import PerImage
from semjscc.types import Response
from semjscc.units import noise_variance

GRID, K, N = ResourceGrid(), 1392, 2784
Draw = Callable[[UMa, int, int], Response]  # the channel, slots, a seed


def uma() -> UMa:
    """Uplink at 28 GHz, one antenna to two, 60 to 120 km/h, every slot of mean gain 1."""
    users = Users(distance=(35.0, 250.0), speed=(16.7, 33.3), tilted=True)
    return UMa(28e9, Array(columns=2), Array(), users, "uplink", normalization="slot")


def ours(channel: UMa, slots: int, seed: int) -> Response:
    """Our drops."""
    frames = torch.zeros(slots, 1, GRID.num_symbols, GRID.fft_size, dtype=torch.complex64)
    return channel.sample(frames, GRID, PerImage([(seed,)]))


def sionnas(channel: UMa, slots: int, seed: int) -> Response:
    """Sionna's drops of the same users; lines of sight and all that follows are of its own chance."""
    user = channel.drop(slots, torch.zeros(()), PerImage([(seed,)]))
    sionna.phy.config.seed = seed
    bs, ut = (tr38901.PanelArray(1, size, "single", "V", "omni", 28e9, **SINGLE) for size in (2, 1))
    other = tr38901.UMa(28e9, "low", ut, bs, "uplink", False, False, **SINGLE)
    mast = torch.tensor([0.0, 0.0, channel.mast]).repeat(slots, 1, 1)
    moving = (user.orientation[:, None], torch.zeros_like(mast), user.velocity[:, None], user.indoor[:, None])
    other.set_topology(user.location[:, None], mast, *moving, los="random")
    gains, delays = other(GRID.num_symbols, GRID.subcarrier_spacing)
    f = subcarrier_frequencies(GRID.fft_size, GRID.subcarrier_spacing, **SINGLE)
    return channel.normalized(cir_to_ofdm_channel(f, gains, delays)[:, 0, :, 0])


CURVES: dict[str, tuple[Draw, Estimator]] = {
    "ours, least squares": (ours, LeastSquares()),
    "sionna, least squares": (sionnas, LeastSquares()),
    "ours, empirical Wiener": (ours, EmpiricalWiener()),
    "ours, perfect CSI": (ours, PerfectCSI()),
}


class Slots:
    """So many slots of random bits, the same for every curve and SNR, as is their noise."""

    def __init__(self, slots: int, seed: int):
        self.slots, self.seed, self.channel = slots, seed, uma()
        self.code, self.qam = LDPC5G(K, N), QAM(2)
        self.bits = (PerImage([(seed,)]).uniform("bits", (slots, K), torch.zeros(())) < 0.5).float()
        self.frames = frame(self.qam.modulate(self.code.encode(self.bits)), GRID)
        self.drawn: dict[Draw, Response] = {}

    def lost(self, draw: Draw, estimator: Estimator, snr_db: float) -> Bool[Tensor, " slots"]:
        """Which slots the receiver loses: an estimate, LMMSE and 20 iterations of LDPC (1392, 2784)."""
        if draw not in self.drawn:
            self.drawn[draw] = draw(self.channel, self.slots, self.seed)
        h, N0 = self.drawn[draw], noise_variance(torch.full((self.slots,), snr_db))
        y = apply(self.frames, h, N0, PerImage([(self.seed,)]))
        x = LMMSE().equalize(GRID.at_data(y), estimator.estimate(y, GRID, N0, h), N0)
        symbols, noise_var = (unframe(part, GRID, N // 2) for part in (x.symbols, x.noise_var))
        return (self.code.decode(self.qam.demodulate(symbols, noise_var)) != self.bits).any(1)
