"""The page: what it says, what it holds, what it makes of damaged files, and how a browser finds it."""

import json
import re
import shutil
from dataclasses import replace
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

import report
from semjscc.exhibits import Exhibit, kept
from semjscc.plots import gallery
from semjscc.report.drawings import inline
from semjscc.report.found import find
from semjscc.report.measures import crossings
from semjscc.report.origins import command
from semjscc.report.papers import A, reached, table_ii, table_r
from semjscc.results import ROOT, ResultsError
from tests.made_up import SNR_DB, Elements, made, pictures, put, results, write_rows


@pytest.fixture
def _undrawn(monkeypatch):
    """Figures on the page alone, which takes a third of the time."""
    for module in ("measures", "page"):
        monkeypatch.setattr(f"semjscc.report.{module}.write", lambda figure, stem: figure.set_layout_engine("none"))


# What it holds


def test_figures_are_on_the_page_and_beside_it(tmp_path):
    put(tmp_path, results("near", ssim=[0.1, 0.5, 0.9], ber=[0.2, 0.01, 0.0], mine=[1.0, 2.0, 3.0]))
    put(tmp_path, results("far", ssim=[0.2, 0.4, 0.6], ratio=2.5))
    text, code = made(tmp_path)
    assert code == 0
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    stems = {"fields-ssim", "fields-ber", "fields-mine", "fields-ssim-ratio"}
    assert names == {f"{stem}.{kind}" for stem in stems for kind in ("png", "pdf")}
    charts = Elements(text).all("svg")
    assert len(charts) == len(stems)
    said = next(one["aria-label"] for one in charts if "SSIM against SNR" in one["aria-label"])
    assert "near 0.1 at -4 dB, 0.5 at 0 dB, 0.9 at 3.3 dB" in said
    with Image.open(tmp_path / "figures" / "fields-ssim.png") as figure:
        assert figure.width == round(3.45 * 300)  # a column at 300 dpi
    assert b"/Type3" not in (tmp_path / "figures" / "fields-ssim.pdf").read_bytes()


@pytest.mark.usefixtures("_undrawn")
def test_the_page_is_sound(tmp_path):
    """Headings in order, ids unique, links to parts that are there, tables with captions and scopes, alt texts."""
    put(tmp_path, results("llm-ofdm", bleu4=[0.1, 0.8, 1.0], ssim=[0.3, 0.5, 0.7]), pictures(2, 3))
    put(tmp_path, results("raw-ofdm", ssim=[0.1, 0.4, 0.9]))
    put(tmp_path, results("vlm-mimo", kind="tx"))
    text, _ = made(tmp_path)
    page = Elements(text)
    levels = [int(tag[1]) for tag, _ in page.found if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(then <= before + 1 for before, then in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)|for="([^"]+)"|labelledby="([^"]+)"', text)
    assert {name for names in targets for name in names if name} <= {*ids}
    assert text.count("<caption>") == text.count("<table>") > 5
    assert all("scope" in attributes for attributes in page.all("th"))
    assert all(len(one["alt"]) > 15 for one in page.all("img"))
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)", text)
    assert "transmit power times mean" in text  # the third system is on an axis of its own
    assert len({one["aria-label"] for one in page.all("svg") if "SSIM" in one["aria-label"]}) == 2


@pytest.mark.usefixtures("_undrawn")
def test_hostile_words_stay_words(tmp_path):
    nasty = '</script><script>alert(1)</script>" onload="x$_{'
    shown = [Exhibit(torch.zeros(3, 8, 8), nasty, [torch.ones(3, 8, 8)] * 3, [nasty, "\x00\x07", "b"])]
    put(tmp_path, results("a$b$ r#d", data="<d>"), shown)
    text, _ = made(tmp_path)
    assert len(Elements(text).all("script")) == 1
    assert "\N{WHITE SQUARE}" * 2 in text


def test_colours_follow_the_page_and_ids_do_not_meet():
    from semjscc.plots import against_snr
    from semjscc.style import PALETTE, looks, settle

    ones = [results(f"s{i}", ssim=[0.1, 0.2, 0.3]) for i in range(len(PALETTE))]
    figure = against_snr(ones, "ssim", looks(one.system for one in ones))
    settle(figure)
    drawn = [inline(figure, name, "words") for name in ("one", "two")]
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in drawn]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert not re.search("|".join(PALETTE.values()), drawn[0])
    assert {f"var(--{name})" for name in PALETTE if name != "ink"} <= set(re.findall(r"var\(--\w+\)", drawn[0]))


# Galleries


@pytest.mark.usefixtures("_undrawn")
def test_neighbours_that_are_the_same_are_held_once_and_gaps_are_named(tmp_path):
    picture, other = torch.zeros(3, 8, 8), torch.ones(3, 8, 8)
    put(tmp_path, results("still"), [Exhibit(picture, "", [other, picture, picture], ["x", "y", "y"])])
    put(tmp_path, results("late", snr_db=[0.0, 3.3]), [Exhibit(picture, "", [other, picture], ["", ""])])
    text, _ = made(tmp_path)
    held = [(one["data-at"], "hidden" in one) for one in Elements(text).all("div") if one.get("class") == "held"]
    assert held == [("1", True), ("2", False), ("0", True), ("0", False), ("1 2", False)]
    assert "not sent at this SNR" in text
    assert "0 to 3.3 dB" in text
    assert text.count("as sent") == 1  # both were sent the same picture


def test_exhibits_are_read_from_their_rows(tmp_path):
    shown = pictures(2, 3)
    write_rows(tmp_path / "x.parquet", SNR_DB, shown)
    snr_db, again = kept(tmp_path / "x.parquet")
    assert snr_db == SNR_DB
    assert len(again) == 2
    for before, after in zip(shown, again, strict=True):
        assert (after.caption, after.heard) == (before.caption, before.heard)
        for x, y in zip([before.sent, *before.delivered], [after.sent, *after.delivered], strict=True):
            torch.testing.assert_close(y, x, atol=1 / 255, rtol=0)


def test_rows_without_pictures_are_no_gallery(tmp_path):
    pq.write_table(pa.table({"image": [0, 1], "snr_db": [0.0, 0.0], "psnr_db": [9.0, 8.0]}), tmp_path / "x.parquet")
    assert kept(tmp_path / "x.parquet") == ([], [])


@pytest.mark.usefixtures("_undrawn")
def test_a_sheet_stands_in_for_exhibits(tmp_path):
    one = results("old")
    path = put(tmp_path, one)
    gallery(pictures(2, 3), one, path.with_suffix(".png"))
    text, code = made(tmp_path)
    (image,) = Elements(text).all("img")
    assert "old on fields" in image["alt"]
    assert code == 0
    assert "slider" not in text.partition("</style>")[2].partition("<script>")[0]


# What the papers say


def test_the_papers_success_ratio_is_found_between_points():
    one = results("llm-ofdm", success_ratio=[0.5, 0.9, 1.0])
    assert reached(one, "success_ratio", 0.966) == pytest.approx(0.66 * 3.3)
    assert reached(one, "success_ratio", 0.4) == -4.0
    assert reached(one, "success_ratio", 1.1) is None
    table = table_ii({"llm-ofdm": one})
    assert [row[0] for row in table.rows] == ["paper A, semantic", "llm-ofdm, fields", "paper A, conventional"]
    assert table.rows[1][-2:] == ["1", "2.2 dB"]
    assert table_ii({"raw-ofdm": one}) is None


def test_curves_cross_between_the_snrs_that_both_were_sent_at():
    one = results("steady", snr_db=[0.0, 1.0, 2.0, 4.0], ssim=[0.5, 0.1, 0.5, 0.5])
    other = results("rising", snr_db=[0.0, 2.0, 4.0], ssim=[0.1, 0.4, 0.8])
    assert crossings([one, other]) == ["steady leads rising in SSIM up to 2.5 dB."]
    assert crossings([one, results("elsewhere", snr_db=[9.0], ssim=[1.0])]) == []


def test_the_papers_figures_are_consistent():
    """Table II's rates are success ratios of the slot's peak rate, 1392 bit in 14 / 240 kHz; its sizes have 4250."""
    peak = 1392 / (14 / 240e3)
    for said in A["table_ii"].values():
        assert said["effective_rate_bps"] / peak == pytest.approx(said["success_ratio"], abs=5e-4)
    sizes = [said["payload_bits"] for said in A["table_ii"].values()]
    assert sizes[1] / sizes[0] == A["table_ii"]["semantic"]["compression_ratio"]


def test_paper_b_is_read_at_its_own_ebn0():
    """4 dB with 10 bits a symbol at rate 1/3 are 9.2 dB of Es/N0."""
    one = results("vlm-mimo", snr_db=[4.0, 9.2, 12.0], ssim=[0.1, 0.2, 0.3])
    assert ["SSIM, Eb/N0 4 dB", "0.167 and 0.146", "0.2"] in table_r({"vlm-mimo": one}).rows


# What cannot be read


DAMAGED = {
    "empty": "",
    "cut": '{"system": "x", "data"',
    "list": "[1, 2]",
    "deep": "[" * 100_000,
    "former": json.dumps({"system": "x", "data": "fields", "snr_db": [0.0], "metrics": {}}),
    "bytes": b"\xff\xfe\x00",
}


@pytest.mark.usefixtures("_undrawn")
def test_damaged_files_are_named_and_the_others_are_shown(tmp_path, capsys):
    good = results("good")
    put(tmp_path, good)
    for name, text in DAMAGED.items():
        path = tmp_path / "fields" / f"{name}.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    changes = {
        "text": {"metrics": {"ssim": ["0.1", 0.2, 0.3]}},
        "null": {"metrics": {"ssim": [None, 0.2, 0.3]}},
        "falling": {"snr_db": [0.0, -1.0, 2.0]},
        "number": {"stderr": 3},
        "name": {"system": 4},
        "payload": {"payload": [1]},
    }
    for name, change in changes.items():
        (tmp_path / "fields" / f"{name}.json").write_text(json.dumps(vars(good) | change))
    (tmp_path / "fields" / "folder.json").mkdir()
    text, code = made(tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert code == 1
    assert len(lines) == len(DAMAGED) + len(changes) + 2
    for name in [*DAMAGED, *changes, "folder"]:
        assert sum(f"{name}.json" in line for line in lines) == 1, name
    assert lines[-1] == f"{len(lines) - 1} left out"
    assert f"Left out, {len(lines) - 1} in all" in text
    assert "SSIM against SNR" in text


@pytest.mark.usefixtures("_undrawn")
@pytest.mark.parametrize("damage", ["rows", "picture"])
def test_damaged_exhibits_leave_the_figures_and_the_sheet(tmp_path, monkeypatch, damage):
    one = results("good")
    if damage == "picture":
        monkeypatch.setattr("tests.made_up.png", lambda image: b"\x89PNG but not quite")
    path = put(tmp_path, one, pictures(1, 3))
    gallery(pictures(1, 3), one, path.with_suffix(".png"))
    if damage == "rows":
        rows = path.with_suffix(".parquet")
        rows.write_bytes(rows.read_bytes()[:-9])
    text, code = made(tmp_path)
    assert code == 1
    assert "good.parquet" in text
    assert len(Elements(text).all("img")) == 1


@pytest.mark.usefixtures("_undrawn")
def test_damaged_sheets_comparisons_and_benchmarks_are_named(tmp_path):
    put(tmp_path, results("good")).with_suffix(".png").write_bytes(b"\x89PNG but not quite")
    (tmp_path / "compare" / "awgn").mkdir(parents=True)
    (tmp_path / "compare" / "awgn" / "curves.json").write_text('{"curves": [{}]}')
    (tmp_path / "paper-b.json").write_text("{}")
    skipped = find(tmp_path).skipped
    assert [name for name in ("good.png", "curves.json", "paper-b.json") if sum(name in one for one in skipped) == 1]
    assert len(skipped) == 3
    assert made(tmp_path)[1] == 1


def test_nothing_that_can_be_read_is_an_error(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x.json").write_text("{")
    with pytest.raises(ResultsError, match=r"none of the 1 results files .*x\.json"):
        report.main([str(tmp_path)])
    assert not (tmp_path / "report.html").exists()


@pytest.mark.usefixtures("_undrawn")
def test_unequal_measurements_are_said_to_be_unequal(tmp_path):
    put(tmp_path, results("few"))
    failed = {"failures": [{"snr_db": 9.0, "error": "ValueError: too loud"}]}
    put(tmp_path, replace(results("many"), num_images=9, provenance=failed))
    text, _ = made(tmp_path)
    assert "many failed at 9.0 dB: ValueError: too loud" in text
    assert "Not measured alike: these systems have different numbers of pictures: few 2, many 9." in text


def test_a_comparison_is_drawn_from_its_own_figures(tmp_path):
    (tmp_path / "compare").mkdir()
    shutil.copytree(ROOT / "results" / "compare" / "awgn", tmp_path / "compare" / "awgn")
    kept = json.loads((tmp_path / "compare" / "awgn" / "curves.json").read_text())
    for one in kept["curves"]:
        one["metrics"] = {"psnr_db": one["metrics"]["psnr_db"]}
    (tmp_path / "compare" / "awgn" / "curves.json").write_text(json.dumps(kept))
    text, code = made(tmp_path)
    assert code == 0
    said = kept["settings"]  # a figure for each ratio, and at each SNR asked for one against ratio
    assert len(Elements(text).all("svg")) == len(said["bandwidth_ratio"]) + len(said["ratio_at_snr_db"])
    assert "jpeg-awgn, envelope" in text


def test_the_command_is_what_was_typed_or_must_have_been():
    one = results("llm-ofdm-turbo", data="fields")
    kept = one.provenance | {"config": {"preset": "turbo", "data": "~/my pictures"}}
    words = "--num_images 2 --seed 7 --snr_db -4 0 3.3"
    expected = f"python evaluate.py --system llm-ofdm --data '~/my pictures' --preset turbo {words}"
    assert command(replace(one, provenance=kept)) == expected
    assert command(replace(one, provenance=kept | {"command": "python x.py"})) == "python x.py"
    assert command(results("llm-ofdm_speed_kmh=60")) == ""
