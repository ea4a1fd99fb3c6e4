import pytest
import torch

from semjscc.compiled.min_sum import MOST, STEPS, WIDEST
from semjscc.phy.channel import TDL
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.fec import LDPC5G
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage
from tests.phy.fec.test_ldpc import heard, random_bits

# both base graphs, fillers or none, the buffer cut short, whole, and wrapped around; interleaved in one
SIZES = [(12, 24, None), (100, 150, None), (132, 3000, None), (641, 1000, 4), (1392, 2784, 2), (4224, 4700, None)]


def pair(k, n, **options):
    return (LDPC5G(k, n, backend=backend, **options) for backend in ("compiled", "torch"))


@pytest.mark.parametrize(("k", "n", "order"), SIZES)
def test_hard_decisions_are_those_of_torch_where_quarters_are_exact(k, n, order):
    """In few iterations on small LLRs nothing saturates: integers then compute what floats do, bit for bit."""
    generator = torch.Generator().manual_seed(0)
    llrs = torch.randint(-6, 7, (70, n), generator=generator) / STEPS
    for iterations in (1, 2, 3):
        compiled, in_torch = pair(k, n, bits_per_symbol=order, iterations=iterations)
        assert torch.equal(compiled.decode(llrs), in_torch.decode(llrs))
    assert 0.2 < compiled.decode(llrs).mean() < 0.8


@pytest.mark.parametrize(("algorithm", "tolerance"), [("offset-min-sum", 0.1), ("min-sum", 0.15)])
def test_blocks_lost_are_nearly_those_of_torch(algorithm, tolerance):
    compiled, in_torch = pair(330, 660, algorithm=algorithm)
    bits = random_bits(600, 330)
    llrs = heard(compiled.encode(bits), snr_db=-1.7)
    ours, theirs = ((code.decode(llrs) != bits).any(1) for code in (compiled, in_torch))
    assert 0.05 < theirs.double().mean() < 0.5
    alone, difference = (ours != theirs).sum(), ours.sum() - theirs.sum()
    assert alone <= tolerance * 600
    assert abs(difference) <= 4 * alone.sqrt() + 0.02 * 600  # quantisation may cost a block in fifty


@pytest.mark.parametrize("threads", [1, 2])
def test_a_block_decodes_alone_as_in_any_company(threads):
    """Groups of one and two registers, groups that are full or not, blocks that begin again: all give the same."""
    code, bits = LDPC5G(100, 200, backend="compiled"), random_bits(3 * WIDEST + 7, 100)
    llrs = heard(code.encode(bits), snr_db=-1.5)
    alone = torch.cat([code.decode(block) for block in llrs.split(1)])
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for size in (5, 70, WIDEST, len(llrs)):
            assert torch.equal(torch.cat([code.decode(part) for part in llrs.split(size)]), alone)
    finally:
        torch.set_num_threads(before)
    lost = (alone != bits).any(1).double().mean()
    assert 0.01 < lost < 0.5  # finished and unfinished ones were there


def test_certain_bits_stay_certain():
    """Posteriors saturate when all agree; more iterations of one block must not turn others."""
    code, bits = LDPC5G(1392, 2784, backend="compiled"), random_bits(130, 1392)
    coded = code.encode(bits)
    for level in (1.0, MOST / STEPS, 1e3, torch.inf):
        llrs = level * (2.0 * coded - 1.0)
        llrs[0] = torch.randn(2784, generator=torch.Generator().manual_seed(0))  # never done: all iterations are made
        assert torch.equal(code.decode(llrs)[1:], bits[1:])


def test_precision_and_shape_follow_the_input():
    code = LDPC5G(20, 60, backend="compiled")
    for shape in [(0,), (3,), (2, 3), ()]:
        coded = code.encode(random_bits(*shape, 20).double())
        bits = code.decode(20 * coded - 10)
        assert (bits.shape, bits.dtype) == ((*shape, 20), torch.float64)


@pytest.mark.parametrize("backend", ["compiled", "triton"])
@pytest.mark.parametrize("options", [{"algorithm": "sum-product"}, {"schedule": "flooding"}])
def test_what_is_not_compiled_cannot_be_asked_for(backend, options):
    with pytest.raises(ValueError, match=f'"{backend}" decodes with schedule "layered" and algorithm "min-sum"'):
        LDPC5G(20, 60, backend=backend, **options)


def test_an_offset_beyond_every_message_leaves_what_is_heard():
    llrs = torch.randint(-6, 7, (3, 60), generator=torch.Generator().manual_seed(0)) / STEPS
    compiled, in_torch = pair(20, 60, offset=40.0)
    assert torch.equal(compiled.decode(llrs), in_torch.decode(llrs))


def test_a_block_nearly_decoded_does_not_fall_apart():
    """Strong LLRs saturate the posteriors; what one forgets must not let a few wrong messages turn it."""
    code, qam = LDPC5G(1392, 2784, backend="compiled"), QAM(2)
    channel = TDL("C", 100e-9, 28e9, speed=25.0, num_rx=2, normalization="slot")
    link, bits = OFDMLink(ResourceGrid(), channel, LeastSquares(), LMMSE()), random_bits(3000, 1392)
    for part, blocks in enumerate(bits.split(500)):
        received = link(qam.modulate(code.encode(blocks)), torch.full((500,), 10.0), PerImage([(0, part)]))
        assert torch.equal(code.decode(qam.demodulate(received.symbols, received.noise_var)), blocks)
