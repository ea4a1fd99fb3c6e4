import numpy as np
import pytest
import torch
from scipy.special import j0

from semjscc.phy.channel import TDL
from semjscc.phy.correlation import Exponential, FlatDoppler, Jakes, Taps, Uniform
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

LAGS = np.linspace(-3e7, 3e7, 41)  # [Hz]


def transform(tau, density):
    """r(df) of a density over delay, by the trapezoid rule."""
    return np.trapezoid(density * np.exp(-2j * np.pi * LAGS[:, None] * tau), tau)


@pytest.mark.parametrize(
    ("profile", "tau", "density"),
    [
        (Exponential(50e-9), np.linspace(0, 2e-6, 200001), lambda tau: np.exp(-tau / 50e-9) / 50e-9),
        (Uniform(300e-9), np.linspace(0, 300e-9, 20001), lambda tau: np.full_like(tau, 1 / 300e-9)),
    ],
)
def test_correlation_is_the_transform_of_the_profile(profile, tau, density):
    np.testing.assert_allclose(profile.correlation(LAGS), transform(tau, density(tau)), atol=1e-5)


def test_a_flat_doppler_spectrum_is_the_mean_over_its_shifts():
    dt, shifts = np.linspace(0, 1e-3, 9), np.linspace(-2e3, 2e3, 100001)
    mean = np.exp(2j * np.pi * shifts * dt[:, None]).mean(1)
    np.testing.assert_allclose(FlatDoppler(2e3).correlation(dt), mean, atol=1e-4)


def test_jakes_is_the_bessel_function():
    dt = np.linspace(-1e-3, 1e-3, 9)
    np.testing.assert_allclose(Jakes(3e3).correlation(dt), j0(2 * np.pi * 3e3 * dt), atol=1e-12)


def test_a_tapped_delay_line_correlates_as_its_taps():
    """Complex fades of mean product r and variance 1 are known to sqrt(1 / draws)."""
    draws, grid = 4000, ResourceGrid(fft_size=12, guard_carriers=(0, 0), num_symbols=4, pilot_symbols=(0,))
    channel = TDL("C", 300e-9, 28e9, speed=30.0)
    h = channel.sample(torch.zeros(draws, 1, 4, 12, dtype=torch.complex128), grid, PerImage([(0,)]))[:, 0, 0].numpy()
    df, dt = np.arange(12) * 240e3, np.arange(4) / 240e3
    profile, spectrum = Taps(channel.delays.tolist(), channel.powers.tolist()), Jakes(30.0 * 28e9 / 299792458.0)
    expected = spectrum.correlation(dt)[:, None] * profile.correlation(df)
    np.testing.assert_allclose((h * h[:, :1, :1].conj()).mean(0), expected, atol=5 * draws**-0.5)
