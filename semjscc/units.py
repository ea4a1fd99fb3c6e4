"""Decibels, signal-to-noise ratios and bandwidth ratio: the only place with ``10 ** (x / 10)``."""

import math

from torch import Tensor

SNR_DEFINITIONS = {
    "rx": "average received Es/N0 per receive antenna and resource element",
    "tx": "transmit power times mean |h|^2 over N0; what beams gain comes on top",
    "stream": "1 over the noise variance of the symbols after zero forcing",
}
BOLTZMANN = 1.380649e-23  # [J/K]


def db_to_linear(db: Tensor) -> Tensor:
    """Power ratio of a level in dB, of any shape."""
    return 10.0 ** (db / 10.0)


def linear_to_db(ratio: Tensor) -> Tensor:
    """Level in dB of a power ratio, of any shape."""
    return 10.0 * ratio.log10()


def noise_variance(snr_db: Tensor) -> Tensor:
    """N0 for unit symbol energy at ``snr_db`` = Es/N0 [dB]; N0/2 falls on each real dimension."""
    return db_to_linear(-snr_db)


def ebn0_db(esn0_db: float, bits_per_symbol: int, code_rate: float) -> float:
    """Eb/N0 [dB] = Es/N0 - 10 log10(bits per symbol x code rate)."""
    return esn0_db - 10.0 * math.log10(bits_per_symbol * code_rate)


def esn0_db(ebn0_db: float, bits_per_symbol: int, code_rate: float) -> float:
    """Es/N0 [dB], the inverse of :func:`ebn0_db`."""
    return ebn0_db + 10.0 * math.log10(bits_per_symbol * code_rate)


def transmit_snr_db(power_dbm: float, carriers: int, subcarrier_spacing: float, noise_figure_db: float) -> float:
    """Es/N0 [dB] that a receiver would have without any path loss: the SNR of a link whose response keeps its own.

    ``power_dbm`` is shared by ``carriers`` resource elements, each of which meets k T B of noise at 290 K in
    ``subcarrier_spacing`` [Hz], raised by the receiver's noise figure.
    """
    noise_dbm = 10.0 * math.log10(BOLTZMANN * 290.0 * subcarrier_spacing) + 30.0 + noise_figure_db
    return power_dbm - 10.0 * math.log10(carriers) - noise_dbm


def bandwidth_ratio(channel_uses: int, height: int, width: int) -> float:
    """Complex channel uses per real source dimension, 3 H W."""
    return channel_uses / (3 * height * width)
