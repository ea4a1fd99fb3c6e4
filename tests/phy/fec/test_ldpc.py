import math

import numpy as np
import pytest
import torch

from semjscc.phy.fec import LDPC5G
from semjscc.phy.fec.basegraph import LIFTING_SIZES, base_graph
from semjscc.phy.fec.beliefs import BeliefPropagation
from semjscc.phy.fec.checks import sum_product
from semjscc.phy.fec.encoder import Encoder

ALGORITHMS = ["sum-product", "min-sum", "offset-min-sum"]
SCHEDULES = ["flooding", "layered"]
# both base graphs, every K_b, fillers or none, the buffer cut short, whole, and wrapped around
SIZES = [(12, 24), (13, 20), (40, 200), (100, 150), (132, 3000), (193, 300), (561, 900), (641, 1000), (1392, 2784)]
SIZES += [(293, 330), (2000, 2400), (3840, 12000), (3840, 20000), (4224, 4700), (4000, 15000), (8448, 9216)]


def random_bits(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(2, shape, generator=torch.Generator().manual_seed(seed)).float()


def heard(coded: torch.Tensor, snr_db: float, seed: int = 0) -> torch.Tensor:
    """LLRs of BPSK on a real channel with Es/N0 [dB], N0/2 the noise variance."""
    variance = 0.5 * 10 ** (-snr_db / 10)
    noise = torch.randn(coded.shape, generator=torch.Generator().manual_seed(seed), dtype=coded.dtype)
    return 2.0 * (2.0 * coded - 1.0 + math.sqrt(variance) * noise) / variance


@pytest.mark.parametrize(("k", "n", "rows", "entries"), [(400, 500, 46, 316), (100, 200, 42, 197)])
def test_base_graphs_have_the_structure_of_the_standard(k, n, rows, entries):
    graph = base_graph(k, n)
    first_parity = graph.information_columns
    assert (graph.num_rows, len(graph.rows)) == (rows, entries)
    dense = np.full((rows, first_parity + rows), -1)
    dense[graph.rows, graph.columns] = graph.shifts
    assert np.array_equal(dense[:, first_parity + 4 :], np.where(np.eye(rows, rows - 4, -4) == 1, 0, -1))
    diagonals = (np.eye(4, 3) + np.eye(4, 3, -1)) == 1
    assert np.array_equal(dense[:4, first_parity + 1 : first_parity + 4], np.where(diagonals, 0, -1))
    assert (dense[:4, first_parity] >= 0).sum() == 3


def test_lifting_sizes_are_the_51_of_the_standard():
    assert len(LIFTING_SIZES) == 51
    assert [size for size in LIFTING_SIZES if LIFTING_SIZES[size] == 7] == [15, 30, 60, 120, 240]
    assert base_graph(1392, 2784).lifting == 144
    assert base_graph(8448, 9216).lifting == 384
    assert base_graph(12, 24).lifting == 2


def parities(graph, codewords):
    """Every parity check, by the definition of the standard: 0 in a codeword."""
    blocks = codewords.unflatten(1, (-1, graph.lifting))
    ones = torch.zeros(len(codewords), graph.num_rows, graph.lifting)
    for row, column, shift in zip(graph.rows, graph.columns, graph.shifts, strict=True):
        ones[:, row] += blocks[:, column].roll(-int(shift), 1)
    return ones.remainder(2.0)


@pytest.mark.parametrize(("k", "n"), SIZES)
def test_codewords_satisfy_every_check(k, n):
    code = LDPC5G(k, n)
    codewords = code.encoder(torch.nn.functional.pad(random_bits(3, k), (0, code.graph.information_bits - k)))
    assert not parities(code.graph, codewords).any()
    assert torch.equal(codewords[:, :k], random_bits(3, k))


# base graph 1 carries no block of 292 bits or less, so no lifting size under 14; base graph 2 carries all rates to 1/4
@pytest.mark.parametrize(
    ("lengths", "rate", "smallest"), [(range(294, 8449, 2), 0.9, 14), (range(12, 3841, 2), 0.2, 2)]
)
def test_every_lifting_size_of_both_base_graphs_encodes(lengths, rate, smallest):
    longest = {base_graph(k, round(k / rate)).lifting: k for k in lengths}
    assert set(longest) == {size for size in LIFTING_SIZES if size >= smallest}
    for k in longest.values():
        graph = base_graph(k, round(k / rate))
        bits = torch.nn.functional.pad(random_bits(1, k), (0, graph.information_bits - k))
        codewords = Encoder(graph)(bits)
        assert torch.equal(codewords[:, : graph.information_bits], bits)
        assert not parities(graph, codewords).any()


@pytest.mark.parametrize(("k", "n"), SIZES)
def test_bits_come_back_without_noise(k, n):
    code, bits = LDPC5G(k, n, iterations=30), random_bits(2, k)
    coded = code.encode(bits)
    assert coded.shape == (2, n)
    assert torch.equal(code.decode(10.0 * (2.0 * coded - 1.0)), bits)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_bits_come_back_through_noise(algorithm, schedule):
    code, bits = LDPC5G(300, 600, bits_per_symbol=4, algorithm=algorithm, schedule=schedule), random_bits(4, 5, 300)
    assert torch.equal(code.decode(heard(code.encode(bits), snr_db=2.0)), bits)


def test_interleaver_takes_each_symbols_bits_from_far_apart():
    plain, interleaved, bits = LDPC5G(100, 240), LDPC5G(100, 240, bits_per_symbol=6), random_bits(2, 100)
    assert torch.equal(interleaved.encode(bits), plain.encode(bits).reshape(2, 6, 40).mT.flatten(1))


def test_wrapped_buffer_repeats_its_start_and_its_llrs_add():
    code, bits = LDPC5G(40, 500), random_bits(2, 40)
    coded, buffer = code.encode(bits), 50 * code.graph.lifting - (code.graph.information_bits - 40)
    assert torch.equal(coded[:, buffer:], coded[:, : 500 - buffer])
    llrs = torch.randn(2, 500, generator=torch.Generator().manual_seed(0))
    codeword = code.rate_matcher.recover(llrs, code.graph.codeword_bits, known=9.0)
    sent = torch.cat([codeword[:, 2 * code.graph.lifting : 40], codeword[:, code.graph.information_bits :]], 1)
    expected = torch.nn.functional.pad(llrs, (0, 2 * buffer - 500)).reshape(2, 2, buffer).sum(1)
    assert torch.allclose(sent, expected)
    assert (codeword[:, 40 : code.graph.information_bits] == -9.0).all()


def test_rows_left_out_change_nothing():
    code = LDPC5G(100, 250, iterations=8, algorithm="sum-product", schedule="flooding")
    whole = BeliefPropagation(code.graph, sum_product, 8, "flooding")
    llrs = heard(code.encode(random_bits(4, 100).double()), snr_db=0.0).requires_grad_()
    channel = code.rate_matcher.recover(llrs, code.graph.codeword_bits, known=1e6).T
    assert code.beliefs.num_edges < 0.7 * whole.num_edges
    assert torch.allclose(whole(channel)[:100].T, code.posterior(llrs), atol=1e-9)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_block_decodes_alone_as_in_company(schedule):
    code = LDPC5G(100, 200, schedule=schedule)
    llrs = heard(code.encode(random_bits(40, 100)), snr_db=-1.5)
    together = code.posterior(llrs)
    alone = torch.cat([code.posterior(block[None]) for block in llrs])
    assert torch.allclose(together, alone, rtol=1e-4, atol=1e-4)
    assert 0 < (code.decode(llrs) != random_bits(40, 100)).any(1).sum() < 40  # finished and unfinished ones were there


def test_layered_converges_in_half_the_iterations():
    bits = random_bits(100, 300)
    errors = {}
    for schedule, iterations in (("flooding", 5), ("flooding", 10), ("layered", 5)):
        code = LDPC5G(300, 600, schedule=schedule, iterations=iterations)
        wrong = code.decode(heard(code.encode(bits), snr_db=-0.5)) != bits
        errors[schedule, iterations] = wrong.any(1).double().mean().item()
    deviation = 3 * math.sqrt(2 * 0.25 / 100)
    assert errors["layered", 5] < errors["flooding", 5]
    assert abs(errors["layered", 5] - errors["flooding", 10]) < deviation


def test_posteriors_are_the_odds_that_are_met():
    torch.manual_seed(0)
    code, bits = (
        LDPC5G(300, 450, iterations=2, algorithm="sum-product"),
        random_bits(100, 300),
    )  # few iterations: no cycle is closed
    llrs = heard(code.encode(bits), snr_db=0.0).requires_grad_()
    posterior = code.posterior(llrs).detach().double().flatten()
    for low in range(-6, 6, 2):
        inside = (low <= posterior) & (posterior < low + 2)
        promised, met = posterior[inside].sigmoid(), bits.flatten()[inside]
        # a bit's neighbours share its noise: allow for ten
        assert (met - promised).sum().abs() < 4 * (10 * promised * (1 - promised)).sum().sqrt()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_ldpc_gradients_are_those_of_finite_differences(algorithm, schedule):
    code = LDPC5G(12, 24, iterations=3, algorithm=algorithm, schedule=schedule)
    llrs = heard(code.encode(random_bits(2, 12).double()), snr_db=1.0).requires_grad_()
    assert torch.autograd.gradcheck(code.posterior, (llrs,))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("level", [3.0, 30.0, 300.0])
def test_gradients_come_back_where_decoding_succeeds(algorithm, level):
    code, bits = LDPC5G(200, 400, algorithm=algorithm), random_bits(2, 200)
    llrs = (level * (2.0 * code.encode(bits) - 1.0) + 0.1 * torch.randn(2, 400)).requires_grad_()
    posterior = code.posterior(llrs)
    assert torch.equal((posterior > 0).float(), bits)
    punctured = posterior[:, : 2 * code.graph.lifting].abs().sum()  # their only news comes through checks
    (gradient,) = torch.autograd.grad(punctured, llrs)
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0.1 * punctured.numel()


@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_bits_known_beforehand_help_and_knowing_nothing_changes_nothing(backend):
    code, bits = LDPC5G(330, 660, backend=backend), random_bits(40, 330)
    llrs = heard(code.encode(bits), snr_db=-3.0)
    plain = code.decode(llrs)
    assert torch.equal(code.decode(llrs, torch.zeros(40, 330)), plain)
    known = torch.zeros(40, 330)
    known[:, 100:] = 5.0 * (2.0 * bits[:, 100:] - 1.0)  # the rate of what is left is less than a sixth
    assert (plain != bits).any(1).double().mean() > 0.9
    assert (code.decode(llrs, known) != bits).any(1).double().mean() < 0.1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_infinite_llrs_are_certain_and_no_numbers_are_refused(algorithm, backend):
    code, bits = LDPC5G(100, 300, algorithm=algorithm, backend=backend), random_bits(3, 100)
    certain = (2.0 * code.encode(bits) - 1.0) * torch.inf
    assert torch.equal(code.decode(certain), bits)
    assert torch.equal(code.decode(2e38 * (2.0 * code.encode(bits) - 1.0)), bits)
    assert code.posterior(torch.zeros(1, 300)).isfinite().all()
    certain[1, 7] = torch.nan
    for decode in (code.decode, code.posterior):
        with pytest.raises(ValueError, match=r"LLRs of block 1 of 3 are not numbers"):
            decode(certain)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_what_is_certain_both_ways_is_not_known_at_all(algorithm, backend):
    """Heard twice, or heard and known beforehand: infinities of both signs cancel, and do no more than erase a bit."""
    code, bits = LDPC5G(40, 500, algorithm=algorithm, backend=backend), random_bits(2, 40)
    llrs, prior = 10.0 * (2.0 * code.encode(bits) - 1.0), torch.zeros(2, 40)
    again, first_heard = len(code.rate_matcher.buffer), 2 * code.graph.lifting
    llrs[:, [3, again + 3]] = 0.0
    erased = llrs.clone()
    llrs[0, 3], llrs[0, again + 3] = torch.inf, -torch.inf
    llrs[1, 3], prior[1, first_heard + 3] = torch.inf, -torch.inf
    assert torch.equal(code.decode(llrs, prior), bits)
    assert torch.equal(code.decode(llrs[:1]), bits[:1])
    torch.testing.assert_close(code.posterior(llrs, prior), code.posterior(erased))


@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_what_is_certain_beforehand_stays_so(backend):
    code, bits = LDPC5G(100, 200, backend=backend), random_bits(3, 100)
    noise = torch.randn(3, 200, generator=torch.Generator().manual_seed(0))
    assert torch.equal(code.decode(noise, (2.0 * bits - 1.0) * torch.inf), bits)
    known = torch.zeros(3, 100)
    known[2, 50] = torch.nan
    for decode in (code.decode, code.posterior):
        with pytest.raises(ValueError, match=r"logits beforehand of block 2 of 3 are not numbers"):
            decode(noise, known)


def test_shapes_and_precision_follow_the_input():
    code = LDPC5G(20, 60)
    for shape in [(0,), (3,), (2, 3), ()]:
        coded = code.encode(random_bits(*shape, 20).double())
        assert coded.shape == (*shape, 60)
        assert code.decode(20 * coded - 10).shape == (*shape, 20)
        assert code.decode(20 * coded - 10).dtype == torch.float64


@pytest.mark.parametrize(
    ("k", "n", "options", "message"),
    [
        (11, 100, {}, "k must be at least 12"),
        (100, 99, {}, "k = 100, n = 99"),
        (100, 102, {}, "rate above 0.95.*100/102"),
        (8449, 16000, {}, "base graph 1.*k <= 8448 bits a block, not 8449"),
        (3841, 40000, {}, "base graph 2.*k <= 3840 bits a block, not 3841"),
        (100, 201, {"bits_per_symbol": 2}, "multiple of bits_per_symbol = 2; got n = 201"),
        (100, 200, {"iterations": 0}, "iterations must be at least 1; got 0"),
        (100, 200, {"algorithm": "magic"}, "one of sum-product, min-sum, offset-min-sum; got 'magic'"),
        (100, 200, {"schedule": "magic"}, "one of flooding, layered; got 'magic'"),
        (100, 200, {"backend": "magic"}, "one of auto, compiled, triton, torch; got 'magic'"),
        (100, 200, {"scale": 0.0}, r"scale must lie in \(0, 1\]; got 0.0"),
        (100, 200, {"offset": -1.0}, "offset must not be negative; got -1.0"),
    ],
)
def test_codes_that_do_not_exist_are_refused(k, n, options, message):
    with pytest.raises(ValueError, match=message):
        LDPC5G(k, n, **options)


def test_blocks_of_another_length_are_refused():
    with pytest.raises(ValueError, match="a block has 20 information bits; got 21"):
        LDPC5G(20, 60).encode(torch.zeros(1, 21))
    with pytest.raises(ValueError, match="a block has 60 LLRs; got 59"):
        LDPC5G(20, 60).decode(torch.zeros(1, 59))
