import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch.nn.functional import pad

from semjscc.data.photos import Photos
from semjscc.metrics.fidelity import Fidelity
from semjscc.types import Delivery, Pictures
from semjscc.units import linear_to_db


def fidelity(truth, shown):
    sent = Pictures(truth, [""] * len(truth), [[]] * len(truth))
    return Fidelity()(sent, Delivery(shown, payload_bits=0, channel_uses=1, data_uses=1, duration=1.0))


@pytest.fixture(scope="module")
def photos():
    return torch.stack([Photos((192, 176))[index].image for index in range(2)])


def noisy(images, sigma):
    return (images + sigma * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)


@pytest.mark.parametrize("levels", [1, 10, 100])
def test_psnr_of_a_known_offset(levels):
    truth = torch.randint(156, (3, 3, 16, 24)) / 255
    figures = fidelity(truth, truth + levels / 255)
    torch.testing.assert_close(figures["psnr_db"], torch.full((3,), 20 * np.log10(255 / levels)).float())
    torch.testing.assert_close(figures["mse"], torch.full((3,), (levels / 255) ** 2))


def test_pictures_are_compared_as_8_bits():
    truth = torch.randint(256, (2, 3, 16, 16)) / 255
    figures = fidelity(truth, truth + 0.49 / 255)
    assert figures["mse"].tolist() == [0, 0]
    assert fidelity(truth, truth + 0.51 / 255)["mse"].min() > 0


def test_identical_pictures_have_the_psnr_of_rounding():
    truth = torch.randint(256, (1, 3, 16, 16)) / 255
    assert fidelity(truth, truth)["psnr_db"].item() == pytest.approx(58.92, abs=0.005)
    uniform = torch.rand(1_000_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rounding = ((uniform * 255).round() / 255 - uniform).square()
    bound = 4 * (rounding.std() / 1000).item()  # 4 sigma / sqrt(n)
    assert rounding.mean().item() == pytest.approx(10**-5.892255, abs=bound)


def test_every_image_is_measured_alone(photos):
    shown = torch.stack([photos[0], noisy(photos[1], 0.1)])
    together = fidelity(photos, shown)
    assert set(together) == {"psnr_db", "mse", "ssim", "ms_ssim"}
    for name, figure in together.items():
        alone = torch.cat([fidelity(photos[i : i + 1], shown[i : i + 1])[name] for i in range(2)])
        assert figure.shape == (2,)
        torch.testing.assert_close(figure, alone)
    assert together["ssim"][0] == 1
    assert together["ms_ssim"][0] == 1


def test_mse_gives_the_fields_other_psnr(photos):
    figures = fidelity(photos, torch.stack([noisy(photos[0], 0.01), noisy(photos[1], 0.2)]))
    assert -linear_to_db(figures["mse"].mean()) < figures["psnr_db"].mean() - 3  # of the mean < mean of


def test_ssim_agrees_with_scikit_image(photos):
    # Torchmetrics and scikit-image continue a picture beyond its border differently, so the border is made flat.
    truth = pad(photos, (12, 12, 12, 12), value=0.5)
    shown = pad(noisy(photos, 0.1), (12, 12, 12, 12), value=0.5)
    expected = [
        structural_similarity(
            *((255 * image).round().double().numpy() / 255 for image in pair),
            gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=0, full=True,
        )[1].mean()
        for pair in zip(truth, shown, strict=True)
    ]  # fmt: skip
    # E[x^2] - E[x]^2 is off by a few roundings of single precision, 2^-24 each, against the constant C2 = 0.03^2.
    assert fidelity(truth, shown)["ssim"].tolist() == pytest.approx(expected, abs=4 * 2**-24 / 0.03**2)


def test_structural_similarity_of_flat_pictures():
    a, b, c1 = 51 / 255, 153 / 255, 0.01**2
    luminance = (2 * a * b + c1) / (a**2 + b**2 + c1)  # contrast and structure of flat pictures are 1
    figures = fidelity(torch.full((1, 3, 176, 176), a), torch.full((1, 3, 176, 176), b))
    assert figures["ssim"].item() == pytest.approx(luminance, abs=1e-3)
    assert figures["ms_ssim"].item() == pytest.approx(luminance**0.1333, abs=1e-3)  # the coarsest scale's exponent


def test_more_noise_is_less_similar(photos):
    figures = [fidelity(photos, noisy(photos, sigma)) for sigma in (0.02, 0.05, 0.1, 0.3)]
    for name in ("psnr_db", "ssim", "ms_ssim"):
        assert torch.stack([figure[name] for figure in figures]).diff(dim=0).max() < 0


@pytest.mark.parametrize(
    ("side", "names"),
    [(10, set()), (11, {"ssim"}), (175, {"ssim"}), (176, {"ssim", "ms_ssim"})],
)
def test_what_a_small_picture_cannot_have_is_absent(side, names):
    truth = torch.rand(1, 3, side, 200)
    assert set(fidelity(truth, truth)) == {"psnr_db", "mse"} | names
