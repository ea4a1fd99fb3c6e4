import pytest
import torch
from torch import nn
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

from semjscc.data.photos import Photos
from semjscc.metrics.lpips import LearnedDistance
from semjscc.training.losses import MSSSIM, NegativePSNR, Perceptual

PHOTO = Photos((192, 192))[0].image[None]


def noisy(images, deviation=0.1):
    return (images + deviation * torch.randn_like(images)).clamp(0, 1)


@pytest.mark.parametrize("side", [11, 21, 32, 64, 98, 99, 128, 176, 192])
def test_ms_ssim_is_0_for_equal_patches_and_grows_with_noise(side):
    x = PHOTO[..., :side, :side]
    losses = [MSSSIM()(y, x).item() for y in (x, noisy(x, 0.05), noisy(x, 0.3))]
    assert losses[0] == pytest.approx(0.0, abs=1e-5)
    assert 0 < losses[1] < losses[2] < 1


def test_five_scales_have_the_published_weights():
    y = noisy(PHOTO)
    expected = multiscale_structural_similarity_index_measure(y, PHOTO, data_range=1.0, normalize="simple")
    assert MSSSIM()(y, PHOTO).item() == pytest.approx(1 - expected.item(), abs=1e-5)  # the weights sum to 1.0001


def test_the_gradient_of_ms_ssim_is_finite_for_the_negative():
    y = (1 - PHOTO).requires_grad_()
    MSSSIM()(y, PHOTO).backward()
    assert y.grad.isfinite().all()
    assert y.grad.abs().max() > 0


def test_a_patch_without_room_for_the_window_is_refused():
    with pytest.raises(ValueError, match="10 x 32 pixels"):
        MSSSIM()(torch.rand(1, 3, 10, 32), torch.rand(1, 3, 10, 32))


class Network(nn.Module):
    """A distance with weights, between pictures in [-1, 1]."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout())

    def forward(self, a, b):
        assert a.min() < 0
        return (self.net(a) - self.net(b)).square().mean((1, 2, 3), keepdim=True)


class Distance(LearnedDistance):
    name, smallest = "distance", 3

    def load(self):
        return Network()


class Absent(Distance):
    def load(self):
        raise ImportError("no such package")


def test_a_perceptual_loss_adds_its_distance_and_leaves_the_network_alone():
    loss, y = Perceptual(Distance(), weight=2.0).train(), noisy(PHOTO).requires_grad_()
    distance = loss.network(2 * y - 1, 2 * PHOTO - 1).mean()
    assert loss(y, PHOTO).item() == pytest.approx(((y - PHOTO).square().mean() + 2 * distance).item(), rel=1e-5)
    assert not any(p.requires_grad for p in loss.parameters())
    assert not loss.network.training
    loss(y, PHOTO).backward()
    assert y.grad.abs().max() > 0


def test_a_network_that_cannot_be_had_is_said():
    with pytest.raises(FileNotFoundError, match="no perceptual loss: distance: no such package"):
        Perceptual(Absent())


def test_minus_the_psnr_weighs_pictures_by_the_share_of_the_error():
    x = torch.zeros(2, 3, 4, 4)
    y = (x + torch.tensor([0.3, 0.01])[:, None, None, None]).requires_grad_()
    loss = NegativePSNR()(y, x)
    assert loss.item() == pytest.approx((-10.457575 - 40) / 2)
    loss.backward()
    shares = (y.grad * y).flatten(1).sum(1)
    torch.testing.assert_close(shares[0], shares[1])
    assert NegativePSNR()(x, x).item() == pytest.approx(-80)
