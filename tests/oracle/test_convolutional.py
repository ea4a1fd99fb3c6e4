import pytest
import torch
from sionna.phy.fec.conv import ConvEncoder, ViterbiDecoder

from semjscc.phy.fec import Convolutional
from tests.phy.fec.test_ldpc import heard, random_bits

GENERATORS = [(0o133, 0o171, 0o165), (0o133, 0o171), (0o5, 0o7), (0o23, 0o35)]


def sionnas(generators):
    length = max(generators).bit_length()
    polynomials = tuple(f"{generator:0{length}b}" for generator in generators)
    return ConvEncoder(gen_poly=polynomials, terminate=True, precision="double", device="cpu")


@pytest.mark.parametrize("generators", GENERATORS)
def test_coded_bits_are_sionnas(generators):
    bits = random_bits(3, 100).double()
    assert torch.equal(Convolutional(100, generators).encode(bits), sionnas(generators)(bits))


@pytest.mark.parametrize("generators", GENERATORS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])  # compiled, and in torch
def test_decisions_are_sionnas(generators, dtype):
    encoder, bits = sionnas(generators), random_bits(40, 100).double()
    llrs = heard(encoder(bits), snr_db=-3.0 if len(generators) == 3 else -1.0)
    theirs = ViterbiDecoder(encoder=encoder, precision="double", device="cpu")(llrs)
    assert torch.equal(Convolutional(100, generators).decode(llrs.to(dtype)).double(), theirs)
    assert (theirs != bits).any()
