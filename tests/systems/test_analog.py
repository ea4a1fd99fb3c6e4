"""A symbol codec and a symbol link make a system: its SNR, power and bandwidth are those of the books."""

import pytest
import torch

from semjscc.codecs.adjscc import ADJSCC
from semjscc.codecs.base import SymbolCodec
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.codecs.learned import unit_power
from semjscc.phy.channel import AWGN, TDL, Rayleigh
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.phy.plain import PlainLink
from semjscc.rng import PerImage
from semjscc.systems.analog import Analog, channel_of
from tests.codecs.learned import SMALL

FADING = TDL("C", 100e-9, 28e9, 25.0, num_rx=2)


def ofdm(channel=FADING, estimator=None, streams=1):
    return OFDMLink(ResourceGrid(num_streams=streams), channel, estimator or LeastSquares(), LMMSE())


LINKS = {
    "plain": PlainLink,
    "Rayleigh": lambda: ofdm(Rayleigh()),
    "TDL 1x2, estimated": ofdm,
    "TDL 2x2, estimated": lambda: ofdm(streams=2),
    "TDL 1x2, perfect": lambda: ofdm(estimator=PerfectCSI()),
}


def images(n, *size):
    return torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(0))


# ---- the closed form -------------------------------------------------------------------------------------------------


class Linear(SymbolCodec):
    """Pixels less 1/2 are the real and imaginary parts; the receiver knows their power and shrinks what it hears."""

    def __init__(self, amplitude):
        super().__init__()
        self.amplitude = amplitude

    def encode(self, images, snr_db):
        return unit_power(torch.view_as_complex((images - 0.5).reshape(len(images), -1, 2)))

    def decode(self, received, snr_db, size):
        x = received.symbols / (1 + received.noise_var) * 2**0.5 * self.amplitude
        return 0.5 + torch.view_as_real(x).reshape(len(x), 3, *size)


SNRS, AMPLITUDE = (0.0, 10.0, 20.0), 0.2
UNIT_RATE = {"plain": PlainLink, "OFDM": lambda: ofdm(AWGN(), PerfectCSI())}


def mse(snr_db):
    """Pixels of +-a at one symbol for two: D = a^2 / (1 + SNR), the least of all codes for a Gaussian source."""
    return AMPLITUDE**2 / (1 + 10 ** (snr_db / 10))


@pytest.mark.parametrize("snr_db", SNRS)
@pytest.mark.parametrize("link", UNIT_RATE)
def test_a_linear_code_meets_its_closed_form_and_a_tenth_of_a_decibel_would_not(link, snr_db):
    """The variance of a squared error is at most 2 D^2 (its bias is fixed), so 4 sigma of the mean of n are 4 sqrt(2/n)
    of D; an error of 0.1 dB changes D by at least 1.1 %, at 0 dB. n is such that it would be missed by 8 sigma.
    """
    shift = min(abs(mse(snr + error) / mse(snr) - 1) for snr in SNRS for error in (-0.1, 0.1))
    n = 2 * (8 / shift) ** 2
    side = int((n / 6) ** 0.5 / 2 + 1) * 2
    pictures = 0.5 + AMPLITUDE * (2 * (images(2, side, side) > 0.5) - 1.0)
    system, rng = Analog(Linear(AMPLITUDE), UNIT_RATE[link]()), PerImage([(0, 0), (0, 1)])
    measured = (system(pictures, torch.full((2,), snr_db), rng).images - pictures).square().mean().item()
    assert measured == pytest.approx(mse(snr_db), rel=4 * (2 / pictures.numel()) ** 0.5)
    for error in (-0.1, 0.1):
        assert measured != pytest.approx(mse(snr_db + error), rel=4 * (2 / pictures.numel()) ** 0.5)


# ---- the system ------------------------------------------------------------------------------------------------------


def test_bandwidth_and_time_are_the_links():
    codec, pictures, snr_db = DeepJSCC(width=4), images(2, 64, 64), torch.zeros(2)
    plain, slots = Analog(codec, PlainLink(1e6))(pictures, snr_db), Analog(codec, ofdm())(pictures, snr_db)
    assert (plain.channel_uses, plain.data_uses, plain.duration) == (2048, 2048, pytest.approx(2048e-6))
    assert (slots.channel_uses, slots.data_uses) == (2 * 116 * 14, 2 * 116 * 12)  # 2048 symbols fill a slot and a half
    assert slots.duration == pytest.approx(2 * 14 / 240e3)
    assert plain.payload_bits == slots.payload_bits == 0
    assert plain.sent_bits is plain.block_errors is plain.undecodable is None


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", SMALL)
def test_the_gradient_reaches_every_weight_from_the_delivered_picture(name, link):
    torch.manual_seed(0)
    system = Analog(SMALL[name](), LINKS[link]())
    for weight in system.parameters():
        weight.data += 0.02 * torch.randn(
            weight.shape
        )  # some start at zero, and hold back the gradient of those before
    pictures = images(2, 16, 16)
    (system(pictures, torch.tensor([5.0, 15.0])).images - pictures).square().mean().backward()
    for name, weight in system.named_parameters():
        assert weight.grad.isfinite().all(), name
        assert (weight.grad != 0).any(), name


@pytest.mark.parametrize("link", LINKS)
def test_a_batch_is_its_images_one_by_one(link):
    system, pictures, snr_db = Analog(ADJSCC(width=8), LINKS[link]()), images(3, 32, 32), torch.tensor([0.0, 5.0, 20.0])
    together = system(pictures, snr_db, PerImage([(0, i) for i in range(3)]))
    for i in range(3):
        alone = system(pictures[i : i + 1], snr_db[i : i + 1], PerImage([(0, i)]))
        torch.testing.assert_close(alone.images[0], together.images[i], rtol=1e-3, atol=1e-4)


def test_mixed_precision_is_kept_out_of_the_air():
    system, halved = Analog(DeepJSCC(width=4), PlainLink()), []
    for part in (system.codec.encoder, system.link, system.codec.decoder):
        part.register_forward_pre_hook(lambda *_: halved.append(torch.is_autocast_enabled("cpu")))
    with torch.autocast("cpu", torch.bfloat16):
        system(images(1, 16, 16), torch.zeros(1))
    assert halved == [True, False, True]


def test_a_codec_learns_through_the_air():
    """After a few steps on one batch, the error is well under that of the best single colour an image."""
    torch.manual_seed(0)
    pictures = torch.nn.functional.interpolate(images(8, 2, 2), size=(16, 16))
    system, snr_db = Analog(DeepJSCC(width=8), ofdm()), torch.full((8,), 15.0)
    optimizer = torch.optim.Adam(system.parameters(), 1e-2)
    for _ in range(60):
        loss = (system(pictures, snr_db).images - pictures).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.5 * (pictures - pictures.mean((2, 3), keepdim=True)).square().mean()


# ---- the channel that weights were trained over ----------------------------------------------------------------------


def test_channels_have_names():
    assert channel_of(PlainLink()) == channel_of(ofdm(AWGN())) == "AWGN, rx 1"
    assert channel_of(ofdm()) == "TDL, rx 2"


def test_weights_of_another_channel_are_refused_and_both_are_named(tmp_path):
    DeepJSCC(width=4).save(file := tmp_path / "codec.safetensors", {"channel": channel_of(ofdm())})
    codec = DeepJSCC(width=4, weights=str(file))
    Analog(codec, ofdm())
    with pytest.raises(ValueError, match="trained over TDL, rx 2 on a link over AWGN, rx 1"):
        Analog(codec, PlainLink())
    Analog(codec, PlainLink(), mismatched=True)
