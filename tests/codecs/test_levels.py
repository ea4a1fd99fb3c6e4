"""The tables against draws of the distribution that they are about."""

import numpy as np
import pytest
import torch
from constriction import stream

from semjscc.codecs.levels import MOST, SELDOM, model, quantised, rows_of, tables

CPU = torch.device("cpu")
STEP = 0.4


def laplacian(variance, draws=400_000):
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.laplace(scale=(variance / 2) ** 0.5, size=draws)).float()


def row_of(variance):
    return int(rows_of(torch.tensor(variance).log2(), STEP))


@pytest.mark.parametrize("steps_squared", [0.25, 1.0, 16.0, 256.0])  # whole quarters of octaves, so no rounding
def test_probabilities_reconstructions_and_what_is_left_are_those_of_a_laplacian(steps_squared):
    variance = steps_squared * STEP**2
    x, row = laplacian(variance), row_of(variance)
    levels, known = quantised(x, STEP), tables(CPU)
    entropy = known.bits[row, levels.abs()].mean().item()
    counts = torch.bincount(levels + MOST).double()
    shares = counts[counts > 0] / len(x)
    assert entropy == pytest.approx(-(shares * shares.log2()).sum().item(), rel=2e-3)
    rebuilt = torch.copysign(known.middle[row, levels.abs()], levels.float()) * STEP
    for size in (0, 1, 2):
        members = levels.abs() == size
        assert (x - rebuilt)[members].square().mean().item() / STEP**2 == pytest.approx(
            known.left[row, size].item(), rel=0.03
        )
        assert (x - rebuilt)[levels == size].mean().item() == pytest.approx(0, abs=0.01 * STEP)
    assert (x - rebuilt).square().mean().item() / STEP**2 == pytest.approx(known.open[row].item(), rel=0.01)


def test_a_coefficient_is_zero_up_to_0_65_steps_and_levels_end():
    x = torch.tensor([0.64, 0.66, -0.66, 1.64, 1.66, 1e6, -1e6]) * STEP
    assert quantised(x, STEP).tolist() == [0, 1, -1, 1, 2, MOST, -MOST]


def test_what_is_not_told_is_next_to_always_zero():
    known = tables(CPU)
    nonzero = 1 - 2.0 ** -known.bits[:, 0].double()
    least = 2 * MOST * 2.0**-25  # what the range coder keeps for levels that are never met
    assert nonzero[known.told] - least > SELDOM >= nonzero[known.told - 1] - least


def test_rank_orders_rows_by_what_is_left_open():
    known = tables(CPU)
    assert (known.open[known.rank.argsort()].diff() >= 0).all()
    assert known.rank.sort().values.tolist() == list(range(len(known.rank)))


def test_the_range_coder_takes_what_the_tables_say():
    x = laplacian(4 * STEP**2, 20_000)
    row = row_of(4 * STEP**2)
    levels, encoder = quantised(x, STEP), stream.queue.RangeEncoder()
    encoder.encode((levels + MOST).numpy(), model(row))
    told = tables(CPU).bits[row, levels.abs()].sum().item()
    assert encoder.num_bits() == pytest.approx(told, abs=64)
    back = stream.queue.RangeDecoder(encoder.get_compressed()).decode(model(row), len(levels))
    assert (torch.from_numpy(back) - MOST).tolist() == levels.tolist()
