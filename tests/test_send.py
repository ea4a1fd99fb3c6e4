"""What a user types, and what the page of one transmission holds."""

import re
import runpy
import sys
from html.parser import HTMLParser

import pytest
from PIL import Image
from torchvision.transforms.functional import to_pil_image

import send
from semjscc import config
from semjscc.config import CONFIGS, ConfigError
from semjscc.data.batches import group_of
from semjscc.data.scenes import Scenes
from semjscc.evaluation import sweep
from semjscc.metrics.transport import Transport
from semjscc.observation import transmit
from semjscc.results import ROOT
from semjscc.rng import PerImage
from semjscc.stages.figures import measured
from semjscc.systems.base import System


class Elements(HTMLParser):
    """Every start tag of a page, with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def check(text):
    """A page that holds everything itself, and says every picture in words."""
    elements = Elements(text).found
    pictures = [attributes for tag, attributes in elements if tag == "img"]
    assert pictures
    assert all(len(attributes["alt"]) > 8 for attributes in pictures)
    links = [attributes.get(name) for _, attributes in elements for name in ("src", "srcset", "href")]
    assert all(link.startswith("data:image/png;base64,") for link in links if link)
    assert "http" not in text
    assert "url(" not in text
    assert not {"script", "link", "iframe"} & {tag for tag, _ in elements}


@pytest.fixture(autouse=True)
def _coarse(monkeypatch):
    """Drawings of few pixels, which take less time."""
    monkeypatch.setattr("semjscc.stages.contents.DPI", 40)
    monkeypatch.setattr("semjscc.stages.page.DPI", 40)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a cat.png"
    to_pil_image(Scenes(size=16)[0].image).save(path)
    return path


def sent(picture, system, tmp_path, *words):
    """The page, and the sheet's path."""
    send.main([str(picture), "--system", str(system), "--out", str(tmp_path / "out"), *words])
    (sheet,) = (tmp_path / "out").glob("*.png")
    return sheet.with_suffix(".html").read_text(), sheet


def yaml(tmp_path, name, codec, link, kind):
    path = tmp_path / f"{name}.yaml"
    path.write_text(
        f"system:\n  class_path: semjscc.systems.{kind}\n  init_args:\n"
        f"    codec: {{class_path: semjscc.codecs.{codec}}}\n    link: !include links/{link}.yaml\n"
    )
    return path


def test_a_file_becomes_a_page_and_a_sheet(picture, tmp_path, capsys):
    text, sheet = sent(picture, "raw-ofdm", tmp_path, "--snr_db", "-1")
    check(text)
    assert sheet.name == "a cat_raw-ofdm_-1dB.png"
    with Image.open(sheet) as figure:
        assert min(figure.size) > 400
    for name in ("Picture", "Bytes", "Bits", "Code", "Symbols", "Slot", "Air"):
        assert f"<h2>{name}</h2>" in text
    assert "<mark>" in text  # at -1 dB bytes are damaged
    assert "prefers-color-scheme: dark" in text
    assert "BER" in capsys.readouterr().out


def test_it_is_the_transmission_that_evaluate_measures(tmp_path):
    """The same picture, seed and SNR: the same fades, the same noise, the same bits heard."""
    system = config.build(config.find("systems", "raw-ofdm"), {"system": System})["system"]
    figures = sweep(system, Scenes(size=16), [2.0], [Transport()], num_images=3, seed=5)
    bers = []
    for number in range(3):
        indices, pictures, row = group_of(Scenes(size=16), number, 1)
        seen = transmit(system, pictures.images, 2.0, PerImage([(5, i) for i in indices], (2000,)), row)
        bers.append(measured(seen, "picture")["ber"])
    assert sum(bers) / 3 == pytest.approx(figures.metrics["ber"][0])
    assert max(bers) > 0


def test_symbols_of_a_learned_code_need_no_bits(picture, tmp_path):
    system = yaml(tmp_path, "learned", "deepjscc.DeepJSCC", "uma-2x2", "analog.Analog")
    text, _ = sent(picture, system, tmp_path)
    check(text)
    assert "<h2>Symbols</h2>" in text
    assert not re.search("<h2>(Bits|Bytes|Words|Code)</h2>", text)


def test_of_many_users_one_is_shown_and_named(picture, tmp_path):
    system = yaml(tmp_path, "many", "raster.RawPixels", "paper-b-rayleigh", "digital.Digital")
    text, _ = sent(picture, system, tmp_path)
    check(text)
    assert "6 users share the air; what is shown is heard by user 0 (0 to 5)" in text
    assert "The others are sent the same picture." in text


def test_neighbours_of_a_data_set_share_the_air_as_in_a_sweep():
    indices, pictures, row = group_of(Scenes(size=16), 8, 6)
    assert (indices, row) == ([6, 7, 8, 9, 10, 11], 2)
    assert "sent scene-test-0-6, scene-test-0-7, scene-test-0-9" in send.company(indices, pictures, row)
    few = [Scenes(size=16)[0], Scenes(size=16)[1], Scenes(size=24)[2]]
    indices, pictures, row = group_of(few, 1, 6)
    assert (indices, row) == ([0, 1, -1, -2, -3, -4], 1)
    assert pictures.names[2:4] == pictures.names[:2]


def test_a_large_file_is_shrunk_and_keeps_its_shape(tmp_path):
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "large.png")
    assert send.from_file(tmp_path / "large.png", 90).image.shape == (3, 60, 90)
    assert send.from_file(tmp_path / "large.png", 512).image.shape == (3, 200, 300)


# ---- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.png"], r"there is no picture nowhere\.png: give a file, or"),
        (["scenes"], "as in scenes:0"),
        (["nope:3"], "unknown data? 'nope': there are .*scenes"),
        (["photos:99"], "photos has pictures 0 to 7, not 99"),
        (["scenes:1", "--system", "nope"], "unknown system 'nope': there are .*llm-ofdm"),
        (["scenes:1", "--snr_db", "loud"], "--snr_db takes a number in dB.*'loud'"),
        (["scenes:1", "--snr_db", "nan"], "--snr_db takes a number in dB"),
        ([str(CONFIGS / "folder.yaml")], "is not a picture that can be read"),
        ([str(CONFIGS / "folder.yaml"), "--size", "0"], "--size takes a number of pixels"),
        (["scenes:1", "--out", str(CONFIGS / "folder.yaml")], "--out: cannot write into"),
    ],
)
def test_a_mistake_ends_in_one_line_before_the_work_starts(tmp_path, monkeypatch, words, said):
    defaults = ["--system", "raw-ofdm", "--out", str(tmp_path / "out")]
    with pytest.raises(ConfigError, match=said):
        send.main([words[0], *defaults, *words[1:]])
    monkeypatch.setattr(sys, "argv", ["send.py", words[0], *defaults, *words[1:]])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "send.py"), run_name="__main__")
    assert str(ended.value.code).startswith("send.py: ")
    assert "\n" not in str(ended.value.code)
    assert not list(tmp_path.rglob("*.html"))


# ---- everything there is ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*later than the prefix")
@pytest.mark.parametrize("name", config.names("systems"))
def test_every_system_can_be_watched(name, tmp_path):
    check(sent("scenes:12", name, tmp_path, "--snr_db", "2")[0])
