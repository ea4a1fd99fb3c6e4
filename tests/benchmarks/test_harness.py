import json

import pytest

from benchmarks import page, table
from benchmarks.harness import VARIANTS, Effort, figures, measure, ratios, workers
from tests.benchmarks.toy import CASES


@pytest.fixture(scope="module")
def found():
    """All toy cases, each by name."""
    with workers(VARIANTS, "tests.benchmarks.toy", threads=1) as started:
        return {case.name: measure(case, started, Effort(seconds=0.2, fewest=2, most=3)) for case in CASES}


def test_both_sides_are_measured_and_the_ratio_is_that_of_the_rates(found):
    sides = found["sleep"]["sides"]
    assert sides.keys() == {"ours", "sionna", "sionna-tuned"}
    assert len({side["repetitions"] for side in sides.values()}) == 1
    best = max(sides["sionna"]["rate"], sides["sionna-tuned"]["rate"])
    assert found["sleep"]["ratio"] == {"sionna": sides["ours"]["rate"] / best}
    assert found["sleep"]["ratio"]["sionna"] > 3  # three naps for one, and shorter ones


def test_only_the_tuned_side_has_the_tuned_allocator(found):
    assert {name: side["tuned"] for name, side in found["sleep"]["sides"].items()} == {
        "ours": 0.0,
        "sionna": 0.0,
        "sionna-tuned": 1.0,
    }


@pytest.mark.parametrize(
    ("name", "error"), [("fail", "ValueError: no such size"), ("die", "the process ended with code 3")]
)
def test_a_side_that_fails_is_recorded_and_loses_nothing_else(found, name, error):
    assert found[name]["sides"]["sionna"] == found[name]["sides"]["sionna-tuned"] == {"error": error}
    assert found[name]["sides"]["ours"]["rate"] > 0
    assert found[name]["ratio"] == {}


def test_memory_is_that_beyond_the_imports(found):
    if found["alone"]["sides"]["ours"]["megabytes"] == 0:
        pytest.skip("no /proc here")
    assert found["alone"]["sides"]["ours"]["megabytes"] == pytest.approx(100, rel=0.1)
    assert found["sleep"]["sides"]["ours"]["megabytes"] < 10


def test_the_ratio_is_taken_against_the_better_variant():
    rates = {"ours": 12.0, "sionna": 2.0, "sionna-tuned": 3.0, "kaira": 0.5}
    sides = {name: {"rate": rate} for name, rate in rates.items()}
    assert ratios(sides) == {
        "best": {"sionna": "sionna-tuned", "kaira": "kaira"},
        "ratio": {"sionna": 4.0, "kaira": 24.0},
    }
    assert ratios({**sides, "sionna-tuned": {"error": "out of memory"}})["ratio"]["sionna"] == 6.0
    assert ratios({**sides, "ours": {"error": "out of memory"}})["ratio"] == {}


def test_rates_are_medians_with_quartiles():
    expected = {"rate": 4.0, "quartiles": [2.5, 6.0], "repetitions": 3, "units": 8, "bler": 0.1}
    assert figures({"units": 8, "bler": 0.1}, [1.0, 2.0, 8.0]) == expected
    assert figures({"units": 8}, [2.0])["quartiles"] == [4.0, 4.0]


def test_effort():
    effort = Effort(seconds=10, fewest=3, most=5)
    assert effort.goes_on(2, 39)
    assert not effort.goes_on(2, 41)
    assert effort.goes_on(4, 9)
    assert not effort.goes_on(3, 11)
    assert not effort.goes_on(5, 1)


def test_page(found, tmp_path):
    run = {"cases": found, "threads": 1, "command": "python -m benchmarks", "provenance": {"machine": "abacus"}}
    run["provenance"]["versions"] = {}
    (tmp_path / "speed.json").write_text(json.dumps(run))
    xla = {"cases": {"sleep": {"rate": 7e5, "batch": 16}}, "provenance": {"versions": {"sionna-no-rt": "1.2.2"}}}
    (tmp_path / "speed-xla.json").write_text(json.dumps(xla))
    page.write_page(tmp_path / "speed.json", tmp_path)
    text = (tmp_path / "SPEED.md").read_text()
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
    assert all(f"| {case.what} |" in text for case in CASES)
    assert "abacus" in text
    assert "ValueError: no such size" in text
    assert "700 kbit/s in batches of 16" in text
    assert len(list(table.text(found))) == 1 + len(CASES)


@pytest.mark.parametrize(
    ("rate", "words"), [(1.234e6, "1.23 Mbit/s"), (270, "270 bit/s"), (2e9, "2 Gbit/s"), (0.5, "0.5 bit/s")]
)
def test_rates_in_words(rate, words):
    assert table.rate(rate, "bit") == words
