"""The documentation: links lead somewhere, examples run as they stand, and figures are those of the results."""

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import evaluate
import report
from semjscc.report import reproduction
from semjscc.results import ROOT, Results

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, *kinds):
    """The code of these kinds on a page, in their order, with what kind they are of."""
    return [(kind, code) for kind, code in FENCE.findall(page.read_text()) if kind in kinds]


def anchors(page):
    """What a page's headings are called in links, as GitHub and MyST name them."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def wrong_links(page):
    """The links of a page that lead nowhere."""
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page.read_text())):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    assert list(wrong_links(page)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing\n[a](#one-thing) [b](#another) [c](page.md#one-thing) [d](nowhere.md)\n```\n[e](x)\n```\n"
    )
    assert list(wrong_links(page)) == ["#another", "nowhere.md"]


def test_every_page_is_in_the_contents():
    index = (ROOT / "docs" / "index.md").read_text()
    contents = index.partition("toctree")[2].split()
    assert {page.stem for page in PAGES} - {"README", "index"} <= {*contents}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_configurations_on_pages_are_yaml(page):
    yaml = pytest.importorskip("yaml")
    for _, code in blocks(page, "yaml"):
        yaml.compose(code)


EXTENDING = ROOT / "docs" / "EXTENDING.md"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_examples_run_as_they_stand(page, tmp_path, monkeypatch):
    """What the page on adding parts promises is measured and reported."""
    follow(page, tmp_path, monkeypatch)
    if page == EXTENDING:
        found = {path.stem: Results.load(path) for path in (tmp_path / "results" / "quick").glob("*.json")}
        assert set(found) == {"raw-ofdm", "jpeg-tworays", "thumbnail", "relayed"}
        assert all("edges" in one.metrics for one in found.values())
        assert found["thumbnail"].payload["payload_bits"] == 8 * 3 * 8 * 8
        assert "edges against SNR" in (tmp_path / "results" / "report.html").read_text()


def follow(page, folder, monkeypatch):
    """Blocks that begin with a file's name become that file; commands are run in the folder where they lie."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr("semjscc.report.measures.write", lambda figure, stem: figure.set_layout_engine("none"))
    for i, (kind, code) in enumerate(blocks(page, "python", "yaml", "sh")):
        named = re.match(r"# ([\w-]+\.\w+)\n", code)
        path = Path(named[1] if named else f"block_{i}.{kind}")
        if kind == "sh":
            run(code)
        else:
            path.write_text(code)
        if kind == "python":
            runpy.run_path(str(path))


def run(commands):
    """Commands of this project, in this process."""
    mains = {"evaluate.py": evaluate.main, "report.py": report.main}
    for line in commands.splitlines():
        python, script, *words = shlex.split(line)
        assert python == "python"
        assert not mains[script](words)


def test_the_reproduction_page_has_the_figures_of_the_results():
    """Else ``python -m semjscc.report.reproduction`` writes it anew."""
    assert (ROOT / "docs" / "REPRODUCTION.md").read_text() == reproduction.page(ROOT / "results")


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("sphinx", reason="the docs extra is not installed")
    words = ["-q", "-W", "--keep-going", "-b", "html", str(ROOT / "docs"), str(tmp_path / "site")]
    subprocess.run([sys.executable, "-m", "sphinx", *words], check=True)  # its own use of deprecated parts is no matter
    assert "class" in (tmp_path / "site" / "generated" / "semjscc.phy.channel.html").read_text()
