"""Systems in all their ways, and what lies over them."""

from fractions import Fraction

import pytest
import torch

from semjscc.codecs.hda import HDA
from semjscc.codecs.raster import ImageFile, RawPixels
from semjscc.codecs.swinjscc import SwinJSCC
from semjscc.comparison import AS_IT_IS, BEST, CAPACITY, ENVELOPE, Curve, envelope, envelopes, ways
from semjscc.data.photos import Photos
from semjscc.evaluation import sweep
from semjscc.metrics.fidelity import Fidelity
from semjscc.metrics.transport import Transport
from semjscc.phy.fec import Segmented
from semjscc.phy.link import DigitalLink
from semjscc.phy.mcs import MCS
from semjscc.phy.plain import PlainLink
from semjscc.phy.qam import QAM
from semjscc.results import Results
from semjscc.systems.analog import Analog
from semjscc.systems.digital import Digital
from semjscc.systems.hybrid import Hybrid

SNR = [-3.0, 2.0, 6.0, 12.0]
SIXTH = Fraction(1, 6)


def jpeg(ratio=0.1):
    link = DigitalLink(PlainLink(), QAM(2), Segmented(0.5), max_slots_at_once=10**6)
    return Digital(ImageFile("JPEG", charge_header=False), link, ratio)


@pytest.fixture(scope="module")
def curves():
    """What a JPEG of 64 x 96 pixels becomes over AWGN in three modes, and at capacity."""
    modes = [MCS.parse(words) for words in ("4-QAM 1/3", "4-QAM 2/3", "16-QAM 2/3")]
    metrics = [Fidelity(), Transport()]
    return [
        Curve("JPEG", way.name, way.bandwidth_ratio, sweep(way.system, Photos((64, 96)), SNR, metrics, num_images=2))
        for way in ways(jpeg(), modes, [SIXTH])
    ]


def results(**metrics):
    count = len(next(iter(metrics.values())))
    payload = {"bandwidth_ratio": 0.17, "bandwidth_ratio_without_pilots": 0.16}
    return Results("s", "d", 1, [float(i) for i in range(count)], metrics, {}, payload, {"seed": 0})


def test_a_learned_code_of_many_ratios_is_sent_at_each_and_has_no_envelope():
    codec = SwinJSCC(width=32, depths=[1, 1])
    found = list(ways(Analog(codec, PlainLink()), [MCS(2, Fraction(1, 2))], [Fraction(1, 12), SIXTH]))
    assert [(way.name, way.bandwidth_ratio) for way in found] == [(AS_IT_IS, Fraction(1, 12)), (AS_IT_IS, SIXTH)]
    x, snr_db = torch.rand(1, 3, 16, 16), torch.zeros(1)
    for way in found:
        with torch.no_grad():
            assert way.system(x, snr_db).data_uses == way.bandwidth_ratio * x.numel()
    assert codec.bandwidth_ratio == pytest.approx(1 / 6)
    assert not envelopes([Curve("SwinJSCC", way.name, way.bandwidth_ratio, results(psnr_db=[1.0])) for way in found])


def test_so_is_a_hybrid_one():
    codec = HDA(stride=8, classes=2, widths=(4, 4))
    system = Hybrid(codec, PlainLink(), 1 / 6, [(0, "4-QAM 1/2", 0.9)])
    found = list(ways(system, [MCS(2, Fraction(1, 3))], [Fraction(1, 12), SIXTH]))
    assert [(way.name, way.bandwidth_ratio) for way in found] == [(AS_IT_IS, Fraction(1, 12)), (AS_IT_IS, SIXTH)]
    x, snr_db = torch.rand(1, 3, 64, 64), torch.full((1,), 9.0)
    for way in found:
        with torch.no_grad():
            assert way.system(x, snr_db).data_uses == way.bandwidth_ratio * x.numel()
    assert system.bandwidth_ratio == 1 / 6


def test_a_system_that_fits_a_ratio_goes_all_ways():
    modes = [MCS(2, Fraction(1, 2)), MCS(4, Fraction(1, 3))]
    system = jpeg()
    found = list(ways(system, modes, [Fraction(1, 12), SIXTH]))
    names = ["4-QAM 1/2", "16-QAM 1/3", CAPACITY]
    assert [(way.name, way.bandwidth_ratio) for way in found] == [
        (n, r) for r in (Fraction(1, 12), SIXTH) for n in names
    ]
    assert {way.system.codec for way in found} == {system.codec}
    digital = found[4].system
    assert digital.link.link is system.link.link
    assert (digital.link.qam.bits_per_symbol, digital.link.code.rate) == (4, 1 / 3)
    assert [way.system.bandwidth_ratio for way in found[3:]] == [1 / 6] * 3


def test_any_other_system_goes_as_it_is():
    system = Digital(RawPixels(), jpeg().link)
    (way,) = ways(system, [MCS(2, Fraction(1, 2))], [SIXTH])
    assert (way.name, way.bandwidth_ratio, way.system) == (AS_IT_IS, None, system)


def test_each_mode_is_a_cliff(curves):
    """Rates of 2/3, 4/3 and 8/3 bits a symbol, where capacity is 0.6, 1.4, 2.3 and 4.1: lost where they are above it or
    nearly so, and whole where they are not."""
    *modes, _ = curves
    lost = [curve.results.metrics["damaged"] for curve in modes]
    assert lost == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]]
    best = torch.tensor([curve.results.metrics["psnr_db"][-1] for curve in modes])
    assert best.diff().min() > 1


def test_the_envelope_lies_over_every_mode_and_under_the_bound(curves):
    *modes, bound = curves
    (over,) = envelopes(curves)
    assert (over.label, over.way, over.bandwidth_ratio) == ("JPEG", ENVELOPE, SIXTH)
    for measure in ("psnr_db", "ssim"):
        best = torch.tensor(over.results.metrics[measure])
        each = torch.tensor([curve.results.metrics[measure] for curve in modes])
        assert torch.equal(best, each.amax(0))
    assert (torch.tensor(over.results.metrics["psnr_db"]) <= torch.tensor(bound.results.metrics["psnr_db"])).all()
    assert over.results.provenance["modes"]["psnr_db"][2:] == ["4-QAM 2/3", "16-QAM 2/3"]


def test_for_a_distance_the_least_is_the_best():
    over = envelope(
        {"a": results(psnr_db=[1.0, 5.0], lpips=[0.9, 0.3]), "b": results(psnr_db=[2.0, 4.0], lpips=[0.8, 0.4])}
    )
    assert over.metrics == {"psnr_db": [2.0, 5.0], "lpips": [0.8, 0.3]}
    assert over.provenance["modes"] == {"psnr_db": ["b", "a"], "lpips": ["b", "a"]}
    assert {name for name, best in BEST.items() if best is min} == {"lpips", "st_lpips"}


def test_a_measure_that_one_mode_lacks_has_no_envelope():
    assert set(envelope({"a": results(psnr_db=[1.0], ssim=[1.0]), "b": results(psnr_db=[2.0])}).metrics) == {"psnr_db"}


def test_an_envelope_over_different_snrs_is_refused():
    with pytest.raises(ValueError, match="the same SNRs"):
        envelope({"a": results(psnr_db=[1.0]), "b": results(psnr_db=[1.0, 2.0])})


def test_a_system_with_a_ratio_of_its_own_stands_beside_those_that_are_near():
    own = Curve("Deep JSCC", AS_IT_IS, None, results(psnr_db=[1.0]))
    assert own.at(SIXTH)
    assert not own.at(Fraction(1, 8))
    assert not Curve("JPEG", "4-QAM 1/2", Fraction(1, 8), results(psnr_db=[1.0])).at(SIXTH)
