import pytest
import torch

from semjscc.phy.fec import LDPC5G
from semjscc.phy.fec.basegraph import LIFTING_SIZES, base_graph
from tests.phy.fec.test_ldpc import SIZES, random_bits


@pytest.mark.parametrize(("k", "n"), SIZES)
def test_coded_bits_are_those_of_torch(k, n):
    bits = random_bits(130, k)  # two words of blocks and a bit
    compiled, in_torch = (LDPC5G(k, n, backend=backend).encode(bits) for backend in ("compiled", "torch"))
    assert torch.equal(compiled, in_torch)


@pytest.mark.parametrize(("lengths", "rate"), [(range(294, 8449, 2), 0.9), (range(12, 3841, 2), 0.2)])
def test_every_lifting_size_encodes_as_in_torch(lengths, rate):
    longest = {base_graph(k, round(k / rate)).lifting: k for k in lengths}
    assert set(longest) >= {size for size in LIFTING_SIZES if size >= 14}
    for k in longest.values():
        n, bits = round(k / rate), random_bits(2, k)
        assert torch.equal(LDPC5G(k, n).encode(bits), LDPC5G(k, n, backend="torch").encode(bits))
