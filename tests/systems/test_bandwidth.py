"""Systems that fill a bandwidth ratio, and the bound that none of them passes."""

import pytest
import torch

from semjscc.codecs.raster import ImageFile, RawPixels
from semjscc.data.photos import Photos
from semjscc.metrics.fidelity import Fidelity
from semjscc.phy.channel import Rayleigh
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.fec import LDPC5G, Segmented
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, OFDMLink
from semjscc.phy.plain import PlainLink
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage
from semjscc.systems.bound import AtCapacity
from semjscc.systems.digital import Digital, symbols_afforded
from semjscc.types import Pictures

SIZE = (64, 96)
USES = 3 * 64 * 96  # real values of a picture


@pytest.fixture(scope="module")
def photos():
    source = Photos(SIZE)
    return torch.stack([source[index].image for index in range(2)])


def plain(bits_per_symbol=2, rate=0.5):
    return DigitalLink(PlainLink(), QAM(bits_per_symbol), Segmented(rate), max_slots_at_once=10**6)


def file(format="JPEG", **options):
    return ImageFile(format, charge_header=False, **options)


def psnr_db(delivery, photos):
    return Fidelity()(Pictures(photos, ["", ""], [[], []]), delivery)["psnr_db"]


def rng():
    return PerImage([(0, 0), (0, 1)], (1000,))


@pytest.mark.parametrize(("bits_per_symbol", "rate"), [(2, 1 / 3), (2, 0.5), (4, 2 / 3), (6, 0.75), (8, 0.75)])
@pytest.mark.parametrize("ratio", [1 / 12, 1 / 6, 0.3])
def test_the_ratio_is_filled_and_never_passed(bits_per_symbol, rate, ratio, photos):
    delivery = Digital(file(), plain(bits_per_symbol, rate), ratio)(photos, torch.full((2,), 40.0))
    afforded = ratio * USES
    assert afforded * 0.99 - 10 < delivery.channel_uses <= afforded + 1e-6
    assert delivery.payload_bits == pytest.approx(delivery.channel_uses * bits_per_symbol * rate, abs=24)
    assert not delivery.block_errors.any()
    assert not delivery.undecodable.any()


def test_pilots_and_padding_come_on_top_as_for_a_learned_code(photos):
    ofdm = OFDMLink(ResourceGrid(), Rayleigh(2, "slot"), LeastSquares(), LMMSE())
    system = Digital(file(), DigitalLink(ofdm, QAM(2), Segmented(0.5)), 1 / 6)
    delivery = system(photos, torch.full((2,), 20.0), rng())
    assert symbols_afforded(1 / 6, SIZE) == 3072
    assert delivery.payload_bits == 3072  # two bits a symbol, half of them information
    assert delivery.data_uses == 3 * 1392  # slots that 3072 symbols need
    assert delivery.channel_uses == 3 * 1624
    assert ofdm.channel_uses(3072) == delivery.channel_uses


def test_a_single_code_sends_what_whole_blocks_hold(photos):
    system = Digital(file(), DigitalLink(PlainLink(), QAM(2), LDPC5G(1392, 2784)), 1 / 6)
    delivery = system(photos, torch.full((2,), 20.0))
    assert delivery.payload_bits == 2 * 1392  # 3072 symbols, of which two blocks take 2784
    assert delivery.channel_uses == 2784


def test_a_higher_mode_has_the_better_picture_where_it_arrives(photos):
    at_20_db = torch.full((2,), 20.0)
    quality = [
        psnr_db(Digital(file(), plain(*mode), 1 / 6)(photos, at_20_db), photos)
        for mode in [(2, 0.5), (4, 0.5), (6, 0.5)]
    ]
    assert torch.stack(quality).diff(dim=0).min() > 1


def test_a_file_that_cannot_fit_is_a_picture_lost(photos):
    delivery = Digital(ImageFile("AVIF"), plain(), 1 / 100)(photos, torch.full((2,), 20.0))
    assert delivery.undecodable.tolist() == [1, 1]
    assert (delivery.images == 0.5).all()


def test_a_ratio_too_small_for_a_block_and_a_codec_of_one_size_are_refused(photos):
    with pytest.raises(ValueError, match="do not carry a block"):
        Digital(file(), plain(), 1e-4)(photos, torch.full((2,), 20.0))
    with pytest.raises(ValueError, match="RawPixels cannot be told"):
        Digital(RawPixels(), plain(), 1 / 6)(photos, torch.full((2,), 20.0))
    with pytest.raises(ValueError, match="must be positive, not 0"):
        Digital(file(), plain(), 0)


# ---- the bound ------------------------------------------------------------------------------------------------------


def test_at_capacity_the_budget_is_shannons(photos):
    delivery = AtCapacity(file(), PlainLink(), 1 / 6)(photos, torch.tensor([0.0, 10.0]))
    content = delivery.content_bits.double() / 3072
    capacity = torch.tensor([1.0, 3.4594])
    assert (content <= capacity).all()
    assert (content > 0.9 * capacity).all()
    assert delivery.channel_uses == 3072
    assert delivery.undecodable.tolist() == [0, 0]


def test_each_image_has_the_budget_of_its_own_fades(photos):
    ofdm = OFDMLink(ResourceGrid(), Rayleigh(1, "average"), LeastSquares(), LMMSE())
    same, snr = photos[:1].expand(2, -1, -1, -1), torch.full((2,), 10.0)
    bits = ofdm.capacity(3072, snr, rng())
    assert bits[0] != bits[1]
    delivery = AtCapacity(file("JPEG2000"), ofdm, 1 / 6)(same, snr, rng())
    assert (delivery.content_bits <= bits).all()
    assert (psnr_db(delivery, same).diff() > 0) == (bits.diff() > 0)


def test_no_mode_passes_the_bound(photos):
    """At every SNR, and wherever a mode delivers, the codec has more bits at capacity."""
    for snr in (0.0, 6.0, 12.0):
        there = torch.full((2,), snr)
        bound = psnr_db(AtCapacity(file(), PlainLink(), 1 / 6)(photos, there, rng()), photos)
        for mode in [(2, 1 / 3), (2, 2 / 3), (4, 0.5), (4, 2 / 3), (6, 0.5)]:
            sent = Digital(file(), plain(*mode), 1 / 6)(photos, there, rng())
            assert (psnr_db(sent, photos) <= bound).all(), (snr, mode)


def test_at_least_one_byte_is_sent_through_the_worst_channel(photos):
    delivery = AtCapacity(file(), PlainLink(), 1 / 6)(photos, torch.full((2,), -80.0))
    assert delivery.undecodable.tolist() == [1, 1]
