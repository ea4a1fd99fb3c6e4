import pytest
import torch

from semjscc.compiled import viterbi
from semjscc.phy.fec import Convolutional
from tests.phy.fec.test_ldpc import heard, random_bits

PAPER_B = (0o133, 0o171, 0o165)


@pytest.mark.parametrize("generators", [PAPER_B, (0o5, 0o7), (0o23, 0o35), (0o753, 0o561), (0o2, 0o1), (0o3,)])
@pytest.mark.parametrize("k", [1, 6, 100])
def test_decisions_are_those_of_torch(k, generators):
    """Torch decodes what is in double precision."""
    code, generator = Convolutional(k, generators), torch.Generator().manual_seed(0)
    llrs, prior = (2.0 * torch.randn(40, count, generator=generator) for count in (code.n, k))
    assert torch.equal(code.decode(llrs), code.decode(llrs.double()).float())
    assert torch.equal(code.decode(llrs, prior), code.decode(llrs.double(), prior.double()).float())


@pytest.mark.parametrize("rate", ["1/2", "2/3"])
def test_punctured_decisions_are_those_of_torch(rate):
    code = Convolutional(500, rate=rate)
    llrs = heard(code.encode(random_bits(20, 500)), snr_db=0.0)
    assert torch.equal(code.decode(llrs), code.decode(llrs.double()).float())


def test_long_blocks_lose_no_digits():
    """Where 30,000 steps have been paid for, single precision still decides nearly all of them as double does."""
    code = Convolutional(30_000)
    bits = random_bits(1, 30_000)
    llrs = heard(code.encode(bits), snr_db=-5.0)
    compiled, in_torch = code.decode(llrs), code.decode(llrs.double()).float()
    lost = (in_torch != bits).double().mean().item()
    assert 0.01 < lost < 0.3
    assert (compiled != in_torch).double().mean().item() < 0.01 * lost


@pytest.mark.parametrize("threads", [1, 2])
def test_a_block_decodes_alone_as_in_any_company(threads, monkeypatch):
    monkeypatch.setattr(viterbi, "STEPS", 1)  # a thread for every block
    code = Convolutional(100, rate="1/2")
    llrs = heard(code.encode(random_bits(37, 100)), snr_db=-1.0)
    alone = torch.cat([code.decode(block) for block in llrs.split(1)])
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for size in (2, 5, 37):
            assert torch.equal(torch.cat([code.decode(part) for part in llrs.split(size)]), alone)
    finally:
        torch.set_num_threads(before)


def test_single_precision_is_compiled_and_double_is_not(monkeypatch):
    code, asked = Convolutional(10), []
    compiled = viterbi.likeliest
    monkeypatch.setattr(viterbi, "likeliest", lambda *arguments: asked.append(1) or compiled(*arguments))
    code.decode(torch.zeros(1, code.n).double())
    assert not asked
    code.decode(torch.zeros(1, code.n))
    assert asked
