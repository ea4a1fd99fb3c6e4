import math
from functools import partial

import pytest
import torch

from semjscc.phy.qam import ORDERS, QAM
from tests.phy.closed_form import qam_bit_error_rate


def awgn(symbols: torch.Tensor, noise_var: float) -> torch.Tensor:
    return symbols + math.sqrt(noise_var) * torch.randn_like(symbols)  # randn of complex: variance 1 in all


def random_bits(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(2, shape, generator=torch.Generator().manual_seed(seed)).float()


@pytest.mark.parametrize("order", ORDERS)
def test_points_have_unit_power_and_gray_neighbours(order):
    points = QAM(order).points
    assert points.abs().square().mean() == pytest.approx(1.0, abs=1e-5)
    for axis in (points.real, points.imag):
        assert axis.unique().diff().std(correction=0) < 1e-6  # equally spaced
    distance = (points[:, None] - points[None, :]).abs() if order <= 8 else torch.zeros(1, 1)
    nearest = (distance < 1.01 * 2 / math.sqrt(2 / 3 * (2**order - 1))) & (distance > 0)
    for a, b in nearest.nonzero().tolist():
        assert (a ^ b).bit_count() == 1


def test_qpsk_and_16qam_points_are_those_of_the_standard():
    assert torch.allclose(QAM(2).points, torch.tensor([1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j]) / 2**0.5)
    first = torch.tensor([1 + 1j, 1 + 3j, 3 + 1j, 3 + 3j]) / 10**0.5
    assert torch.allclose(QAM(4).points[:4], first)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", ["app", "maxlog"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_bits_come_back(order, method, dtype):
    bits = random_bits(3, 20 * order).to(dtype)
    qam = QAM(order)
    symbols = qam.modulate(bits)
    llrs = qam.demodulate(symbols, torch.tensor(1e-5, dtype=dtype), method)
    assert symbols.shape == (3, 20)
    assert llrs.dtype == dtype
    assert torch.equal((llrs > 0).to(dtype), bits)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("fading", [False, True], ids=["AWGN", "Rayleigh"])
def test_bit_error_rates_are_the_closed_forms(order, fading):
    torch.manual_seed(0)
    snr, bits, qam = 10 ** (0.25 * order), random_bits(1, 40000 * order), QAM(order)
    symbols = qam.modulate(bits)
    gain = torch.randn_like(symbols).abs().square() if fading else torch.ones(1, 1)
    noise_var = 1 / (snr * gain)  # of y / h
    llrs = qam.demodulate(symbols + noise_var.sqrt() * torch.randn_like(symbols), noise_var, "maxlog")
    expected = qam_bit_error_rate(order, snr, fading)
    # bits of a symbol share its noise: no more than `order` times the variance of independent bits
    deviation = math.sqrt(order * expected * (1 - expected) / bits.numel())
    assert ((llrs > 0) != bits).double().mean().item() == pytest.approx(expected, abs=4 * deviation)
    assert deviation < 0.04 * expected


@pytest.mark.parametrize("order", [4, 6, 10])
def test_llrs_are_the_odds_that_are_met(order):
    torch.manual_seed(1)
    noise_var, bits, qam = 0.1, random_bits(20, 2000 * order), QAM(order)
    llrs = qam.demodulate(awgn(qam.modulate(bits), noise_var), torch.tensor(noise_var)).double().flatten()
    for low in range(-8, 8):
        inside = (low <= llrs) & (llrs < low + 1)
        promised, met = llrs[inside].sigmoid(), bits.flatten()[inside]
        deviation = (order * promised * (1 - promised)).sum().sqrt()  # up to `order` bits share a symbol's noise
        assert (met - promised).sum().abs() < 4 * deviation


def test_each_symbol_has_its_own_noise():
    qam, symbols = QAM(4), torch.tensor([[0.1 + 0.2j, 0.1 + 0.2j], [0.5 - 0.3j, 0.1 + 0.2j]])
    noise_var = torch.tensor([[0.1, 0.2], [0.3, 0.4]])
    together = qam.demodulate(symbols, noise_var)
    apart = [qam.demodulate(symbols[i : i + 1, j : j + 1], noise_var[i, j]) for i in range(2) for j in range(2)]
    assert torch.allclose(together, torch.cat(apart, 1).reshape(2, 8))
    assert torch.allclose(
        qam.demodulate(symbols, noise_var[:, :1])[1, 4:], qam.demodulate(symbols, noise_var[1, 0])[1, 4:]
    )


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", ["app", "maxlog"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_without_noise_llrs_are_finite_and_right(order, method, dtype):
    qam, bits = QAM(order).to(dtype), random_bits(1, 100 * order).to(dtype)
    llrs = qam.demodulate(qam.modulate(bits), torch.zeros((), dtype=dtype), method)
    assert llrs.isfinite().all()
    assert torch.equal((llrs > 0).to(dtype), bits)


@pytest.mark.parametrize("method", ["app", "maxlog"])
def test_qam_gradients_are_those_of_finite_differences(method):
    torch.manual_seed(2)
    symbols = torch.randn(2, 3, dtype=torch.complex128, requires_grad=True)
    noise_var = torch.rand(2, 3, dtype=torch.float64).add(0.2).requires_grad_()
    for qam in (QAM(2), QAM(6)):
        assert torch.autograd.gradcheck(partial(qam.demodulate, method=method), (symbols, noise_var))


def test_qam_says_what_it_expects():
    with pytest.raises(ValueError, match="one of 2, 4, 6, 8, 10, 12; got 3"):
        QAM(3)
    with pytest.raises(ValueError, match="10 bits do not fill symbols of 4 bits"):
        QAM(4).modulate(torch.zeros(1, 10))
    with pytest.raises(ValueError, match="one of app, maxlog; got 'exact'"):
        QAM(4).demodulate(torch.zeros(1, 1, dtype=torch.complex64), torch.tensor(1.0), "exact")
