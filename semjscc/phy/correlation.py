"""How a channel resembles itself a little later, or a little higher: closed forms of r(0) = E|h|^2 = 1.

Delay profiles give r(df) = E[h(f + df) h(f)*], Doppler spectra r(dt) = E[h(t + dt) h(t)*]: their Fourier transforms
(Bello 1963; Proakis, Digital Communications, 13.1). Delays count from where the receiver starts its FFT.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float


class DelayProfile(ABC):
    """Power over delay, seen along frequency."""

    @abstractmethod
    def correlation(self, df: Float[np.ndarray, "*lags"]) -> Complex[np.ndarray, "*lags"]:
        """r(df) at distances in frequency [Hz]."""


class DopplerSpectrum(ABC):
    """Power over Doppler shift, even in it, seen along time."""

    @abstractmethod
    def correlation(self, dt: Float[np.ndarray, "*lags"]) -> Float[np.ndarray, "*lags"]:
        """r(dt) at distances in time [s]."""


@dataclass(frozen=True)
class Exponential(DelayProfile):
    """exp(-tau / delay_spread) / delay_spread, with the rms ``delay_spread`` [s]."""

    delay_spread: float

    def correlation(self, df):
        return 1 / (1 + 2j * np.pi * df * self.delay_spread)


@dataclass(frozen=True)
class Uniform(DelayProfile):
    """The same power at all delays from 0 to ``length`` [s]: what to assume where only the prefix is known."""

    length: float

    def correlation(self, df):
        return np.exp(-1j * np.pi * df * self.length) * np.sinc(df * self.length)


@dataclass(frozen=True)
class Taps(DelayProfile):
    """Powers that sum to 1, at delays [s]."""

    delays: Sequence[float]
    powers: Sequence[float]

    def __post_init__(self):
        object.__setattr__(self, "delays", tuple(self.delays))  # lists could not be hashed
        object.__setattr__(self, "powers", tuple(self.powers))

    def correlation(self, df):
        return np.exp(-2j * np.pi * df[..., None] * np.array(self.delays)) @ np.array(self.powers)


@dataclass(frozen=True)
class Jakes(DopplerSpectrum):
    """Waves from all around, J_0(2 pi max_shift dt), with shifts up to ``max_shift`` [Hz]."""

    max_shift: float

    def correlation(self, dt):
        return torch.special.bessel_j0(torch.as_tensor(2 * np.pi * self.max_shift * dt)).numpy()


@dataclass(frozen=True)
class FlatDoppler(DopplerSpectrum):
    """The same power at all shifts up to ``max_shift`` [Hz]: what to assume where only the speed's limit is known."""

    max_shift: float

    def correlation(self, dt):
        return np.sinc(2 * self.max_shift * dt)
