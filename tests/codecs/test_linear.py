import pytest
import torch

from semjscc.codecs.linear import LinearCode
from semjscc.data.photos import Photos


@pytest.fixture
def whole():
    return LinearCode(8, 192)


def test_it_starts_as_an_orthonormal_transform_of_brightness_and_colour(whole):
    torch.testing.assert_close(whole.there @ whole.there.T, torch.eye(192), atol=1e-5, rtol=0)
    grey = torch.full((1, 3, 8, 8), 0.75)
    features = (whole.features(grey) / whole.loudness_log.exp()).flatten()
    assert features[0].item() == pytest.approx(0.25 * 192**0.5, rel=1e-5)  # the mean, times the root of the pixels
    assert features[1:].abs().amax() < 1e-5


def test_the_greatest_variances_come_first(whole):
    assert (whole.variance_log.diff() <= 0).all()


def test_pictures_come_back_whatever_they_were_amplified_by(whole):
    images = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    images = images - _mean_of_the_last(whole, images)  # else it is taken for a part of the pilot
    heard = whole.with_pilot(whole.features(images))
    for gain in (0.3, 2.0):
        back = whole.images(whole.estimate(gain * heard, torch.zeros_like(heard)))
        torch.testing.assert_close(back, images, atol=1e-4, rtol=0)


def _mean_of_the_last(code, images):
    last = code.there[-1:]
    blocks = torch.nn.functional.pixel_unshuffle(images - 0.5, 8)
    mean = (blocks.movedim(1, -1) @ last.T).mean((1, 2), keepdim=True)
    off = (mean @ last).movedim(-1, 1).expand_as(blocks)
    return torch.nn.functional.pixel_shuffle(off, 8)


@pytest.mark.parametrize("noise_var", [0.5, 0.05])
def test_the_estimate_has_the_least_mean_squared_error_of_its_model(noise_var):
    """lambda n / (p + n) for each coefficient, to five standard errors, at unit power of a symbol."""
    code, generator = LinearCode(4, 16), torch.Generator().manual_seed(1)
    deviation = (code.variance_log / 2 + code.loudness_log).exp()
    assert deviation.square().mean().item() == pytest.approx(0.5, rel=1e-5)
    n = 64
    features = deviation * torch.randn(20, n, n, 16, generator=generator)
    noise = noise_var**0.5 * torch.randn(features.shape, generator=generator)
    heard = code.with_pilot(features - features.mean((1, 2), keepdim=True) * (torch.arange(16) == 15)) + noise
    off = (code.estimate(heard, torch.full_like(heard, noise_var)) - features)[..., :-1]
    power = deviation.square()[:-1]
    expected = power * noise_var / (power + noise_var)
    torch.testing.assert_close(
        off.square().mean((0, 1, 2)), expected, rtol=5 * (2 / (20 * n * n)) ** 0.5 + 0.01, atol=0
    )


def test_its_model_is_that_of_photographs():
    """Deviations of the coefficients of a photograph follow the model's over three decades of variance."""
    code = LinearCode(8, 64)
    image = Photos((256, 256), "test")[1].image[None]
    found = (code.features(image) / code.loudness_log.exp()).flatten(0, 2).var(0).log()
    correlation = torch.corrcoef(torch.stack([found, code.variance_log]))[0, 1]
    assert correlation > 0.85


def test_all_of_it_learns(whole):
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    heard = whole.with_pilot(whole.features(images))
    (whole.images(whole.estimate(heard, torch.full_like(heard, 0.1))) - images).square().mean().backward()
    assert all(parameter.grad.abs().amax() > 0 for parameter in whole.parameters())
