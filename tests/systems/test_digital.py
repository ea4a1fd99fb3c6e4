"""A codec and a link make a system."""

import pytest
import torch

from semjscc.codecs.base import BitCodec
from semjscc.codecs.raster import RawPixels
from semjscc.phy.channel import AWGN, TDL
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.fec import LDPC5G
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, OFDMLink
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage
from semjscc.systems.digital import Digital


def link(channel=None, estimator=None):
    ofdm = OFDMLink(ResourceGrid(), channel or AWGN(), estimator or PerfectCSI(), LMMSE())
    return DigitalLink(ofdm, QAM(2), LDPC5G(1392, 2784, iterations=8))


@pytest.fixture
def images():
    return torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_pixels_arrive_untouched_at_high_snr(images):
    delivery = Digital(RawPixels(), link())(images, torch.full((2,), 12.0))
    torch.testing.assert_close(delivery.images, (images * 255).round() / 255)
    assert torch.equal(delivery.sent_bits, delivery.heard_bits)
    assert not delivery.block_errors.any()


def test_the_bandwidth_is_counted_in_whole_slots(images):
    delivery = Digital(RawPixels(), link())(images, torch.full((2,), 12.0))
    assert delivery.payload_bits == 8 * 3 * 16 * 16  # 6144 bits: five blocks of 1392, five slots
    assert delivery.channel_uses == 5 * 116 * 14
    assert delivery.data_uses == 5 * 116 * 12
    assert delivery.duration == pytest.approx(5 * 14 / 240e3)


def test_every_image_has_its_own_snr(images):
    delivery = Digital(RawPixels(), link())(images, torch.tensor([12.0, -12.0]))
    wrong = (delivery.sent_bits != delivery.heard_bits).float().mean(1)
    assert wrong[0] == 0
    assert 0.2 < wrong[1] < 0.55


def test_a_batch_is_its_images_one_by_one(images):
    system = Digital(RawPixels(), link(TDL("C", 100e-9, 28e9, 25.0, num_rx=2), LeastSquares()))
    snr = torch.full((2,), 1.0)
    together = system(images, snr, PerImage([(0, 0), (0, 1)], (1000,)))
    for i in range(2):
        alone = system(images[i : i + 1], snr[:1], PerImage([(0, i)], (1000,)))
        assert torch.equal(alone.images[0], together.images[i])


def test_a_sweep_encodes_a_batch_once(images):
    class Counting(RawPixels):
        calls = 0

        def encode(self, images):
            self.calls += 1
            return super().encode(images)

    system = Digital(codec := Counting(), link())
    for snr in (0.0, 5.0):
        system(images, torch.full((2,), snr))
    assert codec.calls == 1
    other = system(images + 0.0, torch.full((2,), 12.0))
    assert codec.calls == 2
    torch.testing.assert_close(other.images, (images * 255).round() / 255)


def test_words_travel_with_the_delivery(images):
    class Words(BitCodec):
        def encode(self, images):
            return torch.zeros(len(images), 16)

        def decode(self, bits, size, rng=None):
            return torch.full((len(bits), 3, *size), 0.5)

        def read(self, bits):
            return [f"{int(row.sum())} ones" for row in bits]

    delivery = Digital(Words(), link())(images, torch.full((2,), 12.0))
    assert delivery.sent == delivery.heard == ["0 ones", "0 ones"]


def test_what_the_codec_knows_of_a_payload_reaches_the_decoder(images):
    class Known(RawPixels):
        def prior(self, size):
            return 1e3 * (2.0 * self.encode(images)[0] - 1.0)

    hopeless = torch.full((2,), -60.0)
    assert torch.equal(Digital(Known(), link())(images, hopeless).heard_bits[0], RawPixels().encode(images)[0])
    assert not torch.equal(Digital(RawPixels(), link())(images, hopeless).heard_bits[0], RawPixels().encode(images)[0])
