import pytest
import torch

from semjscc.phy import equalization
from semjscc.phy.equalization import LMMSE, ZF
from semjscc.phy.estimation import Estimate

ELEMENTS = (200, 12, 10)  # batch, data symbols, carriers
ANTENNAS = [(1, 1), (2, 1), (4, 2), (3, 3)]  # rx, streams


def complex_normal(*shape):
    return torch.randn(shape, dtype=torch.complex128)


def scene(rx, streams, noise_var, error_var=0.0):
    """QPSK streams through independent coefficients, the estimate that the receiver has of them, and N0."""
    torch.manual_seed(0)
    batch, time, carriers = ELEMENTS
    x = torch.tensor([1, 1j, -1, -1j], dtype=torch.complex128)[torch.randint(4, (batch, streams, time, carriers))]
    known = complex_normal(batch, rx, streams, time, carriers)
    h = known + error_var**0.5 * complex_normal(*known.shape)
    y = (h * x.unsqueeze(1)).sum(2) + noise_var**0.5 * complex_normal(batch, rx, time, carriers)
    estimate = Estimate(known, torch.full((batch, 1, streams, time, carriers), error_var, dtype=torch.float64))
    return x, y, estimate, torch.full((batch,), noise_var, dtype=torch.float64)


@pytest.mark.parametrize("equalizer", [ZF(), LMMSE()], ids=["ZF", "LMMSE"])
@pytest.mark.parametrize(("rx", "streams"), ANTENNAS)
@pytest.mark.parametrize("error_var", [0.0, 0.05])
def test_the_noise_left_has_the_variance_reported(equalizer, rx, streams, error_var):
    x, y, estimate, noise_var = scene(rx, streams, 0.2, error_var)
    out = equalizer.equalize(y, estimate, noise_var)
    error = out.symbols - x
    ratio = error.abs().square() / out.noise_var
    # |e|^2 / var has variance 1 at most (complex normal); the streams of one element share their noise
    assert ratio.mean().item() == pytest.approx(1.0, abs=4 / (x.numel() / streams) ** 0.5)


@pytest.mark.parametrize("equalizer", [ZF(), LMMSE()], ids=["ZF", "LMMSE"])
@pytest.mark.parametrize(("rx", "streams"), ANTENNAS)
def test_symbols_are_unbiased(equalizer, rx, streams):
    x, y, estimate, noise_var = scene(rx, streams, 0.2)
    out = equalizer.equalize(y, estimate, noise_var)
    weights = 1 / out.noise_var  # the best average of e x*: its variance is 1 / sum(weights)
    bias = (weights * (out.symbols - x) * x.conj()).sum() / weights.sum()
    assert bias.abs() < 4 * (streams / weights.sum()) ** 0.5


@pytest.mark.parametrize("equalizer", [ZF(), LMMSE()], ids=["ZF", "LMMSE"])
@pytest.mark.parametrize(("rx", "streams"), ANTENNAS)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_without_noise_the_symbols_come_back(equalizer, rx, streams, dtype):
    x, y, estimate, noise_var = scene(rx, 1, 0.0) if streams == 1 else scene(2 * rx, streams, 0.0)
    estimate = Estimate(estimate.response.to(dtype), estimate.error_var.to(dtype.to_real()))
    out = equalizer.equalize(y.to(dtype), estimate, noise_var.to(dtype.to_real()))
    tolerance = 1e-2 if dtype == torch.complex64 else 1e-8  # of the worst of 24,000 Gram matrices
    torch.testing.assert_close(out.symbols, x.to(dtype), rtol=0, atol=tolerance)
    assert out.noise_var.max() < 1e-12


@pytest.mark.parametrize("streams", [1, 2])
def test_error_in_the_estimate_counts_as_noise_summed_over_streams(streams):
    _, y, estimate, noise_var = scene(4, streams, 0.2, 0.1)
    sure = Estimate(estimate.response, torch.zeros_like(estimate.error_var))
    out = LMMSE().equalize(y, estimate, noise_var)
    same = LMMSE().equalize(y, sure, noise_var + streams * 0.1)
    torch.testing.assert_close(out.symbols, same.symbols)
    torch.testing.assert_close(out.noise_var, same.noise_var)


def test_antennas_with_more_error_count_less():
    _, y, estimate, noise_var = scene(2, 1, 0.2)
    error_var = torch.zeros(ELEMENTS[0], 2, 1, *ELEMENTS[1:], dtype=torch.float64)
    error_var[:, 1] = 1e13
    first = Estimate(estimate.response[:, :1], error_var[:, :1])
    out = LMMSE().equalize(y, Estimate(estimate.response, error_var), noise_var)
    torch.testing.assert_close(out.symbols, LMMSE().equalize(y[:, :1], first, noise_var).symbols, rtol=1e-5, atol=1e-5)


def test_zero_forcing_refuses_more_streams_than_antennas():
    _, y, estimate, noise_var = scene(2, 3, 0.2)
    assert LMMSE().equalize(y, estimate, noise_var).symbols.isfinite().all()
    with pytest.raises(ValueError, match="3 streams with 2 receive antennas"):
        ZF().equalize(y, estimate, noise_var)


def test_mmse_leaves_less_noise_than_zero_forcing():
    _, y, estimate, noise_var = scene(3, 3, 0.2)
    lmmse, zf = (e.equalize(y, estimate, noise_var).noise_var for e in (LMMSE(), ZF()))
    assert (lmmse < zf).all()


@pytest.mark.parametrize("equalizer", [ZF(), LMMSE()], ids=["ZF", "LMMSE"])
@pytest.mark.parametrize(("rx", "streams"), [(1, 1), (3, 1), (2, 2), (5, 2)])
@pytest.mark.parametrize("apart", [False, True])
def test_closed_forms_are_the_general_one(equalizer, rx, streams, apart, monkeypatch):
    _, y, estimate, noise_var = scene(rx, streams, 0.2)
    if apart:  # each antenna has an error of its own
        error_var = torch.rand(ELEMENTS[0], rx, streams, *ELEMENTS[1:], dtype=torch.float64)
        estimate = Estimate(estimate.response, error_var)
    closed = equalizer.equalize(y, estimate, noise_var)
    monkeypatch.setattr(equalization, "_one", equalization._many)
    monkeypatch.setattr(equalization, "_two", equalization._many)
    general = equalizer.equalize(y, estimate, noise_var)
    torch.testing.assert_close(closed.symbols, general.symbols, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(closed.noise_var, general.noise_var, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("equalizer", [ZF(), LMMSE()], ids=["ZF", "LMMSE"])
@pytest.mark.parametrize("streams", [1, 2, 3])
@pytest.mark.parametrize("antennas", [1, 3])  # of which each has an error variance of its own
def test_equalizer_gradients_are_those_of_finite_differences(equalizer, streams, antennas):
    torch.manual_seed(0)
    y, h = complex_normal(1, 3, 1, 2).requires_grad_(), complex_normal(1, 3, streams, 1, 2).requires_grad_()
    error_var = torch.rand(1, antennas, streams, 1, 2, dtype=torch.float64, requires_grad=True)

    def forward(y, h, error_var, noise_var):
        out = equalizer.equalize(y, Estimate(h, error_var), noise_var)
        return out.symbols, out.noise_var

    noise_var = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(forward, (y, h, error_var, noise_var))
