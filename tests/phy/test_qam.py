import math
from functools import partial

import pytest
import torch

from benchmarks.closed_form import qam_bit_error_rate
from semjscc.phy import qam as qam_module
from semjscc.phy.qam import ORDERS, QAM


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


def brute_force(qam, symbols, noise_var, method):
    """Over all points at once, in double precision."""
    labels = torch.arange(2**qam.bits_per_symbol)[:, None] >> torch.arange(qam.bits_per_symbol).flip(0) & 1
    points = qam.modulate(labels.double()).squeeze(1)
    metric = -(symbols.to(torch.complex128)[..., None] - points).abs().square() / noise_var.double()[..., None]
    gather = {"app": torch.logsumexp, "maxlog": torch.amax}[method]
    llrs = [gather(metric[..., ones], -1) - gather(metric[..., ~ones], -1) for ones in labels.bool().T]
    return torch.stack(llrs, -1).flatten(-2)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", ["app", "maxlog"])
@pytest.mark.parametrize("form", ["compiled", "torch", "double"])
def test_llrs_are_those_of_all_points(order, method, form):
    torch.manual_seed(3)
    symbols, noise_var = torch.randn(2, 75, dtype=torch.complex64), 10 ** torch.linspace(-3, 1, 75).expand(2, -1)
    expected = brute_force(QAM(order), symbols, noise_var, method)
    if form == "double":
        symbols = symbols.to(torch.complex128)
    if form == "torch":  # the compiled loops know no gradients
        symbols.requires_grad_()
    llrs = QAM(order).demodulate(symbols, noise_var, method)
    # a metric of d^2 / N0 has d to half a unit in the last place of |y|, and so has the level
    torch.testing.assert_close(llrs.double(), expected, rtol=1e-5, atol=2e-3 if form != "double" else 1e-9)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("gradients", [False, True])
def test_maxlog_is_that_of_all_points_between_levels_on_them_and_far_outside(order, dtype, gradients):
    """At every half of a level's distance from the next, nearest levels change."""
    unit = math.sqrt(1.5 / (2**order - 1))
    steps = torch.arange(-3.0 * 2 ** (order // 2), 3.0 * 2 ** (order // 2) + 1, 0.5, dtype=dtype)
    axis = unit * torch.cat([steps, steps[:9] * 100])
    symbols, noise_var = torch.complex(axis, axis.flip(0))[None], torch.tensor(0.1, dtype=dtype)
    expected = brute_force(QAM(order), symbols, noise_var.expand(symbols.shape), "maxlog")
    found = QAM(order).demodulate(symbols.requires_grad_(gradients), noise_var, "maxlog").detach().double()
    # a folded value is off by half a unit in the last place of |y| for each fold; an LLR is some 2 |y| / N0 times that
    room = 8 * (order + 2) * torch.finfo(dtype).eps * (1 + symbols.detach().abs().double().square()) / 0.1
    assert ((found - expected).abs().unflatten(1, (-1, order)) <= room[..., None]).all()


@pytest.mark.parametrize("order", ORDERS)
def test_maxlog_has_a_slope_where_a_bit_is_undecided(order):
    """At 0 the first bit has its nearest levels one unit to both sides: its LLR falls by 4 units / N0."""
    symbols = torch.zeros(1, 1, dtype=torch.complex64, requires_grad=True)
    llrs = QAM(order).demodulate(symbols, torch.tensor(0.1), "maxlog")
    (slope,) = torch.autograd.grad(llrs[0, 0], symbols)
    assert llrs[0, 0] == 0.0
    assert slope.item() == pytest.approx(-4 * math.sqrt(1.5 / (2**order - 1)) / 0.1, rel=1e-6)


@pytest.mark.parametrize("method", ["app", "maxlog"])
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_long_payloads_take_memory_for_their_llrs_only(method, gradients, dtype, monkeypatch):
    """However long, no table holds more metrics than a block has; and blocks change nothing."""
    torch.manual_seed(4)
    qam, tables, made = QAM(6), [], qam_module.DEMAPPERS[method]
    symbols = torch.randn(3, 1000, dtype=dtype, requires_grad=gradients)
    whole = qam.demodulate(symbols, torch.tensor(0.1), method)

    def watched(symbols, noise_var, levels):
        tables.append(len(symbols) * len(levels))
        return made(symbols, noise_var, levels)

    monkeypatch.setitem(qam_module.DEMAPPERS, method, watched)
    monkeypatch.setattr(qam_module, "BLOCK", {"cpu": 800})
    blocks = qam.demodulate(symbols, torch.tensor(0.1), method)
    torch.testing.assert_close(blocks, whole)
    assert all(size <= 800 for size in tables)
    assert len(tables) == (0 if dtype == torch.complex64 and not gradients else 30)
    if gradients:
        (grad,) = torch.autograd.grad(blocks.square().sum(), symbols)
        torch.testing.assert_close(grad, torch.autograd.grad(whole.square().sum(), symbols)[0])
        assert len(tables) == 60  # no table was kept


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", ["app", "maxlog"])
@pytest.mark.parametrize("noise_var", [1e-30, 1e30])
@pytest.mark.parametrize("gradients", [False, True])
def test_llrs_are_finite_at_any_noise(order, method, noise_var, gradients):
    symbols = torch.randn(1, 300, dtype=torch.complex64, requires_grad=gradients)
    assert QAM(order).demodulate(symbols, torch.tensor(noise_var), method).isfinite().all()


def test_symbols_that_ask_for_gradients_can_be_demapped_without():
    symbols = torch.randn(2, 5, dtype=torch.complex64, requires_grad=True)
    with torch.no_grad():
        llrs = QAM(4).demodulate(symbols, torch.tensor(0.1))
    assert not llrs.requires_grad
    torch.testing.assert_close(llrs, QAM(4).demodulate(symbols, torch.tensor(0.1)).detach())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", ["app", "maxlog"])
def test_a_symbol_that_is_no_number_makes_llrs_that_are_none(order, method):
    symbols = torch.zeros(1, 300, dtype=torch.complex64)
    symbols[0, 7] = torch.nan
    wrong = QAM(order).demodulate(symbols, torch.tensor(0.1), method).isnan().unflatten(1, (-1, order)).any(2)[0]
    assert wrong.nonzero().tolist() == [[7]]


@pytest.mark.parametrize("order", [2, 6])
@pytest.mark.parametrize("method", ["app", "maxlog"])
@pytest.mark.parametrize("gradients", [False, True])
def test_no_symbols_have_no_llrs(order, method, gradients):
    for shape in [(0, 5), (2, 0)]:
        symbols = torch.zeros(shape, dtype=torch.complex64, requires_grad=gradients)
        assert QAM(order).demodulate(symbols, torch.tensor(0.1), method).shape == (shape[0], shape[1] * order)
