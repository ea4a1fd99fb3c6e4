"""What a user types, and what a user mistypes."""

import json
import subprocess
import sys

import pytest
import torch
from PIL import Image
from torchvision.transforms.functional import to_pil_image

import evaluate
import report
from semjscc.config import CONFIGS, ConfigError
from semjscc.data.scenes import Scenes
from semjscc.evaluation import Exhibit
from semjscc.plots import gallery
from semjscc.report.measures import crossings
from semjscc.results import ROOT, Results, ResultsError


@pytest.fixture
def folder(tmp_path):
    """Pictures of two sizes, one grey, one with alpha, and a broken one."""
    pictures = tmp_path / "holiday"
    pictures.mkdir()
    to_pil_image(Scenes(size=16)[0].image).save(pictures / "a.png")
    to_pil_image(Scenes(size=24)[1].image).convert("L").save(pictures / "b.png")
    to_pil_image(Scenes(size=16)[2].image).convert("RGBA").save(pictures / "c.png")
    (pictures / "d.png").write_bytes(b"\x89PNG but not quite")
    return pictures


def run(*words, out):
    evaluate.main([*words, "--out", str(out), "--device", "cpu"])


def test_a_folder_of_pictures_becomes_results_gallery_and_report(folder, tmp_path, capsys):
    out = tmp_path / "out"
    run("--system", "raw-ofdm", "--data", str(folder), "--snr_db", "-3,12", out=out)
    results = Results.load(out / "holiday" / "raw-ofdm.json")
    assert results.num_images == 3
    assert results.snr_db == [-3.0, 12.0]
    assert results.metrics["ber"][0] > 0.05
    assert results.metrics["ber"][1] == 0
    assert ["d.png" in reason for reason in results.provenance["config"]["skipped"]] == [True]
    printed = capsys.readouterr()
    assert "d.png" in printed.err
    assert "12.0" in printed.out
    with Image.open(out / "holiday" / "raw-ofdm.png") as gallery:
        assert min(gallery.size) > 200
    report.main([str(out)])
    page = (out / "report.html").read_text()
    assert page.count("data:image/") >= 4
    assert page.count("<svg") >= 4
    assert page.count("alt=") >= page.count("<img") > 0


def test_the_results_file_says_how_it_was_made(folder, tmp_path):
    run("--system", "raw-ofdm", "--data", str(folder), "--snr_db", "5", "--num_images", "1", out=tmp_path)
    kept = json.loads((tmp_path / "holiday" / "raw-ofdm.json").read_text())["provenance"]
    code = kept["config"]["system"]["init_args"]["link"]["init_args"]["code"]["init_args"]
    assert (code["k"], code["n"], code["iterations"]) == (1392, 2784, 20)
    assert kept["seed"] == 0
    assert set(kept) == {"commit", "config", "seed", "snr", "versions", "schema", "machine", "seconds"}


def wrong(tmp_path, **changes):
    words = {"--system": "raw-ofdm", "--data": "scenes", "--snr_db": "3", "--out": str(tmp_path / "out"), **changes}
    evaluate.main([word for pair in words.items() for word in pair])


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--system", "nope", r"unknown system 'nope': there are .*llm-ofdm"),
        ("--data", "nope", r"unknown data 'nope': there are .*scenes.*or give a folder"),
        ("--snr_db", "", "one or more finite numbers"),
        ("--snr_db", "nan", "one or more finite numbers"),
        ("--snr_db", "1,x", "takes numbers in dB"),
        ("--num_images", "0", "at least 1"),
        ("--device", "abacus", "--device abacus"),
        ("--preset", "nope", r"unknown preset 'nope': there are embedded, paper, turbo, or give a YAML file"),
        ("--preset", "turbo", r"--preset turbo: .*raw-ofdm\.yaml leaves no models to a preset"),
    ],
)
def test_a_mistake_is_named_before_the_work_starts(tmp_path, option, value, said):
    with pytest.raises(ConfigError, match=said):
        wrong(tmp_path, **{option: value})
    assert not list(tmp_path.rglob("*.json"))


def test_an_output_that_cannot_be_written_is_found_before_the_work_starts(tmp_path, monkeypatch):
    monkeypatch.setattr("semjscc.sweeps.run.Sweep.run", lambda *args, **kwargs: pytest.fail("the work started"))
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="--out: cannot write into"):
        wrong(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(OSError, match="empty"):
        wrong(tmp_path, **{"--data": str(tmp_path / "empty")})


def test_a_misspelt_key_is_named_with_its_file(tmp_path):
    text = (CONFIGS / "systems" / "jpeg-ofdm.yaml").read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("charge_header: false", "charge_haeder: false"))
    with pytest.raises(ConfigError, match=r"mine\.yaml.*") as caught:
        wrong(tmp_path, **{"--system": str(path)})
    assert "charge_haeder" in str(caught.value)


def test_an_interrupted_sweep_leaves_no_results(folder, tmp_path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("semjscc.sweeps.work.measure", interrupted)
    with pytest.raises(KeyboardInterrupt, match="interrupted; 0 of 9 pictures are kept"):
        run("--system", "raw-ofdm", "--data", str(folder), "--snr_db", "3", "4", "5", out=tmp_path / "out")
    assert not list((tmp_path / "out").rglob("raw-ofdm.*"))
    (tmp_path / "out" / "holiday" / "raw-ofdm.json").write_text("what was there before")
    with pytest.raises(KeyboardInterrupt):
        run("--system", "raw-ofdm", "--data", str(folder), "--snr_db", "3", out=tmp_path / "out")
    assert (tmp_path / "out" / "holiday" / "raw-ofdm.json").read_text() == "what was there before"


def test_words_that_look_like_mathematics_are_shown_as_they_are(tmp_path):
    """matplotlib reads what stands between two dollars as a formula, and raises where it is none."""
    results = Results("s", "d", 1, [0.0], {}, {}, {}, {})
    picture = torch.zeros(3, 8, 8)
    gallery([Exhibit(picture, "a b$g r#d $all", [picture], ["\x00\x07 $_{ \xff"])], results, tmp_path / "g.png")
    assert (tmp_path / "g.png").stat().st_size > 1000


def test_the_report_names_the_crossing():
    common = {"data": "d", "num_images": 1, "snr_db": [0.0, 2.0, 4.0], "stderr": {}, "payload": {}, "provenance": {}}
    semantic = Results(system="llm", metrics={"ssim": [0.4, 0.5, 0.6]}, **common)
    pixels = Results(system="raw", metrics={"ssim": [0.1, 0.3, 1.0]}, **common)
    assert any("llm leads raw in SSIM up to 2.7 dB" in words for words in crossings([semantic, pixels]))


def test_a_report_of_nothing_says_what_it_wants(tmp_path):
    with pytest.raises(ResultsError, match=r"expected DATA/SYSTEM\.json"):
        report.main([str(tmp_path)])


def test_a_preset_of_ones_own_names_its_results(folder, tmp_path):
    own = (CONFIGS / "presets" / "embedded.yaml").read_text().replace("guidance_scale: 3.0", "steps: 1")
    (tmp_path / "mine.yaml").write_text(own)
    words = ["--preset", str(tmp_path / "mine.yaml"), "--num_images", "1", "--snr_db", "20"]
    run("--system", "llm-ofdm", "--data", str(folder), *words, out=tmp_path)
    results = Results.load(tmp_path / "holiday" / "llm-ofdm-mine.json")
    codec = results.provenance["config"]["system"]["init_args"]["codec"]["init_args"]
    assert (results.system, results.provenance["config"]["preset"]) == ("llm-ofdm-mine", "mine")
    assert codec["painter"]["init_args"]["steps"] == 1


@pytest.mark.parametrize("error", [MemoryError("too large"), RuntimeError("CUDA out of memory. Tried\nall")])
def test_a_model_too_large_names_the_presets_that_are_smaller(tmp_path, monkeypatch, capsys, error):
    def full(*args, **kwargs):
        raise error

    monkeypatch.setattr("semjscc.sweeps.work.measure", full)
    words = {"--system": "raw-ofdm", "--data": "scenes", "--snr_db": "3", "--out": str(tmp_path / "out")}
    assert evaluate.main([word for pair in words.items() for word in pair]) == 1
    said = capsys.readouterr().err.splitlines()
    assert "--preset embedded takes 0.2 GB, --preset turbo takes 4 GB, --preset paper takes 17 GB" in said[-2]
    assert "1 failed, the rest is done: raw-ofdm failed" in said[-1]


def test_help_waits_for_nothing_heavy():
    """Torch alone takes seconds to import."""
    heavy = ["torch", "transformers", "diffusers", "torchmetrics", "matplotlib", "lightning", "pyarrow", "wandb"]
    code = f"import sys, evaluate; evaluate.parser().format_help(); print(set({heavy}) & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("script", ["compare.py", "evaluate.py", "report.py", "send.py", "train.py"])
def test_help(script):
    done = subprocess.run([sys.executable, script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "usage" in done.stdout
