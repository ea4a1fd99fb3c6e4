"""What is fetched is checked and comes whole, what is there is left alone, and what is missing is said in one line."""

import hashlib
import io
import tarfile
import zipfile

import pytest

from semjscc.data import downloads
from semjscc.data.downloads import MissingData, Origin, fetched, home


class Answer(io.BytesIO):
    headers: dict[str, str] = {}  # noqa: RUF012


@pytest.fixture
def web(monkeypatch):
    """A network of a few addresses, and what was asked of it."""
    pages, asked = {}, []

    def urlopen(url, timeout):
        asked.append(url)
        if url not in pages:
            raise OSError("no route to host")
        return Answer(pages[url])

    monkeypatch.setattr(downloads, "urlopen", urlopen)
    return pages, asked


def zipped(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return content.getvalue()


def test_a_file_is_fetched_once_and_what_is_there_is_left_alone(tmp_path, web):
    pages, asked = web
    pages["http://x/a.png"] = b"picture"
    parts = {"a.png": Origin("http://x/a.png", hashlib.md5(b"picture").hexdigest()), "b.png": Origin("http://x/b.png")}
    (tmp_path / "b.png").write_bytes(b"mine")
    for _ in range(2):
        assert fetched("letters", parts, str(tmp_path)) == tmp_path
    assert (tmp_path / "a.png").read_bytes() == b"picture"
    assert (tmp_path / "b.png").read_bytes() == b"mine"
    assert asked == ["http://x/a.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_archives_are_unpacked_into_what_is_there(tmp_path, web):
    pages, _ = web
    pages["http://x/set.zip"] = zipped(set__deep__a="1", set__b="2")
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        archive.addfile(info := tarfile.TarInfo("batches/one.bin"), io.BytesIO(b"3" * (info.size or 0)))
    pages["http://x/more.tar.gz"] = tar.getvalue()
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine").write_text("4")
    fetched(
        "d",
        {"set/deep/a": Origin("http://x/set.zip"), "batches/one.bin": Origin("http://x/more.tar.gz")},
        str(tmp_path),
    )
    assert (tmp_path / "set" / "deep" / "a").read_text() == "1"
    assert (tmp_path / "set" / "mine").read_text() == "4"
    assert (tmp_path / "batches" / "one.bin").is_file()


@pytest.mark.parametrize(
    ("page", "origin", "said"),
    [
        (None, Origin("http://x/a.png"), "no route to host"),
        (b"something else", Origin("http://x/a.png", "0" * 32), "its MD5 sum is not 0000"),
        (b"no archive", Origin("http://x/a.zip"), "not a zip file"),
        (zipped(b="1"), Origin("http://x/a.zip"), r"No such file.*a\.png"),
    ],
)
def test_what_does_not_come_is_said_in_one_line_and_leaves_nothing_half_done(tmp_path, web, page, origin, said):
    if page is not None:
        web[0][origin.url] = page
    with pytest.raises(MissingData, match=said) as caught:
        fetched("letters", {"a.png": origin}, str(tmp_path))
    assert f"no letters in {tmp_path}: a.png is missing" in str(caught.value)
    assert origin.url in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.png").exists()
    assert not list(tmp_path.glob(".*"))


def test_where_data_lie(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("SEMJSCC_DATA", raising=False)
    assert str(home("kodak")) == "/home/me/.cache/semjscc/kodak"
    monkeypatch.setenv("SEMJSCC_DATA", str(tmp_path))
    assert home("kodak") == tmp_path / "kodak"
    assert str(home("kodak", "~/pictures")) == "/home/me/pictures"
