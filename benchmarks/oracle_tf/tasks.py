"""What both sides do, and how draws become figures: numpy alone, for both environments.

Answers are arrays by name. What is before the slash says how two of them are compared: "bits" one by one; "double" and
"single" by their largest difference, in units of the largest value; "means" as rows of means and of standard errors.
"""

from typing import Literal

import numpy as np

Model = Literal["A", "B", "C", "D", "E"]
ORDERS = (2, 4, 6, 8, 10)  # bits a symbol
CRCS = ("CRC24A", "CRC24B", "CRC24C", "CRC16", "CRC11", "CRC6")
CODES = ((12, 24), (100, 200), (292, 320), (1392, 2784), (3840, 19200), (8448, 9216))
MODELS: tuple[Model, ...] = ("A", "B", "C", "D", "E")
DELAY_SPREAD, CARRIER = 100e-9, 28e9  # [s], [Hz]
DRAWS, SPEED, STEPS, RATE = 4000, 30.0, 14, 24e3  # of CDL: slots, [m/s], samples, [Hz]
STATES = ("LoS", "NLoS", "O2I")
LARGE = ("DS", "ASD", "ASA", "SF", "K", "ZSA", "ZSD", "loss")  # log10 of [s] and [deg]; [dB] / 10; path loss [dB]


def moments(x: np.ndarray) -> np.ndarray:
    """Means over draws ``[draws, figures]`` and their standard errors ``[2, figures]``."""
    return np.stack([x.mean(0), x.std(0) / len(x) ** 0.5])


def by_delay(delays: np.ndarray, gains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Paths ``[draws, 2, paths, steps]`` in the order of their delays."""
    order = np.argsort(delays, kind="stable")
    return delays[order], gains[:, :, order]


def fading(gains: np.ndarray) -> dict[str, np.ndarray]:
    """Of paths to two antennas ``[draws, 2, paths, steps]``: the power of each path and at each antenna, and the
    correlations between antennas and from the first step to all others.
    """
    power = np.abs(gains) ** 2
    across = (gains[:, 0] * gains[:, 1].conj()).mean(-1).sum(-1)
    along = (gains[..., 1:] * gains[..., :1].conj()).sum(2).mean(1)
    return {
        "power of paths": moments(power.mean((1, 3))),
        "power at antennas": moments(power.mean(3).sum(2)),
        "between antennas": moments(np.stack([across.real, across.imag], 1)),
        "over time": moments(np.concatenate([along.real, along.imag], 1)),
    }


def large_scale(x: np.ndarray) -> np.ndarray:
    """Means and mean squares about 0 of the columns of ``LARGE``, ``[users, 8]``."""
    return moments(np.concatenate([x, x**2], 1))


def verdict(scenario: str, state: str) -> str:
    """Known faults of 1.2.2 touch UMa, and users indoors: what it says of them is shown and not judged."""
    return "means" if scenario == "UMi" and state != "O2I" else "shown means"
