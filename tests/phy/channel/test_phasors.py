"""Single precision is compiled, double precision is torch's: both against the sums written out in double precision.

A float's phase of up to p rad is off by p 2^-24 or so, and a sum of n phasors by that much times sqrt(n).
"""

import pytest
import torch

from semjscc.compiled import kernels
from semjscc.phy.channel.phasors import phasor, ramp, sum_of_phasors, sum_over_paths, sum_over_time

BATCH, COUNTS = 3, [1, 10, 6, 4, 10, 6, 4, 20, 20]  # rays
BOTH = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
STEPS = pytest.mark.parametrize("steps", [1, 2, 7, 14, 15, 16, 17, 33])
SIZES = pytest.mark.parametrize("size", [1, 2, 3, 31, 63, 64, 65, 100, 128, 192])


def drawn(*shape, scale=1.0, dtype=torch.float64):
    """Normals."""
    return (scale * torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape)))).to(dtype)


def turned(turn, k):
    """exp(j turn k), written out."""
    return torch.exp(1j * turn.double()[..., None] * k)


def assert_near(found, expected, phase, terms):
    """As near as phases of up to ``phase`` [rad] allow."""
    ulp = torch.finfo(found.real.dtype).eps
    assert found.dtype.to_real() == found.real.dtype
    torch.testing.assert_close(found.to(expected), expected, rtol=0, atol=8 * ulp * (1 + phase) * terms**0.5)


@BOTH
@pytest.mark.parametrize("shape", [(1,), (15,), (16,), (17,), (3, 40), (2, 0)])
def test_phasors(dtype, shape):
    phase = drawn(*shape, scale=5.0, dtype=dtype)
    assert_near(phasor(phase), torch.exp(1j * phase.double()), 20.0, 1)


@BOTH
@STEPS
@pytest.mark.parametrize("pairs", [1, 3])
def test_rays_are_summed_path_by_path(dtype, steps, pairs):
    rays, turn = drawn(BATCH, pairs, sum(COUNTS), 2, dtype=dtype), drawn(BATCH, sum(COUNTS), scale=0.1, dtype=dtype)
    rays = torch.view_as_complex(rays)
    waves = rays.to(torch.complex128)[..., None] * turned(turn, torch.arange(steps) - (steps - 1) / 2)[:, None]
    expected = torch.stack([part.sum(2) for part in waves.split(COUNTS, 2)], 2)
    assert_near(sum_over_time(rays, turn, steps, COUNTS), expected, 0.4 * steps, 40)


@BOTH
@STEPS
def test_phasors_are_summed_from_their_phases_at_the_start(dtype, steps):
    phases, turn = (
        drawn(BATCH, 2, sum(COUNTS), scale=3.0, dtype=dtype),
        drawn(BATCH, sum(COUNTS), scale=0.1, dtype=dtype),
    )
    waves = torch.exp(1j * phases.double())[..., None] * turned(turn, torch.arange(steps))[:, None]
    expected = torch.stack([part.sum(2) for part in waves.split(COUNTS, 2)], 2)
    assert_near(sum_of_phasors(phases, turn, steps, COUNTS), expected, 12 + 0.4 * steps, 20)


@BOTH
@SIZES
@pytest.mark.parametrize(("paths", "steps"), [(1, 1), (5, 3), (25, 14)])
def test_paths_are_summed_on_every_carrier(dtype, size, paths, steps):
    gains = torch.view_as_complex(drawn(BATCH, 2, paths, steps, 2, dtype=dtype))
    turn = drawn(BATCH, paths, scale=0.5, dtype=dtype)
    expected = gains.to(torch.complex128).mT @ turned(turn, torch.arange(size) - size // 2)[:, None]
    assert_near(sum_over_paths(gains, turn, size), expected, size, 2 * paths)


@BOTH
def test_ramps(dtype):
    turn = drawn(4, dtype=dtype)
    assert_near(ramp(turn, 100, 30), turned(turn, torch.arange(100) - 30), 200, 1)


def test_thousands_of_steps_are_as_good_as_their_phases():
    steps, turn = 5000, drawn(1, 20, scale=0.02, dtype=torch.float32)
    phases = drawn(1, 1, 20, dtype=torch.float32)
    expected = (torch.exp(1j * phases.double())[..., None] * turned(turn, torch.arange(steps))[:, None]).sum(2)
    found = sum_of_phasors(phases, turn, steps, [20])[:, :, 0]
    assert_near(found, expected, 0.06 * steps, 20)
    error = (found - expected).abs()[0, 0]
    assert error[-500:].max() < 4 * error[:500].max()  # nothing piles up


@pytest.mark.parametrize("threads", [1, 2])
def test_slots_do_not_depend_on_those_beside_them(threads, monkeypatch):
    monkeypatch.setattr(kernels("phasors", torch.zeros(1)), "LEAST", 1)  # a thread is worth nothing
    phases, turn = drawn(8, 2, 40, dtype=torch.float32), drawn(8, 40, scale=0.1, dtype=torch.float32)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        gains = sum_of_phasors(phases, turn, 14, [20, 20])
        response = sum_over_paths(gains, turn[:, :2], 100)
    finally:
        torch.set_num_threads(before)
    for i in range(8):
        alone = sum_of_phasors(phases[i : i + 1], turn[i : i + 1], 14, [20, 20])
        assert torch.equal(alone[0], gains[i])
        assert torch.equal(sum_over_paths(alone, turn[i : i + 1, :2], 100)[0], response[i])


def test_gradients():
    rays, turn = drawn(2, 2, 5, 2).requires_grad_(), drawn(2, 5).requires_grad_()

    def response(rays, turn):
        gains = sum_over_time(torch.view_as_complex(rays), turn, 3, [2, 3])
        return sum_over_paths(gains, turn[:, :2], 4)

    assert torch.autograd.gradcheck(response, (rays, turn))
    single = response(rays.float(), turn.float())  # of which gradients are asked, so torch does it
    assert single.requires_grad
    rays, turn = rays.detach().float().requires_grad_(), turn.detach().float().requires_grad_()
    with torch.no_grad():
        torch.testing.assert_close(response(rays, turn), single)
        torch.testing.assert_close(phasor(rays), torch.exp(1j * rays))


def test_no_slots_make_no_responses():
    gains = sum_of_phasors(torch.zeros(0, 2, 20), torch.zeros(0, 20), 14, [20])
    assert gains.shape == (0, 2, 1, 14)
    assert sum_over_paths(gains, torch.zeros(0, 1), 128).shape == (0, 2, 14, 128)


def test_conjugates_and_views_are_taken_as_they_are():
    gains = torch.view_as_complex(drawn(BATCH, 5, 2, 3, 2, dtype=torch.float32)).transpose(1, 2).conj()
    turn = drawn(5, dtype=torch.float32).expand(BATCH, -1)
    expected = sum_over_paths(gains.to(torch.complex128), turn.double(), 64)
    assert_near(sum_over_paths(gains, turn, 64), expected, 64, 10)
