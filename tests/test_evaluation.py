"""A sweep's figures depend on the seed alone: not on batches, nor on which other images and SNRs there are."""

import math

import pytest
import torch

from semjscc.codecs.raster import ImageFile, RawPixels
from semjscc.data.base import ImageSource, Picture
from semjscc.data.scenes import Scenes
from semjscc.evaluation import sweep
from semjscc.metrics.fidelity import Fidelity
from semjscc.metrics.text import TextFidelity
from semjscc.metrics.transport import Transport
from semjscc.phy.channel import TDL
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.fec import LDPC5G
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, OFDMLink
from semjscc.phy.qam import QAM
from semjscc.systems.digital import Digital

METRICS = [Fidelity(), TextFidelity(), Transport()]


@pytest.fixture(scope="module")
def link():
    channel = TDL("C", 100e-9, 28e9, 25.0, num_rx=2, normalization="slot")
    ofdm = OFDMLink(ResourceGrid(), channel, LeastSquares(), LMMSE())
    return DigitalLink(ofdm, QAM(2), LDPC5G(1392, 2784, iterations=8))


@pytest.fixture(scope="module")
def raw(link):
    return Digital(RawPixels(), link)


def test_batches_change_nothing(raw):
    one, _ = sweep(raw, Scenes(size=16), [2.0, 3.0], METRICS, num_images=5, batch_size=5)
    two, _ = sweep(raw, Scenes(size=16), [2.0, 3.0], METRICS, num_images=5, batch_size=2)
    assert one.metrics["ber"] == two.metrics["ber"]
    for name, values in one.metrics.items():
        assert values == pytest.approx(two.metrics[name], rel=1e-5)


def test_other_snrs_change_nothing_and_another_seed_does(raw):
    many, _ = sweep(raw, Scenes(size=16), [0.0, 2.0], METRICS, num_images=3)
    one, _ = sweep(raw, Scenes(size=16), [2.0], METRICS, num_images=3)
    other, _ = sweep(raw, Scenes(size=16), [2.0], METRICS, num_images=3, seed=1)
    assert many.metrics["ber"][1] == one.metrics["ber"][0] != other.metrics["ber"][0]


def test_rivals_meet_the_same_fades(link, raw):
    """A payload of one slot and one of many: where the first block of the one fails, so does that of the other."""
    jpeg = Digital(ImageFile("JPEG", 24.0), link)
    a, _ = sweep(raw, Scenes(size=16), [3.0], METRICS, num_images=6)
    b, _ = sweep(jpeg, Scenes(size=16), [3.0], METRICS, num_images=6)
    assert a.payload["payload_bits"] == b.payload["payload_bits"]
    assert 0 < a.metrics["bler"][0] < 1
    assert a.metrics["bler"][0] == pytest.approx(b.metrics["bler"][0], abs=0.1)


def test_what_a_system_cannot_have_is_absent_and_lists_are_aligned(raw):
    results, gallery = sweep(raw, Scenes(size=16), [-3.0, 12.0], METRICS, num_images=3, exhibits=2)
    assert not {"bleu4", "cer", "undecodable"} & results.metrics.keys()
    assert all(len(values) == 2 for values in results.metrics.values())
    assert results.stderr.keys() <= results.metrics.keys() | {"effective_rate_bps"}
    assert results.metrics["ber"][1] == 0
    assert results.payload["effective_rate_bps"][1] == pytest.approx(6144 / (5 * 14 / 240e3))
    assert len(gallery) == 2
    assert len(gallery[0].delivered) == 2


def test_psnr_of_the_mean_is_not_the_mean_psnr(raw):
    results, _ = sweep(raw, Scenes(size=16), [1.0], METRICS, num_images=4)
    mse = results.metrics["mse"][0]
    assert results.metrics["psnr_of_mean_mse_db"][0] == pytest.approx(-10 * math.log10(mse))
    assert results.metrics["psnr_of_mean_mse_db"][0] <= results.metrics["psnr_db"][0] + 1e-6  # Jensen


def test_pictures_of_several_sizes_are_all_sent(raw):
    class Sizes(ImageSource):
        skipped = ()

        def __len__(self):
            return 3

        def __getitem__(self, index):
            return Picture(torch.full((3, 12, 12 + index // 2), 0.25), str(index))

    results, gallery = sweep(raw, Sizes(), [12.0], METRICS, num_images=9)
    assert results.num_images == 3
    assert results.payload["source_bits"] == pytest.approx(24 * 12 * (12 + 12 + 13) / 3)
    assert [exhibit.sent.shape[-1] for exhibit in gallery] == [12, 12, 13]
