"""The summary of what tuning gains, from a made-up sweep."""

import json
import sys

import pytest

from benchmarks import lora
from tests.made_up import pictures, put, results

SNR_DB = [0.0, 2.0, 4.0]
ACCURACY = {
    "llm-ofdm": [0.2, 0.4, 1.0],
    "llm-ofdm-listener": [0.4, 0.9, 0.9],
    "llm-ofdm-lora": [0.2, 0.2, 0.2],
    "llm-ofdm-lora-listener": [0.9, 0.9, 1.0],
}


@pytest.fixture
def found(tmp_path, monkeypatch):
    """What the command leaves of a sweep of two pictures."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, accuracy in ACCURACY.items():
        one = results(name, "scenes", SNR_DB, semantic_accuracy=accuracy)
        one.payload["content_bits"] = 400.0
        file = put(tmp_path, one, pictures(2, 3)).with_suffix(".parquet")
        rows = pq.read_table(file).to_pylist()
        for row in rows:
            mean = accuracy[SNR_DB.index(row["snr_db"])]
            row["semantic_accuracy"] = mean + (0.05 if row["image"] else -0.05)
        pq.write_table(pa.Table.from_pylist(rows[:6]), file)
    words = ["--results", str(tmp_path), "--docs", str(tmp_path / "docs")]
    monkeypatch.setattr(sys, "argv", ["benchmarks.lora", *words])
    lora.main()
    return json.loads((tmp_path / "lora.json").read_text()), tmp_path / "docs"


def test_what_is_found_is_that_of_the_curves(found):
    told, docs = found
    at = {name: one["at"] for name, one in told["snr_db_of_level"].items()}
    assert at["llm-ofdm"] == pytest.approx(2 + 2 * 0.4 / 0.6)
    assert at["llm-ofdm-listener"] == pytest.approx(1.6)
    assert at["llm-ofdm-lora"] is None
    assert at["llm-ofdm-lora-listener"] == 0.0
    early, late = (told["snr_db_of_level"]["llm-ofdm-listener"][name] for name in ("early", "late"))
    assert early < 1.6 < late
    assert told["widest_at_snr_db"] == 0.0
    assert told["gained_at_4_db"]["llm-ofdm-listener"] == pytest.approx({"mean": -0.1, "stderr": 0.0})
    assert told["said"][0]["frozen"] == "a field 0"
    assert told["said"][0]["tuned_heard"] == "heard at 0"
    assert {path.name for path in docs.iterdir()} == {"accuracy.png", "side-by-side.png"}


def test_a_curve_that_falls_again_has_not_passed():
    assert lora.crossing([0.0, 1.0, 2.0, 3.0], [0.9, 0.5, 0.7, 0.9], 0.8) == pytest.approx(2.5)
