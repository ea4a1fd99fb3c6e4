import pytest
import torch

from semjscc.phy.detection import InterferenceAware, MMSEDetector, ZFDetector, inverse_gains

DETECTORS = [ZFDetector(), MMSEDetector(), MMSEDetector(unbiased=True), InterferenceAware()]


def scene(rx=6, own=3, others=4, dtype=torch.complex128):
    torch.manual_seed(0)
    return (torch.randn(2, 5, rx, n, dtype=dtype) for n in (own, others))


def noise_var(N0):
    return torch.full((2,), N0, dtype=torch.float64)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_without_noise_and_others_the_symbols_come_back(detector, dtype):
    G, _ = scene(dtype=dtype)
    out = detector.filter(G, G[..., :0], noise_var(0.0))
    assert (out.weights.dtype, out.noise_var.dtype) == (dtype, dtype.to_real())
    eye = torch.eye(3, dtype=dtype).expand(2, 5, -1, -1)
    torch.testing.assert_close(out.weights @ G, eye, rtol=0, atol=1e-4 if dtype == torch.complex64 else 1e-6)
    assert (out.noise_var > 0).all()
    assert out.noise_var.max() < 1e-6


@pytest.mark.parametrize("detector", [DETECTORS[0], *DETECTORS[2:]])
def test_streams_keep_their_amplitude(detector):
    G, others = scene()
    kept = (detector.filter(G, others, noise_var(0.5)).weights @ G).diagonal(dim1=2, dim2=3)
    torch.testing.assert_close(kept, torch.ones_like(kept))


def test_the_biased_filter_shrinks_by_the_error_it_reports():
    """Of the MMSE filter, E|x - W y|^2 = 1 - diag(W G)."""
    G, others = scene()
    out = MMSEDetector().filter(G, others, noise_var(0.5))
    kept = (out.weights @ G).diagonal(dim1=2, dim2=3)
    assert (kept.real < 1).all()
    torch.testing.assert_close(kept, (1 - out.noise_var).to(kept))


def test_interference_that_fits_between_the_antennas_is_nulled():
    G, others = scene(rx=8, own=3, others=4)
    W = InterferenceAware().filter(G, 1e3 * others, noise_var(0.1)).weights
    assert (W @ others).abs().max() < 1e-3 * 0.1
    overlooked = MMSEDetector(unbiased=True).filter(G, 1e3 * others, noise_var(0.1)).weights
    assert (overlooked @ others).abs().max() > 0.1


def test_without_interference_awareness_makes_no_difference():
    G, others = scene()
    aware, unaware = (
        d.filter(G, 0 * others, noise_var(0.3)) for d in (InterferenceAware(), MMSEDetector(unbiased=True))
    )
    torch.testing.assert_close(aware.weights, unaware.weights)
    torch.testing.assert_close(aware.noise_var, unaware.noise_var)


@pytest.mark.parametrize("detector", DETECTORS[1:])
def test_a_stream_that_is_not_heard_stays_finite(detector):
    G, others = scene()
    out = detector.filter(G * torch.tensor([1.0, 1.0, 0.0]), others, noise_var(0.3))
    assert out.weights.isfinite().all()
    assert out.noise_var.isfinite().all()
    assert (out.noise_var[..., 2] >= 1.0).all()


def test_inverse_gains_are_the_noise_of_zero_forcing():
    G, others = scene()
    torch.testing.assert_close(inverse_gains(G) * 0.3, ZFDetector().filter(G, others, noise_var(0.3)).noise_var)


def test_zero_forcing_refuses_more_streams_than_antennas():
    G, others = scene(rx=2)
    with pytest.raises(ValueError, match="cannot separate 3 streams with 2 receive antennas"):
        ZFDetector().filter(G, others, noise_var(0.3))
