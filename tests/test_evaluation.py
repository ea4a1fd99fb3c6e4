"""A sweep's figures depend on the seed alone: not on batches, nor on which other images and SNRs there are."""

import math

import pytest
import torch

from semjscc.codecs.raster import RawPixels
from semjscc.data.base import ImageSource, Picture
from semjscc.data.batches import chunks
from semjscc.data.scenes import Scenes
from semjscc.evaluation import measure, opened, sweep
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
from semjscc.rng import GLOBAL, PerImage
from semjscc.rows import figures, joined, where
from semjscc.systems.base import System
from semjscc.systems.digital import Digital
from semjscc.types import Delivery

METRICS = [Fidelity(), TextFidelity(), Transport()]


@pytest.fixture(scope="module")
def link():
    channel = TDL("C", 100e-9, 28e9, 25.0, num_rx=2, normalization="slot")
    ofdm = OFDMLink(ResourceGrid(), channel, LeastSquares(), LMMSE())
    return DigitalLink(ofdm, QAM(2), LDPC5G(1392, 2784, iterations=8))


@pytest.fixture(scope="module")
def raw(link):
    return Digital(RawPixels(), link)


def test_pictures_sent_one_by_one_fare_as_those_sent_together(raw):
    source, batch = Scenes(size=16), range(5)
    together = measure(raw, METRICS, opened(source, batch, raw, "cpu"), 2.0, 0, 0)
    alone = joined(measure(raw, METRICS, opened(source, [index], raw, "cpu"), 2.0, 0, 0) for index in batch)
    assert together["ber"] == alone["ber"]
    for name, values in figures(together).items():
        assert values == pytest.approx(alone[name], rel=1e-5)


class Neighbours(System):
    """Three users share the air: the picture that a user gets is that of its whole group, but for its own colour."""

    users = 3

    def forward(self, images, snr_db, rng=GLOBAL):
        assert len(images) % 3 == 0
        groups = images.unflatten(0, (-1, 3))
        return Delivery((0.5 * groups + 0.5 * groups.mean(1, keepdim=True)).flatten(0, 1), 0, 1, 1, 1.0)


def test_users_that_share_the_air_are_always_the_same():
    """The last group is filled up with the next pictures there are, or with its own where there are none."""
    seven, twelve = (sweep(Neighbours(), Scenes(size=16), [2.0], [Fidelity()], num_images=n) for n in (7, 12))
    assert seven.num_images == 7
    assert seven.metrics != twelve.metrics
    rows = [
        joined(
            measure(Neighbours(), [Fidelity()], opened(Scenes(size=16), chunk, Neighbours(), "cpu"), 2.0, 0, 9)
            for chunk in chunks(10**6, count, 3)
        )
        for count in (7, 12)
    ]
    assert where(rows[0], "image", range(7)) == where(rows[1], "image", range(7))
    sweep(Neighbours(), Scenes(size=16), [2.0], [Fidelity()], num_images=6, gallery=(gallery := []), exhibits=9)
    assert len(gallery) == 6


def test_other_snrs_change_nothing_and_another_seed_does(raw):
    many = sweep(raw, Scenes(size=16), [0.0, 2.0], METRICS, num_images=3)
    one = sweep(raw, Scenes(size=16), [2.0], METRICS, num_images=3)
    other = sweep(raw, Scenes(size=16), [2.0], METRICS, num_images=3, seed=1)
    assert many.metrics["ber"][1] == one.metrics["ber"][0] != other.metrics["ber"][0]


def test_rivals_meet_the_same_fades_and_noise(link):
    """The slot of a short payload is the first slot of a long one: the same block fails at the same SNRs."""
    bits = torch.randint(0, 2, (1, 5 * 1392), generator=torch.Generator().manual_seed(0)).float()
    failed = set()
    for image in range(12):
        point = torch.tensor([2.6])
        long = link(bits, point, PerImage([(0, image)], (2600,)))
        short = link(bits[:, :1392], point, PerImage([(0, image)], (2600,)))
        assert torch.equal(short.bits, long.bits[:, :1392])
        failed.add(bool(short.block_errors.any()))
    assert failed == {True, False}


def test_what_a_system_cannot_have_is_absent_and_lists_are_aligned(raw):
    results = sweep(raw, Scenes(size=16), [-3.0, 12.0], METRICS, num_images=3, exhibits=2, gallery=(gallery := []))
    assert not {"bleu4", "cer", "undecodable"} & results.metrics.keys()
    assert all(len(values) == 2 for values in results.metrics.values())
    assert results.stderr.keys() == results.metrics.keys() - {"psnr_of_mean_mse_db"}
    assert results.metrics["ber"][1] == 0
    assert results.metrics["psnr_of_mean_mse_db"][1] == pytest.approx(results.metrics["psnr_db"][1], abs=1e-3)
    assert results.payload["effective_rate_bps"][1] == pytest.approx(6144 / (5 * 14 / 240e3))
    assert len(gallery) == 2
    assert len(gallery[0].delivered) == 2


def test_psnr_of_the_mean_is_not_the_mean_psnr(raw):
    results = sweep(raw, Scenes(size=16), [1.0], METRICS, num_images=4)
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

    results = sweep(raw, Sizes(), [12.0], METRICS, num_images=9, gallery=(gallery := []))
    assert results.num_images == 3
    assert results.payload["source_bits"] == pytest.approx(24 * 12 * (12 + 12 + 13) / 3)
    assert [exhibit.sent.shape[-1] for exhibit in gallery] == [12, 12, 13]
