"""Drops of users and what surrounds them. Tolerances: k sigma / sqrt(n)."""

import math
from dataclasses import replace

import pytest
import torch

from semjscc.phy.channel import Array, Directional, RMa, UMa, UMi, Users
from semjscc.phy.channel.tr38901.clusters import Clusters, LargeScale, draw_angles
from semjscc.phy.channel.tr38901.rays import path_gains
from semjscc.phy.channel.tr38901.tables import CORRELATED, STATES, Table
from semjscc.phy.channel.tr38901.users import drop
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

DROPS, ONE = 1000, Array()
GRID = ResourceGrid(fft_size=8, guard_carriers=(0, 0), num_symbols=3, pilot_symbols=())
DOUBLE = torch.zeros((), dtype=torch.float64)
CELLS = {UMa: (28e9, (35.0, 500.0)), UMi: (28e9, (10.0, 300.0)), RMa: (3e9, (35.0, 3000.0))}
MODELS = pytest.mark.parametrize("model", CELLS, ids=lambda model: model.__name__)


def cell(model, bs=ONE, ut=ONE, frequency=None, users=None, **options):
    carrier, distance = CELLS[model]
    given = {
        option: options.pop(option) for option in list(options) if option in ("indoor", "speed", "height", "tilted")
    }
    return model(frequency or carrier, bs, ut, users or Users(distance, **given), **options)


def seeded(images=1):
    return PerImage([(i,) for i in range(images)])


def frames(antennas=1, slots=DROPS, dtype=torch.complex128):
    return torch.zeros(slots, antennas, GRID.num_symbols, GRID.fft_size, dtype=dtype)


def users_at(distance, height=1.5, mast=25.0, indoor=0.0):
    """One upright user at each distance, on the x axis."""
    distance = torch.as_tensor(distance).double()
    uniform = torch.full((len(distance), 14), 0.5).double()
    user = drop(Users((1.0, 2.0), height=height, indoor=indoor), mast, 0.0, uniform)
    location = torch.stack([distance, torch.zeros_like(distance), torch.full_like(distance, height)], 1)
    return replace(user, location=location)


def seen(user, sight=True):
    return replace(user, sight=torch.full_like(user.sight, sight))


# ------------------------------------------------------------------------------------------------------------ users


def test_users_fill_the_sector_evenly():
    users = Users((20.0, 100.0), sector=90.0, height=(1.5, 10.0), indoor=0.3, speed=(5.0, 10.0))
    user = drop(users, 25.0, 25.0, seeded().uniform("drop", (DROPS, 14), DOUBLE))
    area = (user.ground**2 - 20.0**2) / (100.0**2 - 20.0**2)
    speed, turn = user.velocity.norm(dim=1), torch.atan2(user.velocity[:, 1], user.velocity[:, 0])
    evenly = [area, user.azimuths[:, 0] / (math.pi / 2) + 0.5, (user.height - 1.5) / 8.5, (speed - 5) / 5]
    evenly += [turn / (2 * math.pi) % 1.0, user.orientation[:, 0] / (2 * math.pi)]
    for uniform in evenly:  # Kolmogorov and Smirnov at 1e-5
        ranks = torch.arange(DROPS).double() / DROPS
        assert (uniform.sort().values - ranks).abs().max() < 2.47 / DROPS**0.5
    assert user.indoor.double().mean().item() == pytest.approx(0.3, abs=4 * (0.21 / DROPS) ** 0.5)
    torch.testing.assert_close(user.velocity[:, 2], torch.zeros(DROPS).double())
    assert torch.equal(user.depth > 0, user.indoor)
    assert user.depth[user.indoor].mean().item() == pytest.approx(25 / 3, rel=0.1)  # the lesser of two


def test_straight_lines_point_at_each_other():
    user = users_at([30.0], height=1.5)
    assert user.azimuths[0].tolist() == pytest.approx([0.0, math.pi])
    assert user.zeniths[0, 0].item() == pytest.approx(math.pi / 2 + math.atan(23.5 / 30.0))
    assert user.zeniths.sum().item() == pytest.approx(math.pi)
    assert user.distance.item() == pytest.approx(math.hypot(30.0, 23.5))


# ------------------------------------------------------------------------- line of sight, path loss: closed forms


@pytest.mark.parametrize(
    ("model", "distance", "height", "probability"),
    [
        (UMa, 18.0, 1.5, 1.0),
        (UMa, 100.0, 1.5, 0.18 + math.exp(-100 / 63) * 0.82),
        (UMa, 100.0, 23.0, (0.18 + math.exp(-100 / 63) * 0.82) * (1 + 1.25 * math.exp(-100 / 150))),
        (UMi, 100.0, 1.5, 0.18 + math.exp(-100 / 36) * 0.82),
        (RMa, 10.0, 1.5, 1.0),
        (RMa, 1010.0, 1.5, math.exp(-1)),
    ],
)
def test_probability_of_a_line_of_sight(model, distance, height, probability):
    at = torch.tensor([distance]).double(), torch.tensor([height]).double()
    assert cell(model).sight_probability(*at).item() == pytest.approx(probability)


@MODELS
def test_lines_of_sight_are_drawn_with_their_probability(model):
    channel = cell(model, indoor=0.5)
    user = channel.drop(DROPS, DOUBLE, seeded())
    expected = channel.sight_probability(user.ground - user.depth, user.height).mean().item()
    assert user.sight.double().mean().item() == pytest.approx(expected, abs=4 * (0.25 / DROPS) ** 0.5)
    assert torch.equal(user.state == 2, user.indoor)
    assert torch.equal(user.state == 0, user.sight & ~user.indoor)


@pytest.mark.parametrize(
    ("model", "mast", "los", "nlos"),
    [
        (UMa, 25.0, lambda d: 28 + 22 * d + 20 * math.log10(28), lambda d: 13.54 + 39.08 * d + 20 * math.log10(28)),
        (UMi, 10.0, lambda d: 32.4 + 21 * d + 20 * math.log10(28), lambda d: 22.4 + 35.3 * d + 21.3 * math.log10(28)),
    ],
)
def test_urban_path_loss(model, mast, los, nlos):
    user = users_at([200.0], mast=mast)
    d = math.log10(math.hypot(200.0, mast - 1.5))
    assert cell(model).basic_loss(seen(user)).item() == pytest.approx(los(d))
    assert cell(model).basic_loss(user).item() == pytest.approx(nlos(d))


def test_rural_path_loss_is_nearly_free_space_at_low_frequencies():
    user = users_at([1000.0], mast=35.0)
    d = user.distance.item()
    free = 20 * math.log10(4 * math.pi * d * 3e9 / 299792458.0)
    assert cell(RMa).basic_loss(seen(user)).item() == pytest.approx(free, abs=3.0)
    assert cell(RMa).basic_loss(user).item() > free + 10.0


@MODELS
def test_path_loss_rises_without_a_jump_and_faster_beyond_the_kink(model):
    channel = cell(model, frequency=0.7e9)  # kinks within reach: 4 x 24 x 0.5 x f / c = 112 m for UMa
    distance = torch.linspace(20.0, 5000.0, 20000).double()
    loss = channel.basic_loss(seen(users_at(distance, mast=channel.mast)))
    steps = loss.diff()
    assert steps.min() > 0
    assert steps.max() < 0.3
    decade = channel.basic_loss(seen(users_at([500.0, 5000.0], mast=channel.mast))).diff().item()
    assert 37.0 < decade < 41.0 or model is RMa
    assert torch.all(channel.basic_loss(users_at(distance, mast=channel.mast)) >= loss)


@pytest.mark.parametrize(("version", "walls", "loss"), [
    ("V19.2", "low", 5 - 10 * math.log10(0.3 * 10**-0.76 + 0.7 * 10**-11.7)),
    ("V19.2", "high", 5 - 10 * math.log10(0.7 * 10**-2.848 + 0.3 * 10**-11.7)),
    ("V16.1", "high", 5 - 10 * math.log10(0.7 * 10**-3.14 + 0.3 * 10**-11.7)),
])  # fmt: skip
def test_walls_weaken(version, walls, loss):
    channel = cell(UMa, version=version, walls=walls)
    user = replace(users_at([100.0], indoor=1.0), depth=torch.tensor([8.0]).double())
    outside = channel.basic_loss(user)
    inside = channel.loss_db(user, torch.zeros(1, 2).double())
    assert (inside - outside).item() == pytest.approx(loss + 4.0)


def test_vehicles_weaken_in_the_country():
    user, normal = users_at([100.0], mast=35.0), torch.tensor([[7.0, 1.0]]).double()
    assert (cell(RMa).loss_db(user, normal) - cell(RMa).basic_loss(user)).item() == pytest.approx(14.0)


# ------------------------------------------------------------------------------------------- large-scale parameters


@pytest.mark.parametrize(("version", "nanoseconds"), [("V19.2", (65, 217)), ("V16.1", (80, 266))])
def test_median_delay_spreads_of_uma_at_28_ghz(version, nanoseconds):
    table = Table("UMa", version, 28.0)
    medians = 1e9 * 10 ** table.values[:, table.columns["mu DS"]]
    assert medians[:2].tolist() == pytest.approx(nanoseconds, rel=0.015)


@MODELS
@pytest.mark.parametrize("state", STATES)
def test_large_scale_parameters_have_the_tables_moments(model, state):
    channel = cell(model, indoor=float(state == "O2I"), sight=state == "LoS")
    user = channel.drop(DROPS, DOUBLE, seeded())
    p = channel.tabled(user)
    large = channel.large_scale(user, p, seeded())
    spreads = {"DS": large.delay_spread, "ASD": large.asd, "ASA": large.asa, "ZSD": large.zsd, "ZSA": large.zsa}
    drawn = {"SF": large.shadowing_db, "K": large.k_db} | {name: x.log10() for name, x in spreads.items()}
    kept = torch.ones(DROPS, dtype=torch.bool)
    for name, most in {"ASD": 104.0, "ASA": 104.0, "ZSD": 52.0, "ZSA": 52.0}.items():
        kept &= spreads[name][:, 0] < most
    scores = []
    for name in CORRELATED:
        mean, sigma = p.get(f"mu {name}", torch.zeros(1, 1)), p[f"sigma {name}"]
        scores.append(((drawn[name] - mean) / sigma)[:, 0] if sigma.min() > 0 else torch.randn(DROPS).double())
    scores = torch.stack(scores)
    assert torch.all(scores.median(1).values.abs() < 4 * (math.pi / 2 / DROPS) ** 0.5)
    expected = channel.table.roots[STATES.index(state)] @ channel.table.roots[STATES.index(state)].mT
    fixed = torch.tensor([name == "K" and state != "LoS" for name in CORRELATED])
    measured = torch.corrcoef(scores[:, kept])
    free = ~(fixed[:, None] | fixed)
    tolerance = 5 / kept.sum() ** 0.5 + 1.0 * (~kept).double().mean()  # those at the limits are left out
    torch.testing.assert_close(measured[free], expected[free], rtol=0, atol=tolerance.item())


# ------------------------------------------------------------------------------------------------------- small scale


@MODELS
@pytest.mark.parametrize("sight", [True, False])
def test_powers_sum_to_one_but_for_removed_clusters(model, sight):
    scene = cell(model, sight=sight).scene(DROPS, DOUBLE, seeded())
    powers = scene.rays.powers
    total = powers.sum(1) + scene.single[0].powers[:, 0]
    assert total.max() < 1 + 1e-9
    assert total.min() > 0.9  # each of the removed ones is 25 dB down
    kept = torch.where(powers > 0, powers, torch.inf).amin(1)
    assert torch.all(kept >= 10**-2.5 * powers.amax(1))
    assert torch.all(powers[:, :-1] >= powers[:, 1:])  # the strongest first


def test_clusters_are_as_many_as_the_table_says():
    for sight, count in ((True, 12), (False, 20)):
        powers = cell(UMa, sight=sight).scene(DROPS, DOUBLE, seeded()).rays.powers
        assert (powers > 0).sum(1).max() == count


@pytest.mark.parametrize("sight", [True, False])
def test_delay_spread_of_the_clusters_is_about_the_one_drawn(sight):
    channel = cell(UMa, sight=sight)
    user = channel.drop(DROPS, DOUBLE, seeded())
    large = channel.large_scale(user, channel.tabled(user), seeded())
    scene = channel.around(user, seeded())
    power = torch.cat([scene.single[0].powers, *[scene.rays.powers[:, i : i + 1] / 3 for i in (0, 0, 0, 1, 1, 1)],
                       scene.rays.powers[:, 2:]], 1)  # fmt: skip
    power = power / power.sum(1, keepdim=True)
    mean = (power * scene.delays).sum(1, keepdim=True)
    spread = (power * (scene.delays - mean).square()).sum(1).sqrt()
    assert (spread / large.delay_spread[:, 0]).median().item() == pytest.approx(1.0, abs=0.25)


def test_sub_clusters_come_later():
    delays = 1e9 * cell(UMi, sight=False).scene(5, DOUBLE, seeded()).delays  # c_DS of UMi: 11 ns
    steps = torch.tensor([11 * 1.28, 11 * 1.28]).double()
    torch.testing.assert_close(delays[:, 1:4].diff(), steps.expand(5, -1))
    torch.testing.assert_close(delays[:, 4:7].diff(), steps.expand(5, -1))
    assert torch.equal(delays[:, 0], torch.zeros(5).double())


@MODELS
@pytest.mark.parametrize("sight", [True, False])
def test_with_a_line_of_sight_the_first_cluster_comes_from_there(model, sight):
    channel = cell(model, sight=sight)
    user, scene = channel.drop(50, DOUBLE, seeded()), channel.scene(50, DOUBLE, seeded())
    starts = torch.cat([scene.delays[:, [1, 4]], scene.delays[:, 7:]], 1).where(scene.rays.powers > 0, torch.inf)
    cluster = starts.argmin(1)
    for kind, towards in (("azimuth", user.azimuths), ("zenith", user.zeniths)):
        for end, direction in zip(("bs", "ut"), towards.unbind(1), strict=True):
            rays = getattr(scene.rays, f"{end}_{kind}")[torch.arange(50), cluster]
            near = (rays.mean(1) - direction).abs() < 1e-9  # the offsets of rays cancel
            assert torch.all(near) if sight else not torch.any(near)


def test_clusters_of_equal_power_differ_by_a_seventh_of_the_spread_and_weak_ones_lie_further_out():
    p = {"C phi": torch.tensor([[1.289]]), "C theta": torch.tensor([[1.178]])}
    spreads = [torch.tensor([[x]]) for x in (10.0, 20.0, 3.0, 5.0)]
    zero = torch.zeros(1, 1)
    large = LargeScale(zero, zero, zero, zero, *spreads)
    powers = torch.tensor([[0.4, 0.4, 0.2]])
    clusters = Clusters(torch.zeros(1, 3), powers, torch.tensor([[True, False, False]]))
    uniform, normal = torch.tensor([0.1, 0.9, 0.9]).expand(1, 4, 3), torch.tensor([1.0, 2.0, 0.0]).expand(1, 4, 3)
    away = draw_angles(p, large, torch.tensor([[False]]), clusters, uniform, normal)
    expected = torch.tensor([[1 / 7, 2 / 7]]) * torch.cat(spreads)
    torch.testing.assert_close(away[0, :, :2], expected)
    azimuth, zenith = 2 / 1.4 * math.log(2) ** 0.5 / 1.289, math.log(2) / 1.178  # (7.5-9), (7.5-14)
    weak = torch.tensor([10 * azimuth, 20 * azimuth, 3 * zenith, 5 * zenith])
    torch.testing.assert_close(away[0, :, 2], weak)


def test_line_of_sight_has_the_phase_of_its_length_and_the_steering_of_its_direction():
    channel = cell(UMa, bs=Array(columns=2), sight=True, speed=30.0)
    scene = channel.scene(50, DOUBLE, seeded())
    user = channel.drop(50, DOUBLE, seeded())
    gains = channel.paths(frames(slots=50), GRID, seeded()).gains[:, :, 0, 0]
    square = (gains[:, 0] * gains[:, 1])[:, 0]  # both phases: twice that of the middle between the elements
    expected = torch.exp(-4j * math.pi * user.distance / channel.wavelength)
    torch.testing.assert_close(square / square.abs(), expected)
    steering = torch.exp(1j * math.pi * user.azimuths[:, 0].sin() * user.zeniths[:, 0].sin())
    torch.testing.assert_close(gains[:, 1, 0] / gains[:, 0, 0], steering)
    towards = -(user.location - torch.tensor([0.0, 0.0, 25.0])) / user.distance[:, None]
    turn = 2 * math.pi * (towards * scene.velocity).sum(1) / channel.wavelength / 240e3
    torch.testing.assert_close(gains[:, 0, 1] / gains[:, 0, 0], torch.exp(1j * turn))


@MODELS
@pytest.mark.parametrize("direction", ["uplink", "downlink"])
def test_average_gain_is_one(model, direction):
    bs = Array(slants=(-45, 45), element=Directional())
    channel = cell(model, bs, ONE, direction=direction, indoor=0.3, tilted=True, downtilt=5.0)
    power = channel.sample(frames(channel.num_tx), GRID, seeded(2)).abs().square().mean((1, 2, 3, 4))
    assert power.mean().item() == pytest.approx(1.0, abs=5 * power.std().item() * (2 / DROPS) ** 0.5)


@MODELS
def test_path_loss_and_shadowing_stay_in_only_where_nothing_is_normalised(model):
    options = {"normalization": "none", "indoor": 0.3}
    full = cell(model, **options).sample(frames(slots=200), GRID, seeded())
    bare = cell(model, **options, path_loss=False, shadowing=False).sample(frames(slots=200), GRID, seeded())
    channel = cell(model, **options)
    user = channel.drop(200, DOUBLE, seeded())
    large = channel.large_scale(user, channel.tabled(user), seeded())
    gain_db = 20 * (full / bare).abs().log10()[:, 0, 0, 0, 0]
    torch.testing.assert_close(gain_db, (large.shadowing_db - large.loss_db)[:, 0])
    power = bare.abs().square().mean((1, 2, 3, 4))
    average = cell(model, indoor=0.3).sample(frames(slots=200), GRID, seeded())
    ratio = average.abs().square().mean((1, 2, 3, 4)) / power
    torch.testing.assert_close(ratio, ratio[:1].expand(200))


@MODELS
def test_slots_have_unit_gain_where_asked(model):
    h = cell(model, Array(columns=2), normalization="slot").sample(frames(slots=20), GRID, seeded())
    torch.testing.assert_close(h.abs().square().mean((1, 2, 3, 4)), torch.ones(20).double())


def test_what_goes_up_comes_down():
    arrays = Array(rows=2, slants=(-45, 45), element=Directional()), Array(columns=3)
    up, down = (cell(UMa, *arrays, direction=direction, speed=30.0) for direction in ("uplink", "downlink"))
    first = up.sample(frames(3, slots=8), GRID, seeded())
    torch.testing.assert_close(down.sample(frames(4, slots=8), GRID, seeded()), first.transpose(1, 2))


def test_slots_and_images_may_be_split():
    channel = cell(UMa, indoor=0.5, speed=(10.0, 30.0), normalization="slot")
    whole = channel.sample(frames(slots=6), GRID, seeded(3))
    rng = seeded(3)
    chunks = [channel.sample(frames(slots=3), GRID, rng) for _ in range(2)]
    torch.testing.assert_close(torch.stack(chunks, 1).flatten(0, 1), whole)
    torch.testing.assert_close(channel.sample(frames(slots=2), GRID, PerImage([(1,)])), whole[2:4])


def test_single_precision_draws_the_same():
    channel = cell(UMi, Array(columns=2), speed=20.0, normalization="slot")
    double = channel.sample(frames(slots=30), GRID, seeded())
    single = channel.sample(frames(slots=30, dtype=torch.complex64), GRID, seeded())
    assert single.dtype == torch.complex64
    torch.testing.assert_close(single.to(double), double, rtol=0, atol=0.05)  # 200 m are 2e4 wavelengths


def test_received_power_falls_as_the_user_walks_away():
    """The gradient of the mean gain with respect to where users are is that of path loss, on average over phases."""
    channel = cell(UMa, normalization="none", sight=False, shadowing=False)
    user = channel.drop(10, DOUBLE, seeded())
    location = user.location.clone().requires_grad_()
    scene = channel.around(replace(user, location=location), seeded())
    (-10 * scene.rays.powers.sum(1).log10()).sum().backward()
    out = location.grad[:, :2].norm(dim=1)
    slope = 39.08 / math.log(10) * user.ground / user.distance**2
    torch.testing.assert_close(out, slope, rtol=0.02, atol=0)


def test_the_response_follows_the_velocity():
    """Gradients with respect to the velocity, against finite differences."""
    channel = cell(UMa, sight=True)
    user = replace(
        channel.drop(2, DOUBLE, seeded()), velocity=torch.tensor([[3.0, 4.0, 0.0], [0.0, 5.0, 1.0]]).double()
    )
    rays = channel.around(user, seeded()).rays

    def last(velocity):
        scene = channel.around(replace(user, velocity=velocity), seeded())
        motion = velocity / (channel.wavelength * GRID.subcarrier_spacing)
        return path_gains([rays], scene.bs, scene.ut, motion, 3, scene.strongest)[..., 2]

    assert torch.autograd.gradcheck(last, user.velocity.requires_grad_())


# --------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (UMa, {"frequency": 0.4e9}, "0.5 to 100 GHz .*Table 7.4.1-1"),
        (RMa, {"frequency": 31e9}, "0.5 to 30 GHz .*Table 7.4.1-1"),
        (UMa, {"users": Users((5.0, 100.0))}, "distance=5, 100 m is not within 10 to 5000 m .*Table 7.4.1-1"),
        (UMi, {"users": Users((10.0, 6000.0))}, "not within 10 to 5000 m"),
        (UMa, {"height": (1.0, 5.0)}, "height=1, 5 m is not within 1.5 to 22.5 m .*Table 7.4.1-1"),
        (RMa, {"height": 12.0}, "not within 1 to 10 m"),
        (RMa, {"mast": 200.0}, "mast=200 m is not within 10 to 150 m"),
        (RMa, {"street": 1.0}, "street=1 m is not within 5 to 50 m"),
    ],
)
def test_models_refuse_what_they_do_not_hold_for(model, options, message):
    with pytest.raises(ValueError, match=message):
        cell(model, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"speed": -3.0}, "speed=-3.0 m/s must not be negative"),
        ({"indoor": 1.5}, "indoor=1.5 is no probability"),
        ({"height": (5.0, 2.0)}, "must not fall"),
        ({"distance": (50.0, 10.0)}, "must be positive and not fall"),
    ],
)
def test_users_must_make_sense(options, message):
    with pytest.raises(ValueError, match=message):
        Users(**{"distance": (10.0, 100.0)} | options)
