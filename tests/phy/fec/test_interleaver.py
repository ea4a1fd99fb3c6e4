import math

import pytest
import torch

from semjscc.phy.fec import LDPC5G, Convolutional, Interleaved
from semjscc.phy.fec.interleaver import orders
from tests.phy.fec.test_ldpc import heard, random_bits


def test_the_order_is_a_permutation_of_the_coded_bits():
    code, bits = Interleaved(Convolutional(200)), random_bits(4, 200)
    plain, mixed = code.code.encode(bits), code.encode(bits)
    order, places = orders(618, seed=0)
    assert (code.k, code.n) == (200, 618)
    assert sorted(order.tolist()) == list(range(618))
    assert not torch.equal(mixed, plain)
    assert torch.equal(mixed, plain[:, order])
    assert torch.equal(mixed[:, places], plain)


def test_every_block_of_every_batch_has_the_same_order():
    code, bits = Interleaved(Convolutional(50)), random_bits(6, 50)
    together = code.encode(bits)
    assert torch.equal(together, torch.cat([Interleaved(Convolutional(50)).encode(block) for block in bits.split(1)]))
    assert torch.equal(code.encode(bits.reshape(2, 3, 50)), together.reshape(2, 3, -1))
    assert torch.equal(code.encode(bits[0]), together[0])
    assert not torch.equal(Interleaved(Convolutional(50), seed=1).encode(bits), together)


def test_known_orders_stay_what_they_are():
    """Whoever sends with one release can be heard with another."""
    assert orders(21, seed=7)[0][:6].tolist() == [15, 3, 18, 20, 19, 14]


@pytest.mark.parametrize("code", [Convolutional(300), Convolutional(300, rate="2/3"), LDPC5G(300, 600)])
def test_bits_come_back_and_what_is_known_beforehand_stays_with_its_bit(code):
    bits, mixed = random_bits(20, 300), Interleaved(code)
    llrs = heard(mixed.encode(bits), snr_db=-4.0)
    known = 3.0 * (2.0 * bits - 1.0)
    assert torch.equal(mixed.decode(heard(mixed.encode(bits), snr_db=6.0)), bits)
    assert torch.equal(mixed.decode(llrs), code.decode(llrs[:, orders(code.n, seed=0)[1]]))
    assert torch.equal(mixed.decode(llrs, known), code.decode(llrs[:, orders(code.n, seed=0)[1]], known))


def test_bits_side_by_side_on_the_air_are_as_far_apart_in_the_code_as_by_chance():
    """Of places drawn at random without replacement the mean distance is (n + 1) / 3."""
    n = Convolutional().coded_bits(15594)  # of two streams of paper B's frames
    distance = orders(n, seed=0)[0].double().diff().abs()
    assert distance.mean().item() == pytest.approx((n + 1) / 3, abs=4 * n / math.sqrt(18 * n))
    near = (distance < 100).sum().item()  # within some 30 steps of the code
    assert near == pytest.approx(200, abs=4 * math.sqrt(200))


def test_a_lost_carrier_is_mended():
    """A burst of 90 bits without news is nothing to the code where they are spread, and fatal where they are not."""
    code, bits = Convolutional(1000), random_bits(20, 1000)
    mixed = Interleaved(code)
    for scheme, lost in ((mixed, 0), (code, 20)):
        llrs = 5.0 * (2.0 * scheme.encode(bits) - 1.0)
        llrs[:, 1500:1590] = 0.0
        assert (scheme.decode(llrs) != bits).any(1).sum() == lost


def test_a_code_of_any_length_carries_every_payload_in_one_block():
    code, bits = Interleaved(Convolutional(rate="1/2"), seed=3), random_bits(2, 94)
    made = code.for_payload(94)
    assert (made.k, made.n, code.payload_bits(200), code.payload_bits(201)) == (94, 200, 94, 94)
    assert torch.equal(made.encode(bits), code.encode(bits))
    assert torch.equal(code.decode(2 * made.encode(bits) - 1), bits)
    fixed = Interleaved(Convolutional(94))
    assert (fixed.for_payload(1000).n, fixed.payload_bits(650)) == (300, 188)
