import pytest
import sionna.phy.mapping
import torch

from semjscc.phy.qam import ORDERS, QAM


@pytest.mark.parametrize("order", ORDERS)
def test_points_are_sionnas(order):
    theirs = sionna.phy.mapping.Constellation("qam", order, precision="double", device="cpu").points
    assert (QAM(order).points - theirs).abs().max() < 1e-6  # ours in single precision


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", ["app", "maxlog"])
def test_llrs_are_sionnas(order, method):
    torch.manual_seed(0)
    symbols, noise_var = torch.randn(2, 5, dtype=torch.complex128), torch.rand(2, 5, dtype=torch.float64) + 0.01
    theirs = sionna.phy.mapping.Demapper(method, "qam", order, precision="double", device="cpu")(symbols, noise_var)
    assert torch.allclose(QAM(order).demodulate(symbols, noise_var, method), theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_symbols_are_sionnas(order):
    bits = torch.randint(2, (2, 10 * order)).double()
    theirs = sionna.phy.mapping.Mapper("qam", order, precision="double", device="cpu")(bits)
    assert (QAM(order).modulate(bits) - theirs).abs().max() < 1e-12
