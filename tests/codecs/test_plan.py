"""Levels there and back, and what they cost and leave open."""

import numpy as np
import pytest
import torch
from constriction import stream

from semjscc.codecs.plan import STEPS, Plan

ROWS, COLUMNS, EACH = 6, 8, 48
CHANGE_LOG2 = torch.tensor(2.0)


@pytest.fixture(scope="module")
def variance_log2():
    falling = 4 - torch.arange(EACH) / 4
    return falling + torch.linspace(-1, 1, ROWS * COLUMNS).view(ROWS, COLUMNS, 1)


@pytest.fixture(scope="module")
def coefficients(variance_log2):
    """Laplacian, but for the means, which change little from block to block."""
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.laplace(scale=0.5**0.5, size=variance_log2.shape)).float() * (variance_log2 / 2).exp2()
    x[..., 0] = torch.from_numpy(rng.laplace(scale=1.0, size=(ROWS, COLUMNS)).cumsum(1)).float()
    return x


def written(plan, levels):
    encoder = stream.queue.RangeEncoder()
    plan.write(encoder, levels)
    return encoder


@pytest.mark.parametrize("index", [300, 400, 500, 700, STEPS - 1])
def test_levels_survive_at_the_price_named(variance_log2, coefficients, index):
    plan = Plan(variance_log2, CHANGE_LOG2, index)
    levels = plan.quantised(coefficients)
    encoder = written(plan, levels)
    assert encoder.num_bits() == pytest.approx(plan.bits(coefficients), abs=64)
    read, known = plan.read(stream.queue.RangeDecoder(encoder.get_compressed()), float("inf"))
    assert torch.equal(read, levels)
    assert known.all()


def test_finer_steps_cost_more_and_leave_less_open(variance_log2, coefficients):
    plans = [Plan(variance_log2, CHANGE_LOG2, index) for index in range(250, 750, 50)]
    costs = [plan.bits(coefficients) for plan in plans]
    errors = [(plan.reconstructed(plan.quantised(coefficients)) - coefficients).square().mean() for plan in plans]
    assert costs == sorted(costs, reverse=True)
    assert errors == sorted(errors)


def test_what_is_left_open_is_what_it_says(variance_log2, coefficients):
    plan = Plan(variance_log2, CHANGE_LOG2, 450)
    levels = plan.quantised(coefficients)
    off = (coefficients - plan.reconstructed(levels))[..., 1:].square().mean()
    torch.testing.assert_close(plan.left_open(levels)[..., 1:].mean(), off, rtol=0.1, atol=0)


def test_most_is_left_open_of_the_largest(variance_log2):
    """A coarse step leaves nearly all of each coefficient: the largest are those of the greatest variance."""
    plan = Plan(variance_log2, CHANGE_LOG2, 700)
    picked, variance = plan.largest(50)
    assert (variance.diff() <= 0).all()
    flat = variance_log2.flatten()
    assert (flat > flat[picked].min() + 0.25).sum() <= 50
    torch.testing.assert_close(variance, flat[picked].exp2(), rtol=0.2, atol=0)  # some are levels


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_what_is_known_of_a_cut_stream_is_right_and_is_the_largest(variance_log2, coefficients, share):
    plan = Plan(variance_log2, CHANGE_LOG2, 400)
    levels = plan.quantised(coefficients)
    words = written(plan, levels).get_compressed()
    kept = int(share * len(words))
    damaged = words.copy()
    damaged[kept:] = np.random.default_rng(1).integers(0, 2**32, len(words) - kept, dtype=np.uint32)
    read, known = plan.read(stream.queue.RangeDecoder(damaged), 32 * kept - 64)
    assert torch.equal(read[known], levels[known])
    assert (read[~known] == 0).all()
    told = plan.rows >= plan.tables.told
    told[..., 0] = False
    if share:
        assert known[..., 0].all() == (known & told).any()
        assert plan.rows[known & told].min() >= plan.rows[~known & told].max()
    assert known[told].float().mean() <= max(share * 1.6, 0.01)
