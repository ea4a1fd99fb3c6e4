"""Which mode a hybrid code takes, against what modes are known to do."""

import pytest
import torch
import yaml

from benchmarks import modes
from semjscc.codecs.hda import HDA
from semjscc.data.photos import Photos
from semjscc.phy.mcs import MCS
from semjscc.phy.plain import PlainLink
from semjscc.systems.hybrid import Hybrid

HALF, THIRDS = MCS.parse("4-QAM 1/2"), MCS.parse("16-QAM 2/3")


@pytest.fixture
def system(monkeypatch):
    monkeypatch.setattr(modes, "SIDE", 64)
    torch.manual_seed(0)
    return Hybrid(HDA(8, 2, (4, 4)), PlainLink(), 1 / 3, [(0, "4-QAM 1/3", 0.5)]).eval()


def test_schemes_carry_the_more_the_later_they_stand():
    carried = [mcs.bits_per_symbol * mcs.rate for mcs in modes.SCHEMES]
    assert carried == sorted(set(carried))


def test_a_scheme_starts_between_shannons_limit_and_two_decibels_above(system):
    """0.19 dB for rate 1/2 in 4-QAM, 1 bit a symbol; 2^2.67 - 1 = 7.3 dB for 16-QAM at 2/3, some more by its shape."""
    grid = [0.5 * step for step in range(-4, 30)]
    assert 0.0 < modes.start(system, HALF, grid, 6) <= 2.5
    assert 7.5 < modes.start(system, THIRDS, grid, 6) <= 10.5
    assert modes.start(system, THIRDS, grid[:4], 1) == float("inf")


def test_quality_grows_with_the_snr_and_is_none_where_classes_do_not_fit(system):
    image = [Photos((64, 64))[0].image]
    low, high = (modes.quality(system, HALF, 0.5, snr, image) for snr in (4.0, 14.0))
    assert high > low + 0.5
    assert modes.quality(system, HALF, 0.05, 4.0, image) == float("-inf")


def test_the_table_is_one_that_a_system_takes(system, monkeypatch, tmp_path):
    monkeypatch.setattr(modes, "REPORTED", 7)
    monkeypatch.setattr(modes, "SCHEMES", [HALF, THIRDS])
    monkeypatch.setattr(modes, "SHARES", (0.3, 0.9))
    monkeypatch.setattr(modes.config, "build", lambda *_: {"system": system})
    monkeypatch.setattr("sys.argv", ["modes", "hda-awgn", "--pictures", "2", "--out", str(tmp_path / "table.yaml")])
    modes.main()
    table = yaml.safe_load((tmp_path / "table.yaml").read_text())
    assert [words for _, words, _ in table] == ["4-QAM 1/2", "16-QAM 2/3"]
    Hybrid(system.codec, PlainLink(), 1 / 3, [tuple(line) for line in table])
    assert "benchmarks.modes hda-awgn --pictures 2`" in (tmp_path / "table.yaml").read_text()
