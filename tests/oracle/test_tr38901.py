"""The ray-based channels against Sionna 2.2's own draws: the same users, the same arrays, other chance.

Distributions are compared by Kolmogorov and Smirnov at 1e-4 a test (the distance of two samples of n stays below
2.23 sqrt(2 / n)); covariances entry by entry, within 5 of the standard deviations that the samples themselves show.
"""

import math

import pytest
import sionna.phy
import torch
from scipy.stats import ks_2samp
from sionna.phy.channel import cir_to_ofdm_channel, subcarrier_frequencies, tr38901

from semjscc.phy.channel import CDL, Array, Directional, Omni, RMa, UMa, UMi, Users
from semjscc.phy.channel.tr38901.geometry import Directions
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

DROPS, SPACING = 800, 240e3
GRID = ResourceGrid(fft_size=8, guard_carriers=(0, 0), num_symbols=3, pilot_symbols=(), subcarrier_spacing=SPACING)
DOUBLE = {"precision": "double", "device": "cpu"}
LIKE = torch.zeros((), dtype=torch.float64)
CELLS = {
    UMa: (28e9, (35.0, 500.0), (1.5, 22.5)),
    UMi: (28e9, (10.0, 300.0), (1.5, 22.5)),
    RMa: (3e9, (35.0, 3000.0), (1.5, 5.0)),
}
STATES = {"LoS": (0.0, True, "uplink"), "NLoS": (0.0, False, "downlink"), "O2I": (1.0, True, "uplink")}
BS, UT = Array(slants=(-45.0, 45.0), element=Directional()), Array(columns=2)
DOWNTILT = 10.0  # [deg]
MODELS = pytest.mark.parametrize("model", CELLS, ids=lambda model: model.__name__)


def seeded(seed=0):
    return PerImage([(seed,)])


def panel(array, carrier):
    """The same array; Sionna's panels of one row have our order but for crossed pairs of several columns."""
    return tr38901.PanelArray(
        num_rows_per_panel=array.rows,
        num_cols_per_panel=array.columns,
        polarization="single" if len(array.slants) == 1 else "dual",
        polarization_type="V" if len(array.slants) == 1 else "cross",
        antenna_pattern="38.901" if isinstance(array.element, Directional) else "omni",
        carrier_frequency=carrier,
        **DOUBLE,
    )


def ours(model, state, version="V19.2", **options):
    carrier, distance, height = CELLS[model]
    indoor, sight, direction = STATES[state]
    users = Users(distance, height=height, indoor=indoor, speed=(10.0, 40.0), tilted=True)
    given = {"sight": sight, "direction": direction, "downtilt": DOWNTILT, "normalization": "none"} | options
    return model(carrier, BS, UT, users, version=version, **given)


def theirs(channel, user, los, seed=1, walls="low"):
    """Sionna's channel with our users in it."""
    sionna.phy.config.seed = seed
    options = {} if isinstance(channel, RMa) else {"o2i_model": walls}
    arrays = {"ut_array": panel(UT, channel.carrier_frequency), "bs_array": panel(BS, channel.carrier_frequency)}
    other = getattr(tr38901, channel.scenario)(
        carrier_frequency=channel.carrier_frequency,
        direction=channel.direction,
        spec_version=channel.version[1:],
        always_generate_lsp=False,
        **arrays,
        **options,
        **DOUBLE,
    )
    mast = torch.tensor([0.0, 0.0, channel.mast]).double().expand(len(user.location), 1, 3)
    tilt = torch.tensor([0.0, math.radians(DOWNTILT), 0.0]).double().expand(len(user.location), 1, 3)
    moving = (user.orientation[:, None], tilt, user.velocity[:, None], user.indoor[:, None])
    other.set_topology(user.location[:, None], mast, *moving, los=los, distance_2d_in=user.depth[:, None])
    return other


def assert_same_distribution(first, second, what):
    first, second = first.flatten(), second.flatten()
    distance = ks_2samp(first.numpy(), second.numpy(), method="asymp").statistic
    assert distance < 2.23 * (1 / len(first) + 1 / len(second)) ** 0.5, f"{what}: {distance}"


def assert_same_covariance(first, second):
    """Of the entries of ``[drops, ...]``."""
    moments = []
    for h in (first.flatten(1), second.flatten(1)):
        products = (h[:, :, None].conj() * h[:, None]).flatten(1)
        moments.append((products.mean(0), products.var(0) / len(h)))
    (one, spread), (other, more) = moments
    assert ((one - other).abs() / (spread + more).sqrt()).max() < 5


def circular_spread(powers, angles):
    """Of rays ``[drops, clusters, rays]`` of equal power in a cluster [deg]."""
    mean = (powers[..., None] * torch.exp(1j * angles)).mean(2).sum(1) / powers.sum(1)
    return (-2 * mean.abs().log()).sqrt().rad2deg()


def mean_direction(powers, angles):
    """Of rays ``[drops, clusters, rays]`` of equal power in a cluster [rad]."""
    return (powers[..., None] * torch.exp(1j * angles)).mean(2).sum(1).angle()


def delay_spread(powers, delays):
    powers = powers / powers.sum(1, keepdim=True)
    mean = (powers * delays).sum(1, keepdim=True)
    return (powers * (delays - mean).square()).sum(1).sqrt()


def test_same_element_pattern():
    azimuth, zenith = math.pi * torch.rand(2, 1, 1000, dtype=torch.float64) * torch.tensor([[[2.0]], [[1.0]]])
    azimuth = azimuth - math.pi
    for element, name in ((Directional(), "38.901"), (Omni(), "omni")):
        field, _ = tr38901.AntennaElement(name, 0.0, **DOUBLE).field(zenith, azimuth)
        torch.testing.assert_close(element.gain(Directions.at(azimuth, zenith).outwards), field.square())


@MODELS
def test_same_probability_of_a_line_of_sight(model):
    channel = ours(model, "O2I", sight=None)
    user = channel.drop(DROPS, LIKE, seeded())
    expected = theirs(channel, user, "random")._scenario.los_probability[:, 0, 0]
    torch.testing.assert_close(channel.sight_probability(user.ground - user.depth, user.height), expected)


@MODELS
@pytest.mark.parametrize("state", STATES)
def test_same_large_scale_parameters(model, state):
    channel = ours(model, state)
    user = channel.drop(DROPS, LIKE, seeded())
    large = channel.large_scale(user, channel.tabled(user), seeded())
    other = theirs(channel, user, STATES[state][1])._lsp
    pairs = {
        "loss": (large.loss_db, other.pathloss),
        "shadowing": (large.shadowing_db, 10 * other.sf.log10()),
        "K": (large.k_db, 10 * other.k_factor.log10()),
        "DS": (large.delay_spread.log10(), other.ds.log10()),
    }
    pairs |= {
        name: (getattr(large, name).log10(), getattr(other, name).log10()) for name in ("asd", "asa", "zsd", "zsa")
    }
    for name, (one, two) in pairs.items():
        assert_same_distribution(one, two, name)
    varied = [name for name in pairs if name != "loss" and pairs[name][0].std() > 1e-6]
    first, second = (torch.corrcoef(torch.stack([pairs[name][i].flatten() for name in varied])) for i in (0, 1))
    assert (first - second).abs().max() < 5 * (2 / DROPS) ** 0.5


@MODELS
@pytest.mark.parametrize("sight", [True, False])
def test_same_path_loss_outdoors(model, sight):
    channel = ours(model, "LoS" if sight else "NLoS")
    user = channel.drop(DROPS, LIKE, seeded())
    user.height.clamp_(max=13.0)  # above it, chance sets the height of the environment
    expected = theirs(channel, user, sight)._scenario.basic_pathloss[:, 0, 0]
    torch.testing.assert_close(channel.basic_loss(user), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("version", ["V19.2", "V16.1"])
@pytest.mark.parametrize("walls", ["low", "high"])
def test_same_penetration_loss(walls, version):
    channel = ours(UMa, "O2I", version, walls=walls)
    user = channel.drop(DROPS, LIKE, seeded())
    large = channel.large_scale(user, channel.tabled(user), seeded())
    other = theirs(channel, user, True, walls=walls)
    wall = large.loss_db[:, 0] - channel.basic_loss(user)
    assert_same_distribution(wall, (other._lsp.pathloss - other._scenario.basic_pathloss)[:, 0, 0], "wall")


def compare_rays(model, state, version):
    """Spreads and mean directions of the rays, delay spread and gain of the paths, covariance of the response."""
    channel = ours(model, state, version)
    user = channel.drop(DROPS, LIKE, seeded())
    other = theirs(channel, user, STATES[state][1])
    other.return_rays = True
    gains, delays, rays = other(GRID.num_symbols, SPACING)
    scene, mine = channel.around(user, seeded()), channel.paths(frames(channel), GRID, seeded())
    ends = {"bs": "oa", "ut": "od"} if channel.direction == "uplink" else {"bs": "od", "ut": "oa"}
    for end, letters in ends.items():
        for name, letter in (("azimuth", "a"), ("zenith", "z")):
            angles = getattr(scene.rays, f"{end}_{name}")
            angles = angles if letter == "a" else torch.acos(torch.cos(angles))
            first, second = (
                (scene.rays.powers, angles),
                (rays.powers[:, 0, 0], getattr(rays, letter + letters)[:, 0, 0]),
            )
            assert_same_distribution(circular_spread(*first), circular_spread(*second), f"{name} spread at {end}")
            straight = getattr(user, f"{name}s")[:, int(end == "ut")]
            means = (mean_direction(p, angles - straight[:, None, None]) for p, angles in (first, second))
            assert_same_distribution(*means, f"mean {name} at {end}")
    powers = [a.abs().square().mean((1, 2, 4)) for a in (mine.gains, gains[:, 0, :, 0])]
    assert_same_distribution(powers[0].sum(1).log10(), powers[1].sum(1).log10(), "gain")
    assert_same_distribution(delay_spread(powers[0], mine.delays), delay_spread(powers[1], delays[:, 0, 0]), "DS")
    some = slice(None, None, 50)  # of many independent rays
    xpr = -2 * scene.rays.cross.log10().flatten()[some], rays.xpr.log10().flatten()[some]
    assert_same_distribution(*xpr, "cross-polar ratio")
    f = subcarrier_frequencies(GRID.fft_size, SPACING, **DOUBLE)
    expected = cir_to_ofdm_channel(f, gains, delays, normalize=True)[:, 0, :, 0]
    h = mine.response(GRID)
    h = h / h.abs().square().mean((1, 2, 3, 4), keepdim=True).sqrt()
    assert_same_covariance(h[..., ::2, ::3], expected[..., ::2, ::3])


def frames(channel, grid=GRID):
    return torch.zeros(DROPS, channel.num_tx, grid.num_symbols, grid.fft_size, dtype=torch.complex128)


@MODELS
@pytest.mark.parametrize("state", STATES)
def test_same_rays_paths_and_responses(model, state):
    compare_rays(model, state, "V19.2")


@pytest.mark.slow
@pytest.mark.parametrize("model", [UMa, UMi])
@pytest.mark.parametrize("state", STATES)
def test_same_with_the_older_tables(model, state):
    compare_rays(model, state, "V16.1")


@pytest.mark.parametrize("model", "ABCDE")
def test_same_cdl_profile(model):
    """Ours has a path of its own for the line of sight."""
    carrier, channel = 28e9, CDL(model, 100e-9, 28e9, Array(), Array(), "downlink")
    other = tr38901.CDL(model, 100e-9, carrier, panel(Array(), carrier), panel(Array(), carrier), **DOUBLE)
    sight = channel.sight
    torch.testing.assert_close(1e9 * channel.delays[sight:], 1e9 * other._delays)
    torch.testing.assert_close(channel.powers[sight:] / channel.powers[sight:].sum(), other._powers)
    k = channel.powers[:sight].sum() / channel.powers[sight:].sum()
    torch.testing.assert_close(k, other._k_factor)


@pytest.mark.parametrize(
    ("model", "direction"), [("A", "uplink"), ("C", "downlink"), ("D", "uplink"), ("E", "downlink")]
)
def test_same_cdl_covariance_over_time_frequency_and_antennas(model, direction):
    carrier, speed, azimuth, zenith = 28e9, 60.0, 40.0, 70.0
    orientations = {"bs_orientation": (20.0, 10.0, 5.0), "ut_orientation": (140.0, 25.0, -50.0)}
    turned = {name: torch.tensor(angles).double().deg2rad() for name, angles in orientations.items()}
    level = math.sin(math.radians(zenith))
    heading = [
        level * math.cos(math.radians(azimuth)),
        level * math.sin(math.radians(azimuth)),
        math.cos(math.radians(zenith)),
    ]
    velocity = speed * torch.tensor(heading).double()
    sionna.phy.config.seed = 2
    other = tr38901.CDL(
        model,
        100e-9,
        carrier,
        panel(UT, carrier),
        panel(BS, carrier),
        direction,
        ut_velocity=velocity,
        **turned,
        **DOUBLE,
    )
    gains, delays = other(DROPS, GRID.num_symbols, SPACING)
    f = subcarrier_frequencies(GRID.fft_size, SPACING, **DOUBLE)
    expected = cir_to_ofdm_channel(f, gains, delays)[:, 0, :, 0]
    channel = CDL(
        model, 100e-9, carrier, BS, UT, direction, speed, (azimuth, zenith), **orientations, normalization="none"
    )
    h = channel.sample(frames(channel), GRID, seeded())
    assert_same_covariance(h[..., ::2, ::3], expected[..., ::2, ::3])
