"""What a sender with many antennas knows of its channels."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Complex
from torch import Tensor, nn

from semjscc.phy.beams import Channels
from semjscc.phy.correlation import DopplerSpectrum
from semjscc.rng import Randomness
from semjscc.units import db_to_linear


class CSI(nn.Module, ABC):
    """The sender's view of the downlink."""

    @abstractmethod
    def known(self, channels: Channels, rng: Randomness) -> Channels:
        """What precoders are given in place of the true channels. Rows of ``rng`` are users, drop after drop."""


class Perfect(CSI):
    """The truth."""

    def known(self, channels, rng):
        return channels


class Sounded(CSI):
    """Least squares from a preamble in the uplink, whose channel is the same: each user's antennas send orthogonal
    sequences of unit power on every carrier, and of ``length`` symbols there remains CN(0, N0 / length) on each entry.

    Args:
        snr_db: at an antenna of the base station, from one antenna of a user, whatever its distance: users control
            their power [dB].
        length: of the sequences; there are no more orthogonal ones.

    Raises:
        ValueError: in ``known``, on more antennas, of all users, than symbols.
    """

    def __init__(self, snr_db: float = 20.0, length: int = 128):
        super().__init__()
        self.snr_db, self.length = snr_db, length

    def known(self, channels, rng):
        antennas = sum(H.shape[2] for H in channels)
        if antennas > self.length:
            raise ValueError(f"{antennas} antennas cannot be told apart by preambles of {self.length} symbols")
        error_var = db_to_linear(torch.tensor(-self.snr_db)).item() / self.length
        errors = _like(channels, "sounding", rng)
        return [H + error_var**0.5 * E for H, E in zip(channels, errors, strict=True)]


class Aged(CSI):
    """The channel of a while ago, rho H + sqrt(1 - rho^2) E: of the same power, and correlated by rho with what it is
    now. E is independent on all antennas and carriers, the least that a sender could hope for.

    Args:
        spectrum: gives rho.
        delay: from sounding to sending [s].
    """

    def __init__(self, spectrum: DopplerSpectrum, delay: float):
        super().__init__()
        self.spectrum, self.delay = spectrum, delay

    def known(self, channels, rng):
        rho = float(self.spectrum.correlation(torch.tensor([self.delay]).double().numpy())[0])
        news = _like(channels, "ageing", rng)
        return [rho * H + (1 - rho**2) ** 0.5 * E for H, E in zip(channels, news, strict=True)]


def _like(channels: Channels, purpose: str, rng: Randomness) -> list[Complex[Tensor, "drops carriers _rx tx"]]:
    """CN(0, mean |h|^2) of each user's drop, independent on all entries."""
    users, most = len(channels), max(H.shape[2] for H in channels)
    drops, carriers, _, num_tx = channels[0].shape
    E = rng.complex_normal(purpose, (drops * users, carriers, most, num_tx), channels[0])
    gains = [H.abs().square().mean((1, 2, 3)).sqrt()[:, None, None, None] for H in channels]
    return [gain * E[u::users, :, : H.shape[2]] for u, (H, gain) in enumerate(zip(channels, gains, strict=True))]
