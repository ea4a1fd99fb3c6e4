"""The results file: whole or not at all, and never what it is not."""

import json
import math

import pytest

from semjscc.results import SCHEMA, Results, ResultsError, mean_and_stderr, plain, provenance


def some(**changes):
    kept = provenance({"k": 1}, 3, "cpu")
    fields = {"system": "s", "data": "d", "num_images": 2, "snr_db": [0.0, 3.0], "metrics": {"ber": [0.1, 0.0]}}
    return Results(**{**fields, "stderr": {"ber": [0.01, 0.0]}, "payload": {}, "provenance": kept, **changes})


def test_a_saved_file_loads_as_it_was(tmp_path):
    some().save(tmp_path / "s.json")
    assert Results.load(tmp_path / "s.json") == some()
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


def test_provenance_names_what_made_it():
    kept = provenance({"k": 1}, 3, "cpu")
    assert kept["seed"] == 3
    assert kept["config"] == {"k": 1}
    assert kept["versions"]["torch"].startswith("2.")
    assert kept["machine"].endswith("cpu")


def test_lists_that_are_not_aligned_are_refused():
    with pytest.raises(ResultsError, match="ber has 1 values for 2 SNRs"):
        some(metrics={"ber": [0.1]})


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "s.json"
    some().save(path)
    with pytest.raises(ValueError, match="JSON"):
        some(metrics={"ber": [math.nan, 0.0]}).save(path)
    assert Results.load(path) == some()


@pytest.mark.parametrize("content", ["", "[1]", '{"system": "s"}', '{"system": "s", "extra": 1}'])
def test_what_is_no_results_file_is_named(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ResultsError, match=r"x\.json is not a results file"):
        Results.load(tmp_path / "x.json")


def test_the_file_has_the_fields_that_readers_rely_on(tmp_path):
    some().save(tmp_path / "s.json")
    fields = json.loads((tmp_path / "s.json").read_text())
    assert set(fields) == {"system", "data", "num_images", "snr_db", "metrics", "stderr", "payload", "provenance"}


def test_mean_and_standard_error():
    mean, error = mean_and_stderr([1.0, 2.0, 3.0, 4.0])
    assert mean == 2.5
    assert error == pytest.approx(math.sqrt(5 / 3 / 4))
    assert mean_and_stderr([2.0]) == (2.0, 0.0)


def test_figures_are_written_for_people():
    assert [plain(value) for value in (23_863_000.4, 1392, 0.96634, 0.0, -4.0)] == [
        "23,863,000",
        "1,392",
        "0.9663",
        "0",
        "-4",
    ]


def test_a_file_without_a_schema_is_of_the_first_and_one_of_a_later_is_refused(tmp_path):
    some().save(tmp_path / "s.json")
    fields = json.loads((tmp_path / "s.json").read_text())
    assert fields["provenance"].pop("schema") == SCHEMA == 1
    (tmp_path / "old.json").write_text(json.dumps(fields))
    assert Results.load(tmp_path / "old.json").metrics == some().metrics
    fields["provenance"]["schema"] = 2
    (tmp_path / "new.json").write_text(json.dumps(fields))
    with pytest.raises(ResultsError, match=r"new\.json is not a results file .*: it has schema 2, .* reads 1"):
        Results.load(tmp_path / "new.json")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("snr_db", 3, "snr_db is not a list"), ("metrics", [], "not a dict"), ("stderr", {"ber": 1}, "ber is not a list")],
)
def test_fields_of_another_kind_are_named(tmp_path, field, value, words):
    some().save(tmp_path / "s.json")
    fields = json.loads((tmp_path / "s.json").read_text()) | {field: value}
    (tmp_path / "s.json").write_text(json.dumps(fields))
    with pytest.raises(ResultsError, match=words):
        Results.load(tmp_path / "s.json")
