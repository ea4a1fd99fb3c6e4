"""Blocks made to measure: a payload of any size at one rate, never longer than it may be."""

import pytest
import torch

from semjscc.phy.fec import LDPC5G, Segmented

RATES = (0.1, 0.2, 1 / 3, 0.5, 2 / 3, 0.75, 0.9)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("coded_bits", [120, 1001, 4096, 65_536, 100_003])
def test_what_is_afforded_is_spent_and_never_more(rate, coded_bits):
    codes = Segmented(rate)
    payload = codes.payload_bits(coded_bits)
    code = codes.for_payload(payload)
    blocks = -(-payload // code.k)
    assert blocks * code.n <= coded_bits
    assert payload <= rate * coded_bits
    # one bit of each block may be lost to rounding k, and 1/rate to rounding n
    assert payload > rate * coded_bits - 2 * blocks - 1
    assert abs(code.k / code.n - rate) < 1 / code.n


def test_blocks_are_as_few_and_as_equal_as_can_be():
    """The standard's longest blocks are 8448 bits, and 3840 at rates that only base graph 2 has (38.212, 5.2.2)."""
    for rate, bits, k in [
        (0.5, 8448, 8448),
        (0.5, 8449, 4225),
        (0.5, 20_000, 6667),
        (0.2, 3840, 3840),
        (0.2, 4000, 2000),
    ]:
        assert Segmented(rate).for_payload(bits).k == k


def test_rates_that_are_no_binary_fractions_give_whole_blocks():
    """21 / 0.7 is 30.000000000000004."""
    for rate, k, n in [(1 / 3, 928, 2784), (0.7, 21, 30), (0.7, 168, 240)]:
        code = Segmented(rate).for_payload(k)
        assert (code.k, code.n) == (k, n)


def test_a_single_code_is_itself_for_every_payload():
    code = LDPC5G(100, 200)
    assert code.for_payload(777) is code
    assert [code.payload_bits(coded) for coded in (199, 200, 999)] == [0, 100, 400]


def test_it_is_the_ldpc_code_of_its_size():
    code = Segmented(0.5, iterations=7).for_payload(1392)
    bits = torch.randint(2, (3, 1392), generator=torch.Generator().manual_seed(0)).float()
    assert torch.equal(code.encode(bits), LDPC5G(1392, 2784).encode(bits))
    assert torch.equal(code.decode(20 * code.encode(bits) - 10), bits)
    assert code.beliefs.iterations == 7


@pytest.mark.parametrize("rate", [0.0, -0.5, 0.96, 2.0])
def test_a_rate_that_cannot_be_decoded_is_refused(rate):
    with pytest.raises(ValueError, match=f"got {rate}"):
        Segmented(rate)


def test_too_few_coded_bits_are_named():
    with pytest.raises(ValueError, match=r"23 coded bits at rate 0\.5 do not carry a block of 12"):
        Segmented(0.5).payload_bits(23)
    assert Segmented(0.5).payload_bits(24) == 12
