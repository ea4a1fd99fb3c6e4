"""Shannon's bits: closed forms where there are some."""

import math

import pytest
import torch

from semjscc.phy.channel import AWGN, Rayleigh
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink, SymbolLink
from semjscc.phy.plain import PlainLink
from semjscc.rng import PerImage

SNR = torch.tensor([-10.0, 0.0, 10.0, 30.0])


def link(channel, estimator=None, **grid):
    return OFDMLink(ResourceGrid(**grid), channel, estimator or PerfectCSI(), LMMSE())


def rng():
    return PerImage([(0, index) for index in range(4)], (1000,))


def test_over_awgn_a_symbol_carries_log2_of_1_plus_snr():
    expected = 1000 * torch.log2(1 + 10 ** (SNR.double() / 10))
    torch.testing.assert_close(PlainLink().capacity(1000, SNR), expected, rtol=1e-6, atol=0)
    torch.testing.assert_close(link(AWGN()).capacity(1000, SNR), expected, rtol=1e-5, atol=0)


def test_two_antennas_are_worth_3_db():
    expected = 1500 * torch.log2(1 + 2 * 10 ** (SNR.double() / 10))
    torch.testing.assert_close(link(AWGN(num_rx=2)).capacity(1500, SNR), expected, rtol=1e-5, atol=0)


def test_rayleigh_fading_has_its_ergodic_capacity():
    """E log2(1 + g SNR), g exponential, is e^(1/SNR) E1(1/SNR) / ln 2 (Lee 1990, eq. 5)."""
    slots, snr = 4000, 10.0
    one = link(Rayleigh(1, "average"))
    each = one.grid.symbols_per_slot
    capacity = one.capacity(slots * each, torch.tensor([10.0]), PerImage([(0, 0)])).item() / each
    x = 1 / snr
    series = sum((-1) ** (n + 1) * x**n / (n * math.factorial(n)) for n in range(1, 20))
    e1 = -0.5772156649015329 - math.log(x) + series
    expected = math.exp(x) * e1 / math.log(2)
    deviation = 1.315  # of log2(1 + 10 g), by numerical integration
    assert capacity / slots == pytest.approx(expected, abs=4 * deviation / math.sqrt(slots))


def test_fades_are_those_that_the_payload_meets_and_knowledge_of_them_is_free():
    """Maximum ratio combining of one stream loses nothing: log2(1 + 1/N) after it is the capacity before it."""
    known, guessed = link(Rayleigh(2, "average")), link(Rayleigh(2, "average"), LeastSquares())
    bits = known.capacity(2000, SNR, rng())
    torch.testing.assert_close(bits, SymbolLink.capacity(known, 2000, SNR, rng()), rtol=1e-4, atol=0)
    assert torch.equal(bits, guessed.capacity(2000, SNR, rng()))
    noise = known(torch.ones(4, 2000, dtype=torch.complex64), SNR, rng()).noise_var
    torch.testing.assert_close(bits, torch.log2(1 + 1 / noise.double()).sum(1), rtol=1e-4, atol=0)


def test_no_receiver_of_two_streams_gets_more():
    both = link(Rayleigh(2, "average"), num_streams=2)
    assert (both.capacity(3000, SNR, rng()) > SymbolLink.capacity(both, 3000, SNR, rng())).all()


def test_streams_share_the_power():
    """At low SNR capacity is the power received: |H|^2 / streams = 4 / 2 an element, shared by two symbols."""
    both = link(Rayleigh(2, "slot"), num_streams=2)
    bits = both.capacity(3000, torch.full((4,), -30.0), rng()) / 3000
    expected = 1e-3 / math.log(2)  # less a second order of (1e-3)^2
    torch.testing.assert_close(bits, torch.full_like(bits, expected), rtol=4e-3, atol=0)
