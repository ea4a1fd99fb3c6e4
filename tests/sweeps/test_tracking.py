"""What a dashboard is told, read back from the file of an offline run."""

import json

import pytest

import evaluate
from semjscc.config import ConfigError
from tests.tiny_sweep import place
from tests.wandb_file import records


def test_an_offline_run_holds_curves_pictures_and_results(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    words = [*place(tmp_path), "--snr_db", "0", "10", "--num_images", "2", "--wandb", "offline"]
    assert evaluate.main(words) == 0
    [file] = (tmp_path / "out").rglob("*.wandb")
    found = list(records(file))
    [run] = [record.run for record in found if record.HasField("run")][:1]
    assert (run.display_name, run.run_group, run.project) == ("tiny", "drawn", "semjscc")
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert config["config"]["system"]["init_args"]["gain"] == 1.0
    axes = {
        (one.metric.name or one.metric.glob_name): one.metric.step_metric for one in found if one.HasField("metric")
    }
    assert axes["*"] == "snr_db"
    history = [
        {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
        for record in found
        if record.HasField("history")
    ]
    curve = {point["snr_db"]: point["psnr_db"] for point in history if "psnr_db" in point}
    kept = json.loads((tmp_path / "out" / "drawn" / "tiny.json").read_text())
    assert curve == dict(zip(kept["snr_db"], kept["metrics"]["psnr_db"], strict=True))
    [table] = (tmp_path / "out").rglob("*.table.json")
    rows = json.loads(table.read_text())
    assert rows["columns"] == ["picture", "snr_db", "sent", "caption", "heard", "painted"]
    assert [row[:2] for row in rows["data"]] == [[0, 0.0], [1, 0.0], [0, 10.0], [1, 10.0]]
    assert rows["data"][0][4].startswith("picture of")
    assert "drawn-tiny" in str([record.request for record in found]) + str(found)


def test_without_wandb_it_is_said_before_the_work_starts(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "wandb", None)
    with pytest.raises(ConfigError, match=r"--wandb offline needs wandb: pip install 'semjscc\[wandb\]'"):
        evaluate.main([*place(tmp_path), "--wandb", "offline"])
