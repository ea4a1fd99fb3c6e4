"""Tolerances: a mean over n slots of products of channel gains of power p has a standard deviation of p / sqrt(n)."""

import math

import pytest
import torch

from semjscc.phy.channel import CDL, Array, Directional
from semjscc.phy.channel.tr38901.cdl import scaled_angles
from semjscc.phy.channel.tr38901.geometry import Directions, End
from semjscc.phy.channel.tr38901.rays import OFFSETS, offsets
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

SLOTS, CARRIER, SPREAD, SPEED = 1000, 28e9, 100e-9, 300.0
GRID = ResourceGrid(fft_size=16, guard_carriers=(0, 0), num_symbols=5, pilot_symbols=())
ONE = Array()
DOUBLE = torch.zeros((), dtype=torch.float64)


def frames(grid=GRID, antennas=1, slots=SLOTS, dtype=torch.complex128):
    return torch.zeros(slots, antennas, grid.num_symbols, grid.fft_size, dtype=dtype)


def seeded(images=1):
    return PerImage([(i,) for i in range(images)])


def angles(channel):
    """AOD, AOA, ZOD and ZOA of all rays without coupling: ``[4, clusters, rays]``, radians."""
    spread = channel.cluster_spreads[:, None, None] * torch.tensor(OFFSETS).double()
    return (channel.angles[channel.sight :].mT[..., None] + spread).deg2rad()


@pytest.mark.parametrize("model", "ABCDE")
def test_paths_have_the_powers_of_the_table(model):
    channel = CDL(model, SPREAD, CARRIER, ONE, ONE)
    assert float(channel.powers.sum()) == pytest.approx(1.0)
    power = channel.paths(frames(), GRID, seeded()).gains.abs().square().mean((0, 1, 2, 4)) / channel.powers
    torch.testing.assert_close(power, torch.ones_like(power), rtol=0, atol=5 / SLOTS**0.5)


@pytest.mark.parametrize("model", "ABCDE")
def test_delay_spread_is_as_asked_for(model):
    channel = CDL(model, SPREAD, CARRIER, ONE, ONE)
    mean = channel.powers @ channel.delays
    spread = (channel.powers @ (channel.delays - mean).square()).sqrt()
    assert spread.item() == pytest.approx(SPREAD, rel=0.01)  # the tables have four digits, and a dB one


@pytest.mark.parametrize("model", "BE")
def test_frequency_correlation_is_the_transform_of_the_delay_profile(model):
    channel = CDL(model, SPREAD, CARRIER, ONE, ONE)
    h = channel.sample(frames(), GRID, seeded())[:, 0, 0, 0]
    lags = 240e3 * torch.arange(16, dtype=torch.float64)
    expected = torch.exp(-2j * math.pi * lags[:, None] * channel.delays) @ channel.powers.to(torch.complex128)
    torch.testing.assert_close((h[:, :1].conj() * h).mean(0), expected, rtol=0, atol=4 / SLOTS**0.5)


@pytest.mark.parametrize("direction", ["uplink", "downlink"])
def test_time_correlation_is_that_of_the_rays(direction):
    """The user moves, so angles of arrival in the downlink tell the Doppler shifts, whoever sends."""
    channel = CDL("A", SPREAD, CARRIER, ONE, ONE, direction, speed=SPEED, travel=(30.0, 60.0))
    a = channel.paths(frames(), GRID, seeded()).gains[:, 0, 0] / channel.powers.sqrt()[:, None]
    _, azimuth, _, zenith = angles(channel)
    rays, heading = (Directions.at(x.flatten()[None], y.flatten()[None]).outwards[0] for x, y in (
        (azimuth[:, :, None].expand(-1, -1, 20), zenith[:, None].expand(-1, 20, -1)),  # all couplings
        (torch.tensor(math.radians(30.0)).double(), torch.tensor(math.radians(60.0)).double()),
    ))  # fmt: skip
    turn = 2 * math.pi * SPEED * CARRIER / 299792458.0 * (heading.mT @ rays)[0] / 240e3
    expected = torch.exp(1j * turn[:, None] * torch.arange(5)).mean(0)
    assert expected.abs().min() < 0.9  # the channel does change
    measured = (a[..., :1].conj() * a).mean((0, 1))
    torch.testing.assert_close(measured, expected, rtol=0, atol=4 / (SLOTS * a.shape[1]) ** 0.5)


def test_spatial_correlation_at_the_base_station_is_that_of_the_rays():
    channel = CDL("C", SPREAD, CARRIER, Array(rows=2, columns=2), ONE)
    a = channel.paths(frames(), GRID, seeded()).gains[:, :, 0, :, 0].transpose(1, 2)
    measured = (a[..., :1].conj() * a).mean(0).sum(0)
    azimuth, _, zenith, _ = angles(channel)
    rays = Directions.at(
        azimuth[:, :, None].expand(-1, -1, 20).flatten(1), zenith[:, None].expand(-1, 20, -1).flatten(1)
    )
    steering = End(channel.bs_array, torch.eye(3).double().expand(len(azimuth), -1, -1)).phasors(rays)
    expected = (channel.powers[:, None] * (steering[:, :1].conj() * steering).mean(2)).sum(0)
    torch.testing.assert_close(measured, expected, rtol=0, atol=4 / SLOTS**0.5)


@pytest.mark.parametrize(("model", "k_db"), [("D", 13.3), ("E", 22.0)])
def test_line_of_sight_has_its_power_direction_and_doppler(model, k_db):
    channel = CDL(model, SPREAD, CARRIER, Array(columns=3), ONE, speed=SPEED, travel=(170.0, 90.0))
    los = channel.paths(frames(slots=3), GRID, seeded()).gains[:, :, 0, 0]
    assert 10 * (los.abs().square() / channel.powers[1]).log10() == pytest.approx(k_db * torch.ones(3, 3, 5), rel=1e-5)
    aod, aoa, zod, zoa = channel.angles[0].deg2rad()
    step = math.pi * math.sin(zod) * math.sin(aod)
    turn = 2 * math.pi * SPEED * CARRIER / 299792458.0 / 240e3 * math.sin(zoa) * math.cos(aoa - math.radians(170.0))
    torch.testing.assert_close(los[:, 1:] / los[:, :-1], torch.full((3, 2, 5), step).double().mul(1j).exp())
    torch.testing.assert_close(los[..., 1:] / los[..., :-1], torch.full((3, 3, 4), turn).double().mul(1j).exp())
    assert (los[1:, 0, 0] / los[:-1, 0, 0]).angle().abs().min() > 0.01  # a phase of its own in each slot


@pytest.mark.parametrize(("model", "xpr_db"), [("A", 10.0), ("C", 7.0)])
def test_cross_polar_power_is_down_by_the_ratio(model, xpr_db):
    dual = Array(slants=(0.0, 90.0))
    gains = CDL(model, SPREAD, CARRIER, dual, dual).paths(frames(antennas=2), GRID, seeded()).gains
    power = gains.abs().square().sum(3).mean((0, 3))
    expected = torch.tensor([[1.0, 10 ** (-xpr_db / 10)], [10 ** (-xpr_db / 10), 1.0]]).double()
    torch.testing.assert_close(power, expected, rtol=5 / SLOTS**0.5, atol=0)


def test_line_of_sight_keeps_polarisations_apart_and_turns_the_horizontal_one():
    dual = Array(slants=(0.0, 90.0))
    gains = CDL("D", SPREAD, CARRIER, dual, dual).paths(frames(antennas=2, slots=3), GRID, seeded()).gains
    los = gains[:, :, :, 0, 0] / gains[:, :1, :1, 0, 0]
    torch.testing.assert_close(los, torch.diag(torch.tensor([1.0, -1.0])).to(los).expand(3, -1, -1))  # (7.5-29)


def test_what_goes_up_comes_down():
    arrays = Array(rows=2, slants=(-45, 45), element=Directional()), Array(columns=3)
    up, down = (CDL("D", SPREAD, CARRIER, *arrays, direction, SPEED) for direction in ("uplink", "downlink"))
    first = up.sample(frames(antennas=3, slots=4), GRID, seeded())
    torch.testing.assert_close(down.sample(frames(antennas=4, slots=4), GRID, seeded()), first.transpose(1, 2))


@pytest.mark.parametrize("direction", ["uplink", "downlink"])
def test_average_gain_is_one_for_tilted_directional_and_crossed_antennas(direction):
    bs, ut = Array(slants=(-45, 45), element=Directional()), Array()
    channel = CDL("B", SPREAD, CARRIER, bs, ut, direction, bs_orientation=(20, 10, 5), ut_orientation=(0, 60, 40))
    h = channel.sample(frames(antennas=channel.num_tx), GRID, seeded())
    power = h.abs().square().mean((1, 2, 3, 4))
    assert power.mean().item() == pytest.approx(1.0, abs=5 * power.std().item() / SLOTS**0.5)


def test_each_slot_may_have_its_own_speed():
    gains = CDL("A", SPREAD, CARRIER, ONE, ONE, speed=(0.0, SPEED)).paths(frames(), GRID, seeded()).gains
    lag = (gains[..., 1:].conj() * gains[..., :-1]).real.sum((1, 2, 3, 4)) / gains[..., 1:].abs().square().sum(
        (1, 2, 3, 4)
    )
    assert lag.max() > 0.999 > 0.8 > lag.min()


def test_without_speed_nothing_moves():
    gains = CDL("E", SPREAD, CARRIER, ONE, ONE).paths(frames(slots=5), GRID, seeded()).gains
    torch.testing.assert_close(gains, gains[..., :1].expand_as(gains))


@pytest.mark.parametrize("symbols", [1, 2, 5])
def test_a_path_turns_as_its_rays_do(symbols):
    """One ray (the line of sight) at any number of symbols, against its closed form from the first."""
    grid = ResourceGrid(fft_size=4, guard_carriers=(0, 0), num_symbols=symbols, pilot_symbols=())
    channel = CDL("D", SPREAD, CARRIER, ONE, ONE, speed=SPEED, travel=(180.0, 81.5))  # towards the line of sight
    los = channel.paths(frames(grid, slots=2), grid, seeded()).gains[:, 0, 0, 0]
    turn = 2 * math.pi * SPEED * CARRIER / 299792458.0 / 240e3
    expected = los[:, :1] * torch.exp(1j * turn * torch.arange(symbols).double())
    torch.testing.assert_close(los, expected)


def test_slots_and_images_may_be_split():
    channel = CDL("D", SPREAD, CARRIER, Array(columns=2), ONE, speed=(10.0, SPEED), normalization="slot")
    whole = channel.sample(frames(slots=6), GRID, PerImage([(0,), (1,), (2,)]))
    rng = PerImage([(0,), (1,), (2,)])
    chunks = [channel.sample(frames(slots=3), GRID, rng) for _ in range(2)]
    torch.testing.assert_close(torch.stack(chunks, 1).flatten(0, 1), whole)
    alone = channel.sample(frames(slots=2), GRID, PerImage([(1,)]))
    torch.testing.assert_close(alone, whole[2:4])


def test_single_precision_draws_the_same():
    channel = CDL("C", SPREAD, CARRIER, Array(columns=2), ONE, speed=SPEED)
    double = channel.sample(frames(slots=8), GRID, seeded())
    single = channel.sample(frames(slots=8, dtype=torch.complex64), GRID, seeded())
    assert single.dtype == torch.complex64
    torch.testing.assert_close(single.to(double), double, rtol=0, atol=1e-4)


def test_coupling_permutes_the_offsets_and_respects_sub_clusters():
    away = offsets("coupling", 300, 4, 2, DOUBLE, seeded())
    torch.testing.assert_close(away.sort(-1).values, torch.tensor(OFFSETS).double().sort().values.expand_as(away))
    first = away[:, :, :2, :10].sort(-1).values
    torch.testing.assert_close(first, torch.tensor(OFFSETS[:10]).double().sort().values.expand_as(first))
    both = (away[:, 0] * away[:, 1]).mean((0, 2))[2:]  # of unit variances; uncoupled it would be 1
    torch.testing.assert_close(both, torch.zeros_like(both), rtol=0, atol=5 / (300 * 20) ** 0.5)


def test_angles_can_be_scaled():
    channel, wanted = CDL("B", SPREAD, CARRIER, ONE, ONE), torch.tensor([5.0, 10.0, 1.0, 2.0]).double()
    angles = scaled_angles(channel.angles, channel.powers, wanted)
    mean = (channel.powers.to(torch.complex128) @ torch.exp(1j * angles.deg2rad())).abs()
    torch.testing.assert_close((-2 * mean.log()).sqrt().rad2deg(), wanted, rtol=0.05, atol=0)
    assert torch.equal(CDL("B", SPREAD, CARRIER, ONE, ONE, angle_spreads=wanted.tolist()).angles, angles)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delay_spread": -1.0}, "delay_spread=-1.0 s must not be negative"),
        ({"speed": -1.0}, "speed=-1.0 m/s must not be negative"),
        ({"speed": (3.0, 1.0)}, r"speed=\(3.0, 1.0\)"),
        ({"carrier_frequency": 0.1e9}, "0.5 to 100 GHz"),
        ({"carrier_frequency": 200e9}, "Table 7.4.1-1"),
    ],
)
def test_wrong_descriptions_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        CDL(
            **{"model": "A", "delay_spread": SPREAD, "carrier_frequency": CARRIER} | options, bs_array=ONE, ut_array=ONE
        )


def test_frames_must_come_from_the_senders_antennas():
    with pytest.raises(ValueError, match="frames of 2 antennas, but uplink sends from 1"):
        CDL("A", SPREAD, CARRIER, ONE, ONE).sample(frames(antennas=2, slots=1), GRID)
