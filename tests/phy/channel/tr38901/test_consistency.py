"""Users of one drop, beside exp(-d / d_corr) and the closed forms of Gaussians. Tolerances: k sigma / sqrt(n)."""

import math
from dataclasses import replace

import pytest
import torch

from semjscc.phy.channel import Array, RMa, UMa, UMi, Users
from semjscc.phy.channel.tr38901.consistency import consistent, consistent_uniform
from semjscc.phy.channel.tr38901.tables import CORRELATED, STATES
from semjscc.phy.channel.tr38901.users import drop
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

DROPS, ONE = 2000, Array()
GRID = ResourceGrid(fft_size=8, guard_carriers=(0, 0), num_symbols=3, pilot_symbols=())
DOUBLE = torch.zeros((), dtype=torch.float64)
CELLS = {UMa: (28e9, (35.0, 500.0)), UMi: (28e9, (10.0, 300.0)), RMa: (3e9, (35.0, 3000.0))}
MODELS = pytest.mark.parametrize("model", CELLS, ids=lambda model: model.__name__)
PLACES = torch.tensor([0.0, 4.0, 20.0]).double()  # of a drop's users along a street [m]
PAIRS = [(0, 1), (1, 2), (0, 2)]


def cell(model, together=3, sight=None, normalization="average", **users):
    carrier, distance = CELLS[model]
    return model(carrier, ONE, ONE, Users(distance, drop=together, **users), sight=sight, normalization=normalization)


def seeded(images=1):
    return PerImage([(i,) for i in range(images)])


def on_a_street(channel, rows=3 * DROPS, places=PLACES):
    """Users of each drop at ``places``, 100 m from the mast."""
    user = channel.drop(rows, DOUBLE, seeded())
    along = places.repeat(rows // len(places))
    location = torch.stack([torch.full_like(along, 100.0), along, torch.full_like(along, 1.5)], 1)
    return channel.seen(replace(user, location=location, depth=0 * user.depth))


def assert_correlated(first, second, expected):
    """Fisher: artanh of a correlation measured in n pairs has the standard deviation 1 / sqrt(n - 3)."""
    measured = torch.corrcoef(torch.stack([first, second]))[0, 1].item()
    assert math.atanh(measured) == pytest.approx(math.atanh(expected), abs=5 / (len(first) - 3) ** 0.5)


@MODELS
@pytest.mark.parametrize("state", STATES)
def test_large_scale_parameters_are_as_alike_as_their_correlation_distances_say(model, state):
    """Fields of their own distances are mixed at each user: the correlation is sum_j L_ij^2 exp(-d / d_j)."""
    channel = cell(model, sight=state == "LoS", indoor=float(state == "O2I"))
    user = on_a_street(channel)
    p = channel.tabled(user)
    large = channel.large_scale(user, p, seeded())
    drawn = {"SF": large.shadowing_db, "K": large.k_db, "DS": large.delay_spread.log10(), "ZSD": large.zsd.log10()}
    drawn |= {"ASD": large.asd.log10()} if state == "LoS" else {}  # elsewhere many are at the limit of 104 degrees
    shares = channel.table.roots[STATES.index(state)].square()
    distances = torch.cat([p[f"distance {name}"][:1, 0] for name in CORRELATED])
    for name, values in drawn.items():
        if name == "K" and state != "LoS":
            continue
        scores = ((values - p.get(f"mu {name}", 0.0)) / p[f"sigma {name}"]).unflatten(0, (-1, 3))[..., 0]
        for one, two in PAIRS:
            apart = (PLACES[two] - PLACES[one]).item()
            expected = (shares[CORRELATED.index(name)] * (-apart / distances).exp()).sum().item()
            assert_correlated(scores[:, one], scores[:, two], expected)


def test_shadowing_fades_with_its_own_distance():
    channel = cell(UMa, sight=True)
    user = on_a_street(channel)
    shadowing = channel.large_scale(user, channel.tabled(user), seeded()).shadowing_db.view(-1, 3)
    for (one, two), apart in zip(PAIRS, (4.0, 16.0, 20.0), strict=True):
        assert_correlated(shadowing[:, one], shadowing[:, two], math.exp(-apart / 37.0))


def test_each_user_alone_has_the_moments_and_correlations_of_the_table():
    channel = cell(UMa, sight=False)
    user = on_a_street(channel)
    p = channel.tabled(user)
    large = channel.large_scale(user, p, seeded())
    ds = ((large.delay_spread.log10() - p["mu DS"]) / p["sigma DS"]).view(-1, 3)
    sf = (large.shadowing_db / p["sigma SF"]).view(-1, 3)
    for x in (ds, sf):
        assert x.mean(0).abs().max() < 4 / DROPS**0.5
        assert (x.var(0) - 1).abs().max() < 4 * (2 / DROPS) ** 0.5
    for each in range(3):
        assert_correlated(ds[:, each], sf[:, each], -0.4)


def test_neighbours_share_their_line_of_sight(monkeypatch):
    """P(alike) = 1/2 + asin(rho) / pi for the signs of Gaussians."""
    monkeypatch.setattr(UMa, "sight_probability", lambda self, ground, height: torch.full_like(ground, 0.5))
    sight = on_a_street(cell(UMa)).sight.view(-1, 3)
    for (one, two), apart in zip(PAIRS, (4.0, 16.0, 20.0), strict=True):
        expected = 0.5 + math.asin(math.exp(-apart / 50.0)) / math.pi
        sigma = (expected * (1 - expected) / DROPS) ** 0.5
        alike = (sight[:, one] == sight[:, two]).double().mean().item()
        assert alike == pytest.approx(expected, abs=4 * sigma)


def test_neighbours_share_a_house():
    uniform = seeded().uniform("drop", (2 * DROPS, 14), DOUBLE)
    uniform[:, 0] = uniform[:, 0].view(-1, 2)[:, :1].expand(-1, 2).flatten()  # as far from the mast
    user = drop(Users((50.0, 60.0), sector=30.0, indoor=0.5, drop=2), 25.0, 25.0, uniform)
    place, indoor = user.location.view(-1, 2, 3), user.indoor.view(-1, 2)
    apart = (place[:, 0] - place[:, 1]).norm(dim=1)
    expected = 0.5 + torch.asin(torch.exp(-apart / 50.0)) / math.pi
    excess = (indoor[:, 0] == indoor[:, 1]).double() - expected
    assert excess.mean().abs() < 4 * excess.std() / DROPS**0.5


@MODELS
def test_states_are_as_probable_as_for_users_alone(model):
    channel = cell(model, together=8, indoor=0.3)
    user = channel.drop(8 * 500, DOUBLE, seeded())
    expected = channel.sight_probability(user.ground - user.depth, user.height)
    for given, probability in ((user.sight, expected), (user.indoor, torch.full_like(expected, 0.3))):
        excess = (given.double() - probability).view(-1, 8).mean(1)  # drops are independent
        assert excess.mean().abs() < 4 * excess.std() / 500**0.5


def test_uniforms_stay_uniform_even_in_single_precision():
    uniform = torch.cat([torch.zeros(2), torch.rand(4998, generator=torch.Generator().manual_seed(0))])
    location = 30.0 * torch.rand(5000, 3, generator=torch.Generator().manual_seed(1))
    field = consistent_uniform(uniform, location, 50.0, 2)
    assert field.min() >= 0
    assert field.max() < 1
    for each in field.view(-1, 2).T:  # Kolmogorov and Smirnov at 1e-5
        assert (each.sort().values - torch.arange(2500) / 2500).abs().max() < 2.47 / 2500**0.5


def test_users_in_other_states_or_other_drops_are_independent():
    size, n = 2, 2000
    normal = seeded().normal("test", (size * n, 1), DOUBLE)
    together, distance = torch.zeros(size * n, 3).double(), torch.full((size * n, 1), 10.0).double()
    others = torch.tensor([0, 1]).repeat(n)
    assert torch.allclose(consistent(normal, together, others, distance, size), normal)
    pairs = consistent(normal, together, 0 * others, distance, size).view(n, size)
    torch.testing.assert_close(pairs[:, 0], pairs[:, 1], rtol=0, atol=1e-3)  # at one place
    assert abs(torch.corrcoef(torch.stack([pairs[:-1, 0], pairs[1:, 0]]))[0, 1]) < 4 / n**0.5


@MODELS
def test_users_alone_are_drawn_as_ever(model):
    """The numbers of each purpose, in their order, and nothing else."""
    channel, lone = cell(model, together=1, indoor=0.3), cell(model, together=4, indoor=0.3)
    user = channel.drop(40, DOUBLE, seeded(2))
    uniform = seeded(2).uniform("drop", (40, 14), DOUBLE)
    assert torch.equal(user.indoor, uniform[:, 8] < 0.3)
    assert torch.equal(user.sight, uniform[:, 11] < channel.sight_probability(user.ground - user.depth, user.height))
    normal = seeded(2).normal("large scale", (40, 9), DOUBLE)
    expected = channel.table.correlate(normal[:, :7], user.state)[:, 0] * channel.tabled(user)["sigma SF"][:, 0]
    large = channel.large_scale(user, channel.tabled(user), seeded(2))
    torch.testing.assert_close(large.shadowing_db[:, 0], expected, rtol=0, atol=0)
    torch.testing.assert_close(lone.drop(40, DOUBLE, seeded(2)).location, user.location, rtol=0, atol=0)


def test_drops_and_images_may_be_split():
    channel = cell(UMa, together=2, indoor=0.5, speed=(10.0, 30.0), normalization="slot")
    frames = torch.zeros(12, 1, 3, 8, dtype=torch.complex128)
    whole, rng = channel.sample(frames, GRID, seeded(3)), seeded(3)
    chunks = [channel.sample(frames[:6], GRID, rng) for _ in range(2)]
    torch.testing.assert_close(torch.stack(chunks, 1).unflatten(0, (3, 2)).transpose(1, 2).flatten(0, 2), whole)
    torch.testing.assert_close(channel.sample(frames[:4], GRID, PerImage([(1,)])), whole[4:8])


def test_average_gain_is_one_for_drops_of_any_size():
    channel = cell(UMi, together=5, indoor=0.3)
    power = channel.sample(torch.zeros(1000, 1, 3, 8, dtype=torch.complex128), GRID, seeded()).abs().square()
    drops = power.mean((1, 2, 3, 4)).view(-1, 5).mean(1)
    assert drops.mean().item() == pytest.approx(1.0, abs=5 * drops.std().item() * (2 / len(drops)) ** 0.5)


def test_gradients_with_respect_to_places_are_finite_where_users_meet():
    channel = cell(UMa, sight=True)
    user = on_a_street(channel, 3, torch.zeros(3).double())
    location = user.location.clone().requires_grad_()
    large = channel.large_scale(replace(user, location=location), channel.tabled(user), seeded())
    large.shadowing_db.sum().backward()
    assert location.grad.isfinite().all()


@pytest.mark.parametrize(
    ("images", "rows", "message"),
    [(1, 10, "10 rows do not fill drops of 4 users"), (2, 12, "12 rows in drops of 4 users, each within an image's")],
)
def test_rows_must_fill_whole_drops(images, rows, message):
    with pytest.raises(ValueError, match=message):
        cell(UMa, together=4).drop(rows, DOUBLE, seeded(images))


def test_drops_have_users():
    with pytest.raises(ValueError, match="drop=0 must have at least one user"):
        Users((35.0, 100.0), drop=0)
