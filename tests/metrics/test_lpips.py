"""Learned distances: zero for what is equal, more for more noise; and said to be absent where they are."""

import sys

import pytest
import torch
from torchvision.models import alexnet

from semjscc.data.photos import Photos
from semjscc.metrics.lpips import LPIPS, ShiftTolerantLPIPS
from semjscc.types import Delivery, Pictures

SIZE = (64, 96)


@pytest.fixture(scope="module")
def photos():
    source = Photos(SIZE)
    return torch.stack([source[index].image for index in range(2)])


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A hub folder with an AlexNet that has learned nothing, under the name of the one that has."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "checkpoints").mkdir()
    torch.manual_seed(0)
    torch.save(alexnet().state_dict(), folder / "checkpoints" / "alexnet-owt-7be5be79.pth")
    return folder


@pytest.fixture(params=["lpips", "st_lpips"])
def metric(request, backbone, monkeypatch):
    monkeypatch.setattr(torch.hub, "_hub_dir", str(backbone))
    return LPIPS() if request.param == "lpips" else ShiftTolerantLPIPS()


def figure(metric, sent, shown):
    return metric(Pictures(sent, ["", ""], [[], []]), Delivery(shown, 0, 1, 1, 1.0))[metric.name]


def test_equal_pictures_have_no_distance_and_more_noise_has_more(metric, photos):
    assert not metric.absent
    noise = torch.randn(photos.shape, generator=torch.Generator().manual_seed(0))
    distances = torch.stack([figure(metric, photos, photos + sigma * noise) for sigma in (0.0, 0.02, 0.05, 0.1, 0.2)])
    assert distances.shape == (5, 2)
    assert distances[0].tolist() == [0, 0]
    assert distances.diff(dim=0).min() > 0


def test_each_picture_has_the_figure_that_it_has_alone(metric, photos):
    shown = photos.flip(0)
    together = figure(metric, photos, shown)
    alone = [metric.compare(photos[i : i + 1], shown[i : i + 1])[metric.name] for i in range(2)]
    assert torch.equal(together, torch.cat(alone))


def test_what_is_shown_outside_of_0_to_1_is_cut(metric, photos):
    assert figure(metric, photos.round(), 3 * photos.round() - 1).tolist() == [0, 0]


def test_pictures_too_small_for_the_network_have_no_figure(metric, photos):
    for side in (metric.smallest - 1, metric.smallest):
        small = photos[..., :side, :]
        figures = metric(Pictures(small, ["", ""], [[], []]), Delivery(small / 2, 0, 1, 1, 1.0))
        assert bool(figures) == (side >= metric.smallest)


def test_it_is_frozen(metric):
    assert not any(parameter.requires_grad for parameter in metric.parameters())
    assert not any(module.training for module in metric.network.modules())


def test_st_lpips_is_the_packages_own_figure(photos):
    from stlpips_pytorch import stlpips

    theirs = stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False)
    expected = theirs(photos, photos.flip(3), normalize=True).flatten()
    torch.testing.assert_close(figure(ShiftTolerantLPIPS(), photos, photos.flip(3)), expected.detach())
    assert expected.min() > 0


def test_a_shift_by_a_pixel_is_forgiven_more_than_noise_of_the_same_power(photos):
    shifted = photos.roll(1, -1)
    noise = torch.randn(photos.shape, generator=torch.Generator().manual_seed(0))
    noisy = photos + (shifted - photos).square().mean((1, 2, 3), keepdim=True).sqrt() * noise
    metric = ShiftTolerantLPIPS()
    assert (figure(metric, photos, shifted) < 0.5 * figure(metric, photos, noisy)).all()


@pytest.mark.parametrize("net", ["alex", "vgg", "squeeze"])
def test_without_its_backbone_lpips_is_absent_and_says_what_to_fetch(net, photos, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    metric = LPIPS(net)
    assert metric.absent.startswith("lpips: its backbone's weights are not here; fetch https://")
    assert str(tmp_path / "checkpoints") in metric.absent
    assert metric(Pictures(photos, ["", ""], [[], []]), Delivery(photos, 0, 1, 1, 1.0)) == {}


def test_without_its_package_it_is_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "stlpips_pytorch", None)
    assert ShiftTolerantLPIPS().absent.startswith("st_lpips: ")
