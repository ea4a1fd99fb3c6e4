import pytest
import torch

from semjscc.codecs.hda import HDA
from semjscc.data.photos import Photos
from semjscc.phy.channel import TDL
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.phy.mcs import MCS
from semjscc.phy.plain import PlainLink
from semjscc.rng import PerImage
from semjscc.systems.hybrid import CHECK, Hybrid, Split
from semjscc.types import Received

MODES = [(0, "4-QAM 1/3", 0.6), (6, "16-QAM 1/2", 0.4)]


@pytest.fixture(scope="module")
def images():
    photo = Photos((256, 256))[0].image
    return torch.stack([photo[:, 64:128, 64:128], photo[:, 100:164, 150:214]])


@pytest.fixture(scope="module")
def codec():
    torch.manual_seed(0)
    codec = HDA(stride=8, classes=4, widths=(8, 8)).eval()
    photo = Photos((256, 256))[0].image
    codec.fit_statistics(photo.unfold(1, 64, 64).unfold(2, 64, 64).movedim(0, 2).flatten(0, 1).contiguous())
    return codec


def hybrid(codec, link=None, **settings):
    return Hybrid(codec, link or PlainLink(), **{"bandwidth_ratio": 1 / 3, "modes": MODES} | settings).eval()


def psnr(delivered, images):
    return -10 * (delivered - images).square().mean((1, 2, 3)).log10()


def test_the_ratio_is_what_goes_out(codec, images):
    delivery = hybrid(codec)(images, torch.full((2,), 10.0))
    assert delivery.channel_uses == 64 * 64 == delivery.data_uses
    assert not delivery.block_errors.any()
    assert not delivery.undecodable.any()


def test_symbols_have_unit_power_in_both_layers(codec, images):
    split = hybrid(codec).split(10.0, (64, 64))
    bits, rest = codec.encode(images[:1], split.bits, split.analog)
    symbols = split.send(bits, rest)
    assert symbols.shape == (1, 4096)
    assert symbols.abs().square().mean().item() == pytest.approx(1, rel=0.02)  # 16-QAM's points are drawn
    assert rest.abs().square().mean().item() == pytest.approx(1, rel=1e-5)


def test_pictures_get_better_with_the_snr_and_each_has_its_own(codec, images):
    system = hybrid(codec)
    curve = torch.stack([psnr(system(images, torch.full((2,), snr)).images, images) for snr in (1.0, 4.0, 8.0, 16.0)])
    assert (curve.diff(dim=0) > 0.5).all()
    mixed = system(images, torch.tensor([16.0, 1.0]))
    torch.testing.assert_close(psnr(mixed.images, images), torch.stack([curve[3, 0], curve[0, 1]]), atol=0.3, rtol=0)


@pytest.mark.parametrize(("snr", "expected"), [(-9.0, 0), (0.0, 0), (5.9, 0), (6.0, 1), (30.0, 1)])
def test_the_mode_is_the_last_that_has_started(codec, snr, expected):
    split, (_, words, share) = hybrid(codec).split(snr, (64, 64)), MODES[expected]
    mcs = MCS.parse(words)
    assert split.qam.bits_per_symbol == mcs.bits_per_symbol
    assert split.digital == pytest.approx(share * 4096, abs=4)
    assert split.code.k / split.code.n == pytest.approx(float(mcs.rate), rel=0.01)
    assert split.digital + split.analog == 4096


def test_a_sender_that_is_not_told_stays_in_its_mode_and_gains_from_better_channels_all_the_same(codec, images):
    system = hybrid(codec, design_snr_db=0.0)
    assert system.split(20.0, (64, 64)).qam.bits_per_symbol == 2
    curve = torch.stack([psnr(system(images, torch.full((2,), snr)).images, images) for snr in (2.0, 8.0, 14.0, 20.0)])
    assert (curve.diff(dim=0) > 0.5).all()


def test_bits_are_right_up_to_the_first_block_that_fails_its_check():
    split = Split(MCS.parse("4-QAM 1/2"), 40_000, 1.0, 20)
    assert split.blocks == 5
    bits = (torch.rand(1, split.bits, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    symbols = split.send(bits, torch.zeros(1, split.analog, dtype=torch.complex64))
    noise_var = torch.full(symbols.shape, 0.1)
    assert split.hear(Received(symbols, noise_var)).right == split.bits
    spoilt = symbols.clone()
    spoilt[:, 2 * 8000 : 3 * 8000] *= -1  # most of the third block
    heard = split.hear(Received(spoilt, noise_var))
    assert heard.right == 2 * split.bits // 5
    assert torch.equal(heard.bits[:, : heard.right], bits[:, : heard.right])
    assert split.errors(bits, heard.bits).tolist() == [0, 0, 1, 0, 0]


def test_a_check_of_24_bits_is_charged():
    split = Split(MCS.parse("4-QAM 1/2"), 1000, 1.0, 20)
    assert split.bits == split.blocks * (split.code.k - CHECK.length)
    with pytest.raises(ValueError, match="do not carry a CRC of 24 bits"):
        Split(MCS.parse("4-QAM 1/2"), 20, 1.0, 20)


def test_below_its_modes_a_picture_is_lost_counted_and_grey(codec, images):
    delivery = hybrid(codec)(images, torch.full((2,), -15.0))
    assert delivery.undecodable.tolist() == [1, 1]
    assert delivery.block_errors.all()
    assert (delivery.images == 0.5).all()


def test_a_batch_is_its_images_one_by_one(codec, images):
    channel = TDL("C", 100e-9, 28e9, 25.0, num_rx=2)
    system = hybrid(codec, OFDMLink(ResourceGrid(), channel, LeastSquares(), LMMSE()))
    snr = torch.full((2,), 9.0)
    together = system(images, snr, PerImage([(0, 0), (0, 1)], (9000,)))
    for i in range(2):
        alone = system(images[i : i + 1], snr[:1], PerImage([(0, i)], (9000,)))
        torch.testing.assert_close(alone.images[0], together.images[i], atol=1e-5, rtol=0)
    assert psnr(together.images, images).min() > 20


def test_training_reaches_the_network_and_nothing_else(images):
    torch.manual_seed(0)
    codec = HDA(stride=8, classes=4, widths=(8, 8))
    system = hybrid(codec).train()
    (system(images, torch.full((2,), 10.0)).images - images).square().mean().backward()
    learned = {name for name, p in codec.named_parameters() if p.grad is not None}
    assert learned == {name for name, _ in codec.restoration.named_parameters(prefix="restoration")}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"modes": []}, "modes must be some"),
        ({"modes": [(6, "4-QAM 1/3", 0.5), (0, "4-QAM 1/5", 0.5)]}, "in rising order"),
        ({"modes": [(0, "4-QAM 1/3", 1.5)]}, r"share of the symbols must lie in \(0, 1\], not 1.5"),
        ({"modes": [(0, "5-QAM 1/3", 0.5)]}, "such as '16-QAM 2/3', not '5-QAM 1/3'"),
        ({"bandwidth_ratio": 0.0}, "bandwidth_ratio must be positive"),
    ],
)
def test_bad_settings_are_refused(codec, settings, words):
    with pytest.raises(ValueError, match=words):
        hybrid(codec, **settings)


def test_weights_of_another_channel_are_refused_unless_said(codec, monkeypatch):
    monkeypatch.setattr(codec, "card", {"channel": "UMa, rx 2"})
    with pytest.raises(ValueError, match="trained over UMa, rx 2 on a link over AWGN, rx 1"):
        hybrid(codec)
    hybrid(codec, mismatched=True)


def test_a_picture_too_small_for_its_ratio_says_so(codec, images):
    with pytest.raises(ValueError, match="bits do not hold a picture of 16 x 16 pixels"):
        hybrid(codec, bandwidth_ratio=1 / 12)(images[..., :16, :16], torch.zeros(2))
