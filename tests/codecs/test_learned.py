"""What all learned codecs promise: unit power per image, any size, no image mixed with another, a rate that adds up."""

import pytest
import torch

from semjscc.codecs.adjscc import ADJSCC
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.codecs.deepjscc_mimo import DeepJSCCMIMO
from semjscc.codecs.learned import snr_level, symbols_a_position, unit_power
from semjscc.types import Received
from tests.codecs.learned import SMALL


@pytest.fixture(params=SMALL)
def codec(request):
    torch.manual_seed(0)
    return SMALL[request.param]()


@pytest.fixture
def images():
    """One picture is bright, one dim, one flat: a power normalised over the batch would show."""
    pictures = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    return (
        pictures * torch.tensor([1.0, 0.1, 0.0])[:, None, None, None]
        + torch.tensor([0.0, 0.0, 0.5])[:, None, None, None]
    )


SNRS = torch.tensor([0.0, 5.0, 10.0])


def heard(symbols):
    return Received(symbols, torch.full(symbols.shape, 0.1))


def test_every_image_has_unit_power(codec, images):
    """Rounded to a constellation, as much as one symbol is worth may be missing: see test_deepjscc_q.py."""
    power = codec.encode(images, SNRS).abs().square().mean(1)
    torch.testing.assert_close(
        power, torch.ones(3), rtol=0, atol=2e-2 if codec.architecture["codec"] == "DeepJSCCQ" else 1e-5
    )


def test_images_together_are_images_one_at_a_time(codec, images):
    together = codec.encode(images, SNRS)
    delivered = codec.decode(heard(together), SNRS, (64, 64))
    for i in range(3):
        alone = codec.encode(images[i : i + 1], SNRS[i : i + 1])
        torch.testing.assert_close(alone[0], together[i], rtol=1e-4, atol=1e-5)
        picture = codec.decode(heard(together[i : i + 1]), SNRS[i : i + 1], (64, 64))
        torch.testing.assert_close(picture[0], delivered[i], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(64, 64), (30, 41), (8, 100), (1, 1)])
def test_pictures_of_any_size_come_back_in_their_size(codec, size):
    symbols = codec.encode(torch.rand(2, 3, *size), SNRS[:2])
    assert symbols.shape == (2, codec.symbols(size))
    delivered = codec.decode(heard(symbols), SNRS[:2], size)
    assert delivered.shape == (2, 3, *size)
    assert 0 <= delivered.min() <= delivered.max() <= 1


def test_the_bandwidth_ratio_is_a_sixth(codec):
    assert codec.symbols((64, 64)) * 6 == codec.symbols((32, 128)) * 6 == 3 * 64 * 64


def test_a_picture_is_continued_to_whole_strides_by_its_edge(codec):
    stride = getattr(codec, "codec", codec).stride
    picture = torch.rand(1, 3, 57, 50)
    rows, columns = (torch.arange(side + -side % stride).clamp_max(side - 1) for side in (57, 50))
    continued = picture[:, :, rows][..., columns]
    assert continued.shape[2:] > picture.shape[2:]
    assert torch.equal(codec.encode(picture, SNRS[:1]), codec.encode(continued, SNRS[:1]))


def test_what_does_not_belong_to_a_picture_is_refused(codec):
    symbols = codec.encode(torch.rand(1, 3, 64, 64), SNRS[:1])
    with pytest.raises(ValueError, match="2048 symbols for 40 x 40 pixels, not "):
        codec.decode(heard(symbols), SNRS[:1], (40, 40))
    with pytest.raises(ValueError, match="0 x 8 pixels: at least 1 x 1"):
        codec.encode(torch.rand(1, 3, 0, 8), SNRS[:1])


def test_without_noise_all_stays_finite(codec):
    endless = torch.tensor([torch.inf, -torch.inf])
    symbols = codec.encode(torch.rand(2, 3, 16, 16), endless)
    received = Received(symbols, torch.tensor([[0.0], [torch.inf]]).expand(symbols.shape))
    assert codec.decode(received, endless, (16, 16)).isfinite().all()


def test_mixed_precision_ends_at_the_symbols_and_at_the_pictures(codec, images):
    with torch.autocast("cpu", torch.bfloat16):
        symbols = codec.encode(images, SNRS)
        delivered = codec.decode(heard(symbols), SNRS, (64, 64))
    assert (symbols.dtype, delivered.dtype) == (torch.complex64, torch.float32)


def test_double_precision_stays(codec):
    symbols = codec.double().encode(torch.rand(2, 3, 16, 16).double(), SNRS[:2].double())
    delivered = codec.decode(Received(symbols, torch.ones(symbols.shape).double()), SNRS[:2].double(), (16, 16))
    assert (symbols.dtype, delivered.dtype) == (torch.complex128, torch.float64)


@pytest.mark.parametrize("make", [DeepJSCC, ADJSCC])
@pytest.mark.parametrize("each", [1, 4, 8, 16])
def test_ratios_of_stride_4_are_multiples_of_a_48th(make, each):
    """CBR = (H/4)(W/4)(c/2) / (3 H W) = c / 96."""
    codec = make(each / 48, width=4)
    assert codec.symbols((64, 64)) / (3 * 64 * 64) == pytest.approx(each / 48)
    assert codec.analyse(torch.rand(1, 3, 64, 64), SNRS[:1]).shape == (1, 2 * each, 16, 16)


@pytest.mark.parametrize("patch", [2, 4, 8])
def test_ratios_of_patches_are_finer_the_larger_they_are(patch):
    codec = DeepJSCCMIMO(1 / 12, patch, 32, 1)
    assert codec.symbols((64, 64)) * 12 == 3 * 64 * 64
    assert DeepJSCCMIMO(1 / (3 * patch**2), patch, 32, 1).symbols((64, 64)) == (64 // patch) ** 2


def test_a_ratio_that_cannot_be_is_refused_with_the_nearest():
    assert symbols_a_position(0.1667, 4) == symbols_a_position(1 / 6, 4) == 8
    with pytest.raises(ValueError, match=r"0.15: .* nearest: 7/48 = 0.1458 and 8/48 = 0.1667"):
        DeepJSCC(0.15)
    with pytest.raises(ValueError, match=r"0.001: .* nearest: 1/192 = 0.0052$"):
        DeepJSCCMIMO(0.001)
    for ratio in (0.0, -1.0, 1 / 96):
        with pytest.raises(ValueError, match=r"nearest: 1/48 = 0.0208$"):
            symbols_a_position(ratio, 4)


def test_power_is_that_of_complex_symbols():
    """Unit power of each real part would be 3 dB more."""
    symbols = unit_power(torch.tensor([[3 + 4j, 0], [0, 0]]))
    torch.testing.assert_close(symbols, torch.tensor([[(3 + 4j) / 12.5**0.5, 0], [0, 0]]))


def test_networks_are_told_finite_levels_of_the_snr():
    levels = snr_level(torch.tensor([-torch.inf, 0.0, 20.0, torch.inf]))
    assert levels.tolist() == [-1.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize("make", [DeepJSCC, lambda: ADJSCC(width=32)])
def test_at_first_all_that_can_be_said_of_a_picture_is_said_about_as_loud(make):
    """The Jacobian's singular values from 192 numbers to 64, and back: with Glorot's they differ 190- to 570-fold."""
    torch.manual_seed(0)
    codec, snr_db, grey = make().double(), torch.full((1,), 10.0), torch.full((1, 3, 8, 8), 0.5).double()
    features = codec.analyse(grey, snr_db)
    into = torch.autograd.functional.jacobian(lambda x: codec.analyse(x, snr_db), grey).reshape(64, 192)
    heard, quiet = features.detach(), torch.zeros_like(features)
    back = torch.autograd.functional.jacobian(lambda x: codec.synthesise(x, quiet, snr_db), heard).reshape(192, 64)
    for gains in (torch.linalg.svdvals(into), torch.linalg.svdvals(back)):
        assert gains[0] < 5 * gains[-1]


def test_a_bad_stretch_of_the_air_harms_a_little_of_all_features_everywhere():
    """An eighth of the symbols, side by side: so many of each feature and of each quarter, to five deviations."""
    codec = DeepJSCC(width=4)
    n = codec.symbols((128, 128))
    harmed = torch.zeros(1, n, 1)
    harmed[:, n // 4 : n // 4 + n // 8] = 1.0
    features = codec.arrange(harmed, (128, 128))  # [1, 8, 32, 32]
    quarters = features.unflatten(2, (2, 16)).unflatten(4, (2, 16)).mean((1, 3, 5)).flatten()
    for shares, count in ((features.mean((2, 3)), 1024), (quarters, 2048)):
        assert (shares - 1 / 8).abs().amax() < 5 * (1 / 8 * 7 / 8 / count) ** 0.5
    assert harmed.mean() == features.mean()
