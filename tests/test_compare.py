"""One command compares: every curve once, kept as it is done, and drawn."""

import json

import pytest
import yaml
from PIL import Image
from torchvision.transforms.functional import to_pil_image

import compare
import evaluate
from semjscc import config
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.config import ConfigError
from semjscc.data.scenes import Scenes
from semjscc.results import Results
from semjscc.sweeps import identity

LINK = """
    link:
      class_path: semjscc.phy.link.DigitalLink
      init_args:
        qam: {class_path: semjscc.phy.qam.QAM, init_args: {bits_per_symbol: 2}}
        code: {class_path: semjscc.phy.fec.Segmented, init_args: {rate: 0.5}}
        link: {class_path: semjscc.phy.plain.PlainLink}
        max_slots_at_once: 100000
"""
FITTED = """
system:
  class_path: semjscc.systems.digital.Digital
  init_args:
    codec: {class_path: semjscc.codecs.raster.ImageFile, init_args: {format: WEBP, charge_header: false}}
    bandwidth_ratio: 0.5
"""
FIXED = """
system:
  class_path: semjscc.systems.digital.Digital
  init_args:
    codec: {class_path: semjscc.codecs.raster.ImageFile, init_args: {format: WEBP, bits_per_pixel: 1.5}}
"""


@pytest.fixture
def place(tmp_path):
    """Two pictures, two systems and a comparison of them."""
    (tmp_path / "holiday").mkdir()
    for index in range(2):
        to_pil_image(Scenes(size=32)[index].image).save(tmp_path / "holiday" / f"{index}.png")
    for name, text in (("fitted", FITTED), ("fixed", FIXED)):
        (tmp_path / f"{name}.yaml").write_text(text.rstrip() + LINK)
    said = {
        "systems": {"WebP": [str(tmp_path / "fitted.yaml")], "of one size": [str(tmp_path / "fixed.yaml")]},
        "data": str(tmp_path / "holiday"),
        "snr_db": [-2, 8],
        "bandwidth_ratio": ["1/4", "1/2"],
        "modes": ["4-QAM 1/3", "16-QAM 1/2"],
        "ratio_at_snr_db": [8],
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(said))
    return tmp_path


def run(place, *words):
    compare.main(
        ["--comparison", str(place / "mine.yaml"), "--out", str(place / "out"), "--device", "cpu", *map(str, words)]
    )
    return place / "out" / "mine"


@pytest.fixture
def undrawn(monkeypatch):
    """Figures take most of the time of a small comparison."""
    monkeypatch.setattr(compare, "draw", lambda *words: [])


def forbid(monkeypatch, calls=0):
    """Lets so many more sweeps through, then interrupts."""
    left, sweep = iter(range(calls)), compare.sweep

    def counted(*words, **more):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return sweep(*words, **more)

    monkeypatch.setattr(compare, "sweep", counted)


def test_curves_bounds_and_envelopes_are_drawn_against_snr_and_ratio(place, capsys):
    out = run(place)
    found = json.loads((out / "curves.json").read_text())["curves"]
    ways = [(one["label"], one["way"]) for one in found]
    each = [("WebP", way) for way in ("4-QAM 1/3", "16-QAM 1/2", "capacity")]
    assert ways == [*each, *each, ("of one size", "as it is"), ("WebP", "envelope"), ("WebP", "envelope")]
    for one in found:
        assert len(one["metrics"]["psnr_db"]) == len(one["metrics"]["st_lpips"]) == 2
    quarter, half = (next(one for one in found[start:] if one["way"] == "envelope") for start in (0, 8))
    assert quarter["bandwidth_ratio"] == pytest.approx(0.25, abs=0.01)
    assert half["bandwidth_ratio"] == pytest.approx(0.5, abs=0.01)
    assert half["metrics"]["psnr_db"][1] > quarter["metrics"]["psnr_db"][1]
    names = {path.name for path in out.glob("*.png")}
    for measure in ("psnr_db", "ssim", "st_lpips"):
        assert {f"{measure}-ratio-1-4.png", f"{measure}-ratio-1-2.png", f"{measure}-snr-8.png"} <= names
    with Image.open(out / "psnr_db-ratio-1-2.png") as figure:
        assert min(figure.size) > 400
    said = capsys.readouterr()
    assert "psnr_db-snr-8.png" in said.out
    assert "left out: lpips: its backbone's weights" in said.err


def test_finished_curves_are_kept_through_an_interruption(place, monkeypatch, undrawn):
    with monkeypatch.context() as patch:
        forbid(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            run(place)
    kept = {path: path.stat().st_mtime_ns for path in (place / "out").rglob("*.json")}
    assert len(kept) == 3
    first = Results.load(place / "out" / "mine" / "fitted" / "1-4_4-QAM_1-3.json")
    assert first.snr_db == [-2, 8]
    with monkeypatch.context() as patch:
        forbid(patch, 4)
        run(place)
        run(place)  # nothing is left to do
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())


def test_other_questions_get_other_answers(place, monkeypatch, undrawn):
    asked = ("--modes", "4-QAM 1/3", "--bandwidth_ratio", "1/2", "--systems", place / "fitted.yaml")
    run(place, *asked)
    for more in (("--snr_db", "3"), ("--seed", "1"), ("--num_images", "1")):
        with monkeypatch.context() as patch:
            forbid(patch)
            with pytest.raises(KeyboardInterrupt):
                run(place, *asked, *more)
    (place / "fitted.yaml").write_text((place / "fitted.yaml").read_text().replace("WEBP", "JPEG"))
    forbid(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        run(place, *asked)


def test_other_weights_of_the_same_name_are_sent_anew(place, monkeypatch, undrawn):
    weights = place / "weights.safetensors"
    learned = {
        "class_path": "semjscc.systems.analog.Analog",
        "init_args": {
            "codec": {
                "class_path": "semjscc.codecs.deepjscc.DeepJSCC",
                "init_args": {"width": 4, "weights": str(weights)},
            },
            "link": {"class_path": "semjscc.phy.plain.PlainLink"},
        },
    }
    (place / "learned.yaml").write_text(yaml.safe_dump({"system": learned}))
    asked = ("--systems", place / "learned.yaml", "--snr_db", "3")
    DeepJSCC(width=4).save(weights, {})
    before = Results.load(next(run(place, *asked).rglob("as_it_is.json"))).metrics
    with monkeypatch.context() as patch:
        forbid(patch)
        run(place, *asked)
    identity.content.cache_clear()
    DeepJSCC(width=4).save(weights, {})
    assert Results.load(next(run(place, *asked).rglob("as_it_is.json"))).metrics != before


def test_the_command_line_comes_before_the_comparison(place, undrawn):
    out = run(
        place,
        "--systems",
        place / "fitted.yaml",
        "--snr_db",
        "-3",
        "9",
        "--bandwidth_ratio",
        "0.3333",
        "--modes",
        "4-QAM 2/3",
    )
    content = json.loads((out / "curves.json").read_text())
    assert {one["label"] for one in content["curves"]} == {"fitted"}
    assert [one["snr_db"] for one in content["curves"]] == [[-3.0, 9.0]] * 3
    assert sorted(path.name for path in (out / "fitted").iterdir()) == ["1-3_4-QAM_2-3.json", "1-3_capacity.json"]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--comparison", "nope", "unknown comparison 'nope': there are .*awgn"),
        ("--systems", "nope", "unknown system 'nope'"),
        ("--bandwidth_ratio", "0", "positive numbers such as 1/6, not 0"),
        ("--bandwidth_ratio", "a/b", "numbers such as 1/6 or 0.25"),
        ("--modes", "8-PSK 1/2", "not '8-PSK 1/2'"),
        ("--snr_db", "loud", "takes numbers in dB"),
        ("--data", "nope", "unknown data 'nope'"),
    ],
)
def test_a_mistake_is_named_before_the_work_starts(place, monkeypatch, option, value, said):
    forbid(monkeypatch)
    with pytest.raises(ValueError, match=said):
        run(place, option, value)


def test_a_comparison_with_a_misspelt_key_is_named(place):
    text = (place / "mine.yaml").read_text()
    (place / "mine.yaml").write_text(text.replace("modes:", "nodes:"))
    with pytest.raises(ConfigError, match=r"mine\.yaml.*nodes"):
        run(place)


@pytest.mark.parametrize("name", config.names("comparisons"))
def test_every_comparison_names_systems_and_data_that_there_are(name):
    said = compare.settings(compare.parser().parse_args([]), config.find("comparisons", name))
    assert compare.ratios(said["bandwidth_ratio"])
    assert [compare.MCS.parse(words) for words in said["modes"]]
    assert evaluate.open_data(said["data"])[0] == said["data"]
    for names in said["systems"].values():
        assert all(config.find("systems", system).is_file() for system in names)
