import pytest
import sionna.phy.channel.tr38901
import torch
from sionna.phy.channel import cir_to_ofdm_channel, subcarrier_frequencies

from semjscc.phy.channel import TDL
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

SPREAD, CARRIER, SPEED, SLOTS = 300e-9, 28e9, 25.0, 1500
GRID = ResourceGrid(fft_size=32, guard_carriers=(0, 0), num_symbols=5, pilot_symbols=(), subcarrier_spacing=60e3)


def theirs(model, **options):
    tdl = sionna.phy.channel.tr38901.TDL
    return tdl(model, SPREAD, CARRIER, min_speed=SPEED, precision="double", device="cpu", **options)


@pytest.mark.parametrize("model", "ABCDE")
def test_same_power_delay_profile(model):
    ours, other = TDL(model, SPREAD, CARRIER), theirs(model)
    powers = ours.powers.clone()
    powers[0] += ours.los_power[0]
    torch.testing.assert_close(powers, other.mean_powers)
    torch.testing.assert_close(1e9 * ours.delays, 1e9 * other.delays)  # [ns]: any two delays in [s] are close


@pytest.mark.parametrize("model", "DE")
def test_same_k_factor(model):
    ours = TDL(model, SPREAD, CARRIER)
    torch.testing.assert_close(ours.los_power[0] / ours.powers[0], theirs(model).k_factor)


@pytest.mark.parametrize("model", "ABCDE")
def test_same_covariance_over_time_frequency_and_antennas(model):
    frames = torch.zeros(SLOTS, 1, 5, 32, dtype=torch.complex128)
    ours = TDL(model, SPREAD, CARRIER, SPEED, num_rx=2).sample(frames, GRID, PerImage([(0,)]))
    sionna.phy.config.seed = 0
    a, tau = theirs(model, num_rx_ant=2)(SLOTS, 5, GRID.subcarrier_spacing)
    f = subcarrier_frequencies(32, GRID.subcarrier_spacing, precision="double", device="cpu")
    other = cir_to_ofdm_channel(f, a, tau, normalize=False)[:, 0, :, 0]
    first, second = (h[..., ::4].flatten(1) for h in (ours, other))
    difference = first.mH @ first / SLOTS - second.mH @ second / SLOTS
    # each of the two means of products of unit-power normals has a standard deviation of 1 / sqrt(n) at most
    assert difference.abs().max() < 5 * (2 / SLOTS) ** 0.5


def test_same_slot_normalisation():
    channel = TDL("C", SPREAD, CARRIER, SPEED, num_rx=2, normalization="slot")
    frames = torch.zeros(4, 1, 5, 32, dtype=torch.complex128)
    gains = channel.path_gains(frames, GRID, PerImage([(0,)]))[:, None, :, None]
    delays = channel.delays.expand(4, 1, 1, -1)
    expected = cir_to_ofdm_channel(GRID.frequencies(frames), gains, delays, normalize=True)[:, 0, :, 0]
    torch.testing.assert_close(channel.sample(frames, GRID, PerImage([(0,)])), expected)
