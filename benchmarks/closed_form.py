"""Error rates known in closed form."""

import math


def qam_bit_error_rate(order: int, snr: float, fading: bool = False) -> float:
    """Of Gray square QAM with ``order`` bits a symbol, each axis decided for its nearest level.

    Sums of K. Cho and D. Yoon, "On the general BER expression of one- and two-dimensional amplitude modulations", IEEE
    Trans. Commun. 50 (7), 2002: over the bits k of an axis of I levels, and over the distances i to its thresholds.

    Args:
        order: 2, 4, ...
        snr: mean Es/N0, a ratio.
        fading: over flat Rayleigh fading known to the receiver, not over AWGN.
    """
    levels, bits = 2 ** (order // 2), order // 2
    tail = _rayleigh_tail if fading else _awgn_tail
    total = 0.0
    for k in range(1, bits + 1):
        for i in range(levels - levels // 2**k):
            sign = (-1) ** (i * 2 ** (k - 1) // levels)
            weight = 2 ** (k - 1) - (i * 2**k + levels) // (2 * levels)
            total += sign * weight * tail(1.5 * snr * (2 * i + 1) ** 2 / (levels**2 - 1))
    return 2 * total / levels / bits


def _awgn_tail(x: float) -> float:
    return 0.5 * math.erfc(math.sqrt(x))


def _rayleigh_tail(x: float) -> float:
    """The mean of the AWGN tail over an exponential SNR: Proakis, Digital Communications, 14.3."""
    return 0.5 * (1.0 - math.sqrt(x / (1.0 + x)))
