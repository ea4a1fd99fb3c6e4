"""Random numbers by counting: a published generator, the same numbers however they are asked for, good statistics."""

import pytest
import torch
from scipy import stats

from semjscc import counting

FORMS = [counting.uniform, counting.complex_normal]
KEYS = torch.tensor([1234567, -(2**62), 5, 6])
SINGLE, DOUBLE = torch.zeros((), dtype=torch.float32), torch.zeros((), dtype=torch.float64)


@pytest.fixture
def plain(monkeypatch):
    """Without compiled loops."""
    monkeypatch.setattr(counting, "kernels", lambda *_: None)


def test_the_hash_is_splitmix64():
    """Of the seed 1234567, as published with the generators of https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64."""
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert [x % 2**64 for x in counting.bits(KEYS[:1], 0, 5)[0].tolist()] == known


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [1, 1023, 2500])
def test_compiled_loops_draw_what_torch_draws(form, count, monkeypatch):
    compiled = form(KEYS, 3, count, SINGLE)
    monkeypatch.setattr(counting, "kernels", lambda *_: None)
    torch.testing.assert_close(form(KEYS, 3, count, SINGLE), compiled, rtol=0, atol=1e-5)
    double = form(KEYS, 3, count, DOUBLE)
    torch.testing.assert_close(double.to(compiled.dtype), compiled, rtol=0, atol=3e-4)  # u = 1 - 2^-25 is 1 in single


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("like", [SINGLE, DOUBLE])
def test_a_stretch_is_the_same_wherever_it_begins_and_whoever_is_beside(form, like):
    whole = form(KEYS, 0, 3000, like)
    torch.testing.assert_close(form(KEYS, 1500, 1500, like), whole[:, 1500:], rtol=0, atol=1e-6)
    torch.testing.assert_close(form(KEYS[2:3], 7, 20, like), whole[2:3, 7:27], rtol=0, atol=1e-6)


def test_many_blocks_are_shared_out_to_threads_without_a_change():
    keys, threads = torch.arange(200), torch.get_num_threads()
    alone = counting.complex_normal(keys, 0, 1500, SINGLE)
    torch.set_num_threads(2)
    try:
        assert torch.equal(counting.complex_normal(keys, 0, 1500, SINGLE), alone)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("like", [SINGLE, DOUBLE])
def test_distributions(like):
    keys = torch.arange(100)  # neighbours, the worst that there are
    u, n = counting.uniform(keys, 0, 2000, like), counting.complex_normal(keys, 0, 2000, like)
    assert u.min() >= 0
    assert u.max() < 1
    assert stats.kstest(u.flatten(), "uniform").pvalue > 1e-3
    for part in (n.real, n.imag):
        assert stats.kstest(part.flatten() * 2**0.5, "norm").pvalue > 1e-3
    assert stats.kstest(n.abs().square().flatten(), "expon").pvalue > 1e-3
    assert (n.abs().square() > 9).sum().item() == pytest.approx(
        n.numel() * 1.234e-4, abs=4 * (n.numel() * 1.234e-4) ** 0.5
    )


@pytest.mark.parametrize("like", [SINGLE, DOUBLE])
def test_neighbours_in_a_stream_and_streams_of_neighbouring_keys_are_independent(like):
    n = counting.complex_normal(torch.arange(100), 0, 2000, like)
    for a, b in ((n[:, 1:], n[:, :-1]), (n[1:], n[:-1]), (n.abs().square()[:, 1:] - 1, n.abs().square()[:, :-1] - 1)):
        assert (a * b.conj()).mean().abs() < 4.5 / a.numel() ** 0.5  # a mean of products of variance 1
