"""Two layers: what arrives of both, of one, and of damaged ones."""

import pytest
import torch

from semjscc.codecs.hda import HDA, Heard
from semjscc.data.photos import Photos
from semjscc.types import Received

SIZE = (96, 128)
BITS, SYMBOLS = 4_000, 3_000


@pytest.fixture(scope="module")
def image():
    return Photos((256, 256))[0].image[None, :, 64:160, 64:192].contiguous()


@pytest.fixture(scope="module")
def codec():
    torch.manual_seed(0)
    codec = HDA(stride=8, classes=4, widths=(8, 8)).eval()
    photo = Photos((256, 256))[0].image
    patches = photo.unfold(1, 64, 64).unfold(2, 64, 64).movedim(0, 2).flatten(0, 1)
    codec.fit_statistics(patches.contiguous())
    return codec


def heard(bits, symbols, noise_var=1e-9, right=None):
    noise = torch.randn(symbols.shape, dtype=symbols.dtype, generator=torch.Generator().manual_seed(1))
    noisy = symbols + noise * noise_var**0.5
    right = bits.shape[1] if right is None else right
    return Heard(bits, right, Received(noisy, torch.full(symbols.shape, noise_var)))


def error(codec, image, layers):
    return (codec.show(layers, image.shape[2:]).images - image).square().mean().item()


def test_symbols_have_unit_power_and_bits_fill_their_budget(codec, image):
    bits, symbols = codec.encode(image, BITS, SYMBOLS)
    assert bits.shape == (1, BITS)
    assert set(bits.unique().tolist()) == {0.0, 1.0}
    assert symbols.shape == (1, SYMBOLS)
    assert symbols.abs().square().mean().item() == pytest.approx(1, rel=1e-5)
    spare = BITS - int(bits.nonzero().max())
    assert spare < 0.06 * BITS  # the next finer step would not fit


def test_more_bits_and_more_symbols_make_better_pictures(codec, image):
    errors = {
        (bits, symbols): error(codec, image, heard(*codec.encode(image, bits, symbols), 0.1))
        for bits in (3_000, 12_000)
        for symbols in (0, 3_000)
    }
    assert errors[12_000, 3_000] < errors[12_000, 0] < errors[3_000, 0]
    assert errors[12_000, 3_000] < errors[3_000, 3_000] < errors[3_000, 0]


def test_the_analog_layer_rises_with_the_snr_without_a_cliff(codec, image):
    layers = codec.encode(image, BITS, 6_000)
    errors = torch.tensor([error(codec, image, heard(*layers, 10 ** (-snr / 10))) for snr in range(-10, 31, 5)])
    gains = -10 * errors.log10().diff()
    assert (gains > 0).all()
    assert gains.max() < 5  # dB of PSNR for 5 dB of SNR


@pytest.mark.parametrize("noise_var", [1.0, 0.1, 0.01])
def test_the_variance_is_that_of_the_error(codec, image, noise_var):
    """As near as four classes of Laplacians come; and larger where the error is."""
    layers = heard(*codec.encode(image, BITS, SYMBOLS), noise_var)
    shown = codec.show(layers, SIZE)
    assert shown.variance.mean().item() == pytest.approx((shown.images - image).square().mean().item(), rel=0.4)
    loud = shown.variance > shown.variance.median()
    off = (shown.images - image).square()
    assert off[loud].mean() > 2 * off[~loud].mean()


def test_without_noise_only_what_is_not_sent_is_lost(codec, image):
    """Symbols for every coefficient: the picture comes back, whatever the levels leave open."""
    everything = 3 * SIZE[0] * SIZE[1] // 2
    assert error(codec, image, heard(*codec.encode(image, BITS, everything), 1e-12)) < 1e-7


def test_of_damaged_bits_all_is_used_up_to_the_damage(codec, image):
    bits, symbols = codec.encode(image, 12_000, SYMBOLS)
    errors, lost = [], []
    for right in (12_000, 9_000, 6_000, 3_000, 100):
        damaged = bits.clone()
        damaged[:, right:] = (
            torch.rand(damaged[:, right:].shape, generator=torch.Generator().manual_seed(2)) > 0.5
        ).float()
        layers = heard(damaged, symbols, 0.01, right)
        errors.append(error(codec, image, layers))
        lost.append(codec.show(layers, SIZE).lost)
    assert errors == sorted(errors)
    assert errors[1] < 0.02
    assert lost == [False, False, False, False, True]


def test_what_is_lost_is_grey(codec):
    noise = (torch.rand(1, BITS, generator=torch.Generator().manual_seed(3)) > 0.5).float()
    shown = codec.show(heard(noise, torch.ones(1, SYMBOLS, dtype=torch.complex64), right=0), SIZE)
    assert shown.lost
    assert (shown.images == 0.5).all()


@pytest.mark.parametrize("seed", range(20))
def test_no_damage_is_an_error(codec, seed):
    """Nor where the checks were wrong and all bits count as right."""
    noise = (torch.rand(1, BITS, generator=torch.Generator().manual_seed(seed)) > 0.5).float()
    shown = codec.show(heard(noise, torch.ones(1, SYMBOLS, dtype=torch.complex64)), SIZE)
    assert shown.images.isfinite().all()
    assert shown.variance.isfinite().all()


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (17, 40), (96, 128)])
def test_any_size(codec, image, size):
    part = image[..., : size[0], : size[1]]
    shown = codec.show(heard(*codec.encode(part, 4_000, 2_000), 1e-6), size)
    assert shown.images.shape == part.shape
    assert codec.restore(shown.images, shown.variance).shape == part.shape
    assert (shown.images - part).square().mean() < 1e-3


def test_a_flat_picture_has_nothing_to_send_beside_its_mean(codec):
    flat = torch.full((1, 3, 32, 32), 0.25)
    bits, symbols = codec.encode(flat, 2_000, 500)
    assert symbols.isfinite().all()
    assert error(codec, flat, heard(bits, symbols, 0.1)) < 1e-4


def test_a_budget_below_the_classes_is_refused(codec, image):
    with pytest.raises(ValueError, match="500 bits do not hold a picture of 96 x 128 pixels, whose classes take"):
        codec.encode(image, 500, SYMBOLS)


def test_a_stride_that_the_network_cannot_halve_is_refused():
    with pytest.raises(ValueError, match="stride=4 must be a multiple of 8"):
        HDA(stride=4)


def test_weights_come_back(codec, image, tmp_path):
    codec.save(tmp_path / "w.safetensors", {"channel": "AWGN, rx 1"})
    again = HDA(8, 4, (8, 8), weights=str(tmp_path / "w.safetensors"))
    assert again.card == {"channel": "AWGN, rx 1"}
    for a, b in zip(codec.encode(image, BITS, SYMBOLS), again.encode(image, BITS, SYMBOLS), strict=True):
        assert torch.equal(a, b)
    with pytest.raises(ValueError, match="do not fit"):
        HDA(8, 5, (8, 8), weights=str(tmp_path / "w.safetensors"))
