import numpy as np
import pytest
from numba import njit

from semjscc.compiled.floats import LANES, backward, each, fill, load, lower, store, swapped, upper

A, B = (np.random.default_rng(i).standard_normal(LANES).astype(np.float32) for i in range(2))
TWO = np.float32(2.0)


@njit
def _arithmetic(a, b, out):
    x, y = load(a, 0), load(b, 0)
    store(out, 0, x + y * TWO - TWO * x)
    store(out, LANES, each(b, 3) * fill(TWO) - x)


@njit
def _places(a, b, out):
    x, y = load(a, 0), load(b, 0)
    store(out, 0, lower(x, y))
    store(out, LANES, upper(x, y))
    store(out, 2 * LANES, backward(x, y))
    store(out, 3 * LANES, swapped(x, y))


@pytest.fixture
def out():
    return np.empty(4 * LANES, np.float32)


def test_vectors_are_added_subtracted_and_multiplied(out):
    _arithmetic(A, B, out)
    np.testing.assert_allclose(out[:LANES], 2 * B - A, atol=1e-6)
    np.testing.assert_allclose(out[LANES : 2 * LANES], 2 * B[3] - A, atol=1e-6)


def test_lanes_change_places(out):
    _places(A, B, out)
    assert np.array_equal(out[: 2 * LANES], np.stack([A, B], 1).ravel())
    assert np.array_equal(out[2 * LANES : 3 * LANES], A[::-1])
    assert np.array_equal(out[3 * LANES :], A.reshape(-1, 2)[:, ::-1].ravel())
