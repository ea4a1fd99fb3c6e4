import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from semjscc.phy.fec import Convolutional
from semjscc.phy.fec.convolutional import PUNCTURING
from tests.phy.fec.test_ldpc import heard, random_bits

PAPER_B = (0o133, 0o171, 0o165)
RATES = list(PUNCTURING)


def shifted(bits, generators, memory):
    """A shift register, bit by bit: its outputs at every step until it is empty again."""
    register, coded = [0] * (memory + 1), []
    for bit in [*bits, *[0] * memory]:
        register = [int(bit), *register[:-1]]
        digits = [f"{generator:0{memory + 1}b}" for generator in generators]
        coded.append([sum(r for r, digit in zip(register, d, strict=True) if digit == "1") % 2 for d in digits])
    return np.array(coded)


def all_messages(k):
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=k)))


def spectrum(generators, pattern, most):
    """Wrong information bits per information bit, by the weight of the error event, up to weight ``most``.

    Walks all ways that leave state 0 at any step of the period and come back, counted by weight.
    """
    memory, period = max(generators).bit_length() - 1, len(pattern)
    bits = np.zeros(most + 1)
    for start in range(period):
        count, wrong = np.zeros((2, 2**memory, most + 1))
        count[0, 0] = 1  # the only event that is in state 0 is the one about to begin
        for step in range(start, start + 300):
            new_count, new_wrong = np.zeros((2, 2**memory, most + 1))
            for state, bit in itertools.product(range(2**memory), (0, 1)):
                register = bit << memory | state
                if not count[state].any() or (state == 0 and bit == 0):
                    continue
                sent = zip(generators, pattern[step % period], strict=True)
                weight = sum((register & g).bit_count() % 2 for g, sign in sent if sign == "1")
                kept = slice(0, most + 1 - weight)
                new_count[register >> 1, weight:] += count[state, kept]
                new_wrong[register >> 1, weight:] += wrong[state, kept] + bit * count[state, kept]
            bits += new_wrong[0] / period
            new_count[0] = new_wrong[0] = 0
            count, wrong = new_count, new_wrong
            if not count.any():
                break
    return bits


def test_a_single_one_puts_out_the_generators():
    coded = Convolutional(1).encode(torch.ones(1, 1)).reshape(7, 3)
    assert ["".join(str(int(bit)) for bit in output) for output in coded.T] == ["1011011", "1111001", "1110101"]


@pytest.mark.parametrize("generators", [PAPER_B, (0o5, 0o7), (0o753, 0o561), (0o2, 0o1), (0o13, 0o15, 0o17, 0o3)])
def test_coded_bits_are_those_of_a_shift_register(generators):
    bits = random_bits(3, 40)
    memory = max(generators).bit_length() - 1
    expected = np.stack([shifted(row, generators, memory).flatten() for row in bits])
    assert np.array_equal(Convolutional(40, generators).encode(bits).numpy(), expected)


@pytest.mark.parametrize("rate", RATES)
def test_punctured_bits_are_left_out(rate):
    bits, code = random_bits(3, 41), Convolutional(41, rate=rate)
    pattern = np.array([[sign == "1" for sign in step] for step in PUNCTURING[rate]])
    kept = np.tile(pattern, (47, 1))[:47]
    expected = np.stack([shifted(row, PAPER_B, 6)[kept] for row in bits])
    assert np.array_equal(code.encode(bits).numpy(), expected)
    assert code.n == kept.sum()
    assert (41 + 6) / code.n == pytest.approx(float(Fraction(rate)), rel=0.02)


@pytest.mark.parametrize("rate", [None, *RATES])
def test_lengths_belong_together(rate):
    code = Convolutional(rate=rate)
    lengths = [code.coded_bits(k) for k in range(1, 40)]
    assert lengths == [code.encode(torch.zeros(1, k)).shape[1] for k in range(1, 40)]
    for n in range(lengths[0], lengths[-1]):
        k = code.information_bits(n)
        assert code.coded_bits(k) <= n < code.coded_bits(k + 1)
    assert Convolutional().information_bits(234 * 10 * 2 * 10) == 15594  # two of paper B's streams of 1024-QAM


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])  # compiled, and in torch
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("k", [1, 5, 8])
def test_decisions_are_the_most_likely_of_all_messages(k, rate, dtype):
    code, messages, generator = Convolutional(k, rate=rate), all_messages(k), torch.Generator().manual_seed(k)
    llrs, prior = (3.0 * torch.randn(300, count, generator=generator, dtype=dtype) for count in (code.n, k))
    likelihood = llrs @ code.encode(messages).to(dtype).T
    assert torch.equal(code.decode(llrs), messages[likelihood.argmax(1)].to(dtype))
    informed = likelihood + prior @ messages.to(dtype).T
    assert torch.equal(code.decode(llrs, prior), messages[informed.argmax(1)].to(dtype))


@pytest.mark.parametrize(("rate", "distance"), [("1/3", 15), ("1/2", 10), ("2/3", 6)])
def test_free_distance_is_that_of_all_short_messages(rate, distance):
    messages = all_messages(13)[1:]
    assert Convolutional(13, rate=rate).encode(messages).sum(1).min() == distance
    assert np.flatnonzero(spectrum(PAPER_B, PUNCTURING[rate], distance + 1))[0] == distance


def test_spectra_are_those_of_the_literature():
    """Haccoun and Begin, IEEE Trans. Commun. 37 (1989): K = 7, rate 1/2 and punctured to 2/3."""
    half = spectrum(PAPER_B, PUNCTURING["1/2"], 16)[10::2]
    assert half.tolist() == [36, 211, 1404, 11633]
    assert (2 * spectrum(PAPER_B, PUNCTURING["2/3"], 9)[6:]).tolist() == [3, 70, 285, 1276]


@pytest.mark.parametrize(("rate", "ebn0_db"), [("1/3", 3.0), ("1/2", 3.5), ("2/3", 4.0)])
def test_bit_error_rates_meet_the_union_bound(rate, ebn0_db):
    """BPSK: P <= sum over weights d of B_d Q(sqrt(2 d R Eb/N0)), and close to it where errors are rare."""
    code, blocks, r = Convolutional(4000, rate=rate), 800, float(Fraction(rate))
    tails = [0.5 * math.erfc(math.sqrt(d * r * 10 ** (ebn0_db / 10))) for d in range(27)]
    bound = float(spectrum(PAPER_B, PUNCTURING[rate], 26) @ tails)
    bits = random_bits(blocks, 4000)
    wrong = code.decode(heard(code.encode(bits), ebn0_db + 10 * math.log10(r))) != bits
    deviation = wrong.double().mean(1).std().item() / math.sqrt(blocks)  # blocks are independent, bits of one are not
    assert 0.6 * bound - 3 * deviation < wrong.double().mean().item() < bound + 3 * deviation


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_certain_bits_outweigh_everything(dtype):
    code, bits = Convolutional(100), random_bits(8, 100)
    sure = (2.0 * code.encode(bits) - 1.0).to(dtype) * torch.inf
    assert torch.equal(code.decode(sure), bits.to(dtype))
    assert torch.equal(code.decode(3e38 * sure.sign()), bits.to(dtype))
    llrs = heard(code.encode(bits), snr_db=-9.0).to(dtype)
    prior = (2.0 * bits - 1.0).to(dtype) * torch.inf
    assert not torch.equal(code.decode(llrs), bits.to(dtype))
    assert torch.equal(code.decode(llrs, prior), bits.to(dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_hundredths_count_beside_certain_news(dtype):
    """Bits are sent twice; every other one is certain, the rest whispered in two voices that contradict each other."""
    code, bits = Convolutional(5000, (0o2, 0o2)), random_bits(4, 5000)
    signs = 2.0 * bits - 1.0
    llrs = torch.stack([0.05 * signs, -0.03 * signs], 2)
    llrs[:, ::2, 0] = signs[:, ::2] * torch.inf
    heard = torch.nn.functional.pad(llrs.flatten(1), (0, 2)).to(dtype)
    assert torch.equal(code.decode(heard), bits.to(dtype))


def test_logits_that_are_no_numbers_are_refused():
    code = Convolutional(100)
    llrs, prior = torch.zeros(3, code.n), torch.zeros(3, 100)
    llrs[1, 7] = prior[2, 0] = torch.nan
    with pytest.raises(ValueError, match=r"LLRs of block 1 of 3 are not numbers \(NaN\)"):
        code.decode(llrs)
    with pytest.raises(ValueError, match=r"Priors of block 2 of 3 are not numbers \(NaN\)"):
        code.decode(torch.zeros(3, code.n), prior)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_shapes_and_precision_follow_the_input(dtype):
    code = Convolutional(20)
    for shape in [(0,), (3,), (2, 3), ()]:
        bits = random_bits(*shape, 20).to(dtype)
        coded = code.encode(bits)
        assert (coded.shape, coded.dtype) == ((*shape, 78), dtype)
        decoded = code.decode((20 * coded - 10).requires_grad_(), bits - 0.5)
        assert torch.equal(decoded, bits)
        assert (decoded.dtype, decoded.requires_grad) == (dtype, False)


def test_without_k_any_length_will_do():
    code = Convolutional()
    for k in (1, 7, 1000):
        bits = random_bits(2, k)
        assert torch.equal(code.encode(bits), Convolutional(k).encode(bits))
        assert torch.equal(code.decode(2 * code.encode(bits) - 1), bits)


def test_a_payload_goes_in_one_block_if_the_code_takes_any_length():
    code = Convolutional(rate="2/3")
    made = code.for_payload(100)
    assert (made.k, made.n) == (100, 159)
    assert torch.equal(made.encode(random_bits(2, 100)), code.encode(random_bits(2, 100)))
    assert [code.payload_bits(n) for n in (158, 159, 160, 161)] == [99, 100, 100, 101]
    fixed = Convolutional(100)
    assert fixed.for_payload(1000) is fixed
    assert fixed.payload_bits(1000) == 300


@pytest.mark.parametrize(
    ("k", "options", "message"),
    [
        (0, {}, "k must be at least 1; got 0"),
        (9, {"rate": "3/4"}, "rate must be one of 1/3, 1/2, 2/3 or None; got '3/4'"),
        (9, {"rate": "1/2", "generators": (0o5, 0o7)}, "rate 1/2 is a puncturing of three generators; got 2"),
        (9, {"generators": (0o5, -1)}, r"generators must be positive.*; got \['0o5', '-0o1'\]"),
        (9, {"generators": (1, 1)}, "the largest at least 0o2"),
        (9, {"generators": ()}, r"generators must be positive.*; got \[\]"),
    ],
)
def test_codes_that_do_not_exist_are_refused(k, options, message):
    with pytest.raises(ValueError, match=message):
        Convolutional(k, **options)


def test_blocks_of_another_length_are_refused():
    with pytest.raises(ValueError, match="a block has 20 information bits; got 21"):
        Convolutional(20).encode(torch.zeros(1, 21))
    with pytest.raises(ValueError, match="a block has 20 information bits; got 21"):
        Convolutional(20).decode(torch.zeros(1, 81))
    with pytest.raises(ValueError, match="a block of 20 information bits has 78 coded ones; got 79"):
        Convolutional(20).decode(torch.zeros(1, 79))
    with pytest.raises(ValueError, match="a block has at least 1 information bits; got 0"):
        Convolutional().encode(torch.zeros(1, 0))
    with pytest.raises(ValueError, match="a coded block has at least 21 bits; got 18"):
        Convolutional().decode(torch.zeros(1, 18))
