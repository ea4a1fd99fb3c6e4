"""Tolerances: a mean over n draws of conj(a) b for unit complex normals has standard deviation 1 / sqrt(n)."""

import math

import numpy as np
import pytest
import torch
from scipy.special import j0

from semjscc.phy.channel import TDL
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

SLOTS = 3000
STILL = ResourceGrid(fft_size=64, guard_carriers=(0, 0), num_symbols=1, pilot_symbols=())
NARROW = ResourceGrid(fft_size=1, guard_carriers=(0, 0), dc_null=False, num_symbols=8, pilot_symbols=())
SPEED, CARRIER = 400.0, 28e9


def frames(grid, slots=SLOTS):
    return torch.zeros(slots, 1, grid.num_symbols, grid.fft_size, dtype=torch.complex128)


def path_gains(channel):
    return channel.path_gains(frames(NARROW), NARROW, PerImage([(0,)]))


def angle(speed):
    """w t [rad] at the symbols of NARROW."""
    return 2 * math.pi * speed / 299792458.0 * CARRIER * np.arange(8) / 240e3


@pytest.mark.parametrize("model", "ABCDE")
def test_taps_have_the_powers_of_the_table(model):
    channel = TDL(model, 100e-9, CARRIER)
    assert float(channel.powers.sum() + channel.los_power) == pytest.approx(1.0)
    power = path_gains(channel).abs().square().mean((0, 1, 2, 4))[1:] / channel.powers[1:]
    torch.testing.assert_close(power, torch.ones_like(power), rtol=0, atol=5 / SLOTS**0.5)


@pytest.mark.parametrize("model", "ABC")
def test_frequency_correlation_is_the_transform_of_the_delay_profile(model):
    channel = TDL(model, 100e-9, CARRIER)
    h = channel.sample(frames(STILL), STILL, PerImage([(0,)]))[:, 0, 0, 0]
    measured = (h[:, :1].conj() * h).mean(0).numpy()
    lags = 240e3 * np.arange(64)
    expected = np.exp(-2j * np.pi * np.outer(lags, channel.delays)) @ channel.powers.numpy()
    np.testing.assert_allclose(measured, expected, rtol=0, atol=4 / SLOTS**0.5)


def test_response_is_centred_on_dc():
    channel = TDL("A", 100e-9, CARRIER)
    h = channel.sample(frames(STILL, 5), STILL, PerImage([(0,)]))[:, 0, 0, 0, 32]
    gains = channel.path_gains(frames(STILL, 5), STILL, PerImage([(0,)]))[:, 0, 0, :, 0]
    torch.testing.assert_close(h, gains.sum(-1))


@pytest.mark.parametrize("speed", [SPEED, (200.0, 400.0)])
def test_time_correlation_is_bessel(speed):
    channel = TDL("B", 100e-9, CARRIER, speed)
    a = path_gains(channel)[:, 0, 0] / channel.powers.sqrt()[:, None]
    measured = (a[..., :1].conj() * a).mean((0, 1)).numpy()
    expected = np.mean([j0(angle(v)) for v in np.linspace(*channel.speed, 1001)], 0)
    assert abs(expected).min() < 0.3 < abs(expected).max()  # the lags reach past the main lobe
    np.testing.assert_allclose(measured, expected, rtol=0, atol=4 / (SLOTS * a.shape[1]) ** 0.5)


@pytest.mark.parametrize(("model", "k_db"), [("D", 13.3), ("E", 22.0)])
def test_line_of_sight_has_its_k_factor_and_its_doppler(model, k_db):
    channel = TDL(model, 100e-9, CARRIER, SPEED, num_rx=2)
    first, second = path_gains(channel)[:, :, 0, 0].unbind(1)  # the antennas share the line of sight only
    los, scattered = channel.los_power.item(), channel.powers[0].item()
    sigma = ((2 * los * scattered + scattered**2) / SLOTS) ** 0.5
    np.testing.assert_allclose(
        (first[:, :1].conj() * second).mean(0), los * np.exp(0.7j * angle(SPEED)), rtol=0, atol=4 * sigma
    )
    fading = (first - second).abs().square().mean() / 2  # independent of the line of sight
    assert fading.item() == pytest.approx(scattered, rel=5 / SLOTS**0.5)
    assert 10 * math.log10(los / scattered) == pytest.approx(k_db)


def test_antenna_pairs_fade_independently():
    h = TDL("A", 100e-9, CARRIER, num_rx=2).sample(frames(STILL).expand(-1, 2, -1, -1), STILL, PerImage([(0,)]))
    h = h[..., 0, 0].flatten(1)
    torch.testing.assert_close(h.mH @ h / SLOTS, torch.eye(4).to(h), rtol=0, atol=4 / SLOTS**0.5)


def test_slots_are_independent():
    h = TDL("A", 100e-9, CARRIER).sample(frames(STILL), STILL, PerImage([(0,)]))[:, 0, 0, 0, 0]
    assert (h[1:].conj() * h[:-1]).mean().abs() < 4 / (SLOTS - 1) ** 0.5


@pytest.mark.parametrize("num_symbols", [1, 2, 7, 14])
def test_path_gains_are_the_sum_of_their_sinusoids(num_symbols):
    grid = ResourceGrid(fft_size=1, guard_carriers=(0, 0), dc_null=False, num_symbols=num_symbols, pilot_symbols=())
    channel = TDL("D", 100e-9, CARRIER, SPEED, num_rx=2, num_sinusoids=5)
    x = torch.zeros(3, 2, num_symbols, 1, dtype=torch.complex128)
    rng, taps = PerImage([(1,)]), len(channel.delays)
    alpha = 2 * math.pi / 5 * (torch.arange(5) + rng.uniform("angles", (3, taps, 5), x))
    phi = 2 * math.pi * rng.uniform("fading", (3, 2, 2, taps, 5), x)
    los = 2 * math.pi * rng.uniform("line of sight", (3, 1), x)
    wt = 2 * math.pi * SPEED / 299792458.0 * CARRIER * grid.times(x)
    phase = wt[:, None] * alpha.cos()[:, None, None, :, None] + phi[..., None, :]
    expected = torch.exp(1j * phase).sum(-1) * (channel.powers / 5).sqrt()[:, None]
    expected[..., 0, :] += (channel.los_power.sqrt() * torch.exp(1j * (0.7 * wt + los)))[:, None, None]
    torch.testing.assert_close(channel.path_gains(x, grid, PerImage([(1,)])), expected)


def test_without_speed_nothing_moves():
    gains = path_gains(TDL("D", 100e-9, CARRIER, 0.0))
    torch.testing.assert_close(gains, gains[..., :1].expand_as(gains))


def test_wrong_descriptions_are_refused():
    with pytest.raises((ValueError, TypeError), match=r"(?s)'F'.*A.*B.*C.*D.*E"):  # TypeError: beartype's
        TDL("F", 100e-9, CARRIER)
    with pytest.raises(ValueError, match=r"delay_spread=-1\.0 s must not be negative"):
        TDL("A", -1.0, CARRIER)
    with pytest.raises(ValueError, match=r"speed=\(3.0, 1.0\)"):
        TDL("A", 100e-9, CARRIER, (3.0, 1.0))
