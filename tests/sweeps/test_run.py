"""What a sweep does again, what it does not, and what it says."""

import errno
import os

import pytest

import evaluate
from semjscc.results import Results
from semjscc.rows import DamagedRows, from_bytes
from semjscc.sweeps import work
from tests.tiny_sweep import begun, place


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """Galleries take most of the time of a small sweep."""
    monkeypatch.setattr("semjscc.sweeps.run.gallery", lambda exhibits, results, path: path.write_bytes(b""))


def run(words, *more):
    return evaluate.main([*words, *more])


def results(folder, name="tiny"):
    return Results.load(folder / "out" / "drawn" / f"{name}.json")


def rows(folder, name="tiny"):
    return from_bytes((folder / "out" / "drawn" / f"{name}.parquet").read_bytes())[0]


def test_the_rows_are_those_of_the_results(tmp_path):
    run(place(tmp_path), "--snr_db", "0", "10", "--num_images", "5")
    found, table = results(tmp_path), rows(tmp_path)
    assert sorted(table["image"]) == [image for image in range(5) for _ in range(2)]
    loud = [psnr for psnr, snr in zip(table["psnr_db"], table["snr_db"], strict=True) if snr == 0]
    assert found.metrics["psnr_db"][0] == pytest.approx(sum(loud) / 5, rel=1e-12)
    assert table["heard"][0].startswith("picture of 0.")
    assert [png is not None for png, image in zip(table["sent_png"], table["image"], strict=True)] == [
        image < 4 for image in table["image"]
    ]


def test_more_pictures_and_snrs_extend_a_sweep_and_redo_nothing(tmp_path):
    words = place(tmp_path)
    for more in (["0", "--num_images", "3"], ["0", "5", "--num_images", "3"], ["5", "--num_images", "9"]):
        run(words, "--snr_db", *more)
    run(words, "--snr_db", "0", "5", "--num_images", "9")
    assert len(begun(tmp_path)) == len(set(begun(tmp_path)))
    extended = rows(tmp_path)
    (whole := tmp_path / "whole").mkdir()
    run(place(whole), "--snr_db", "0", "5", "--num_images", "9")
    assert rows(whole) == extended
    assert len(begun(whole)) == len(begun(tmp_path))
    run(words, "--snr_db", "0", "5", "--num_images", "9")
    assert len(begun(whole)) == len(begun(tmp_path))  # nothing was left to do


@pytest.mark.parametrize("size", ["1", "7", "64"])
def test_batch_sizes_change_no_bit(tmp_path, size):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, batch in ((one, ()), (other, ("--batch_size", size))):
        folder.mkdir()
        run(place(folder), "--snr_db", "5", "--num_images", "13", *batch)
    assert rows(one) == rows(other)


def test_what_changes_a_figure_starts_anew_and_is_named(tmp_path, capsys):
    words = place(tmp_path)
    asked = ("--snr_db", "5", "--num_images", "2")
    run(words, *asked)
    before, first = begun(tmp_path), rows(tmp_path)
    text = (tmp_path / "tiny.yaml").read_text()
    (tmp_path / "tiny.yaml").write_text(text.replace("gain: 1.0", "gain: 0.5"))
    run(words, *asked)
    said = capsys.readouterr().err
    assert "tiny starts anew: settings.system.init_args.gain is 0.5 and was 1.0" in said
    assert begun(tmp_path) == before * 2
    assert rows(tmp_path) != first
    run(words, *asked, "--seed", "1")
    assert "tiny starts anew: seed is 1 and was 0" in capsys.readouterr().err
    (tmp_path / "tiny.yaml").write_text(text)
    run(words, *asked)  # what was done before is there again
    assert len(begun(tmp_path)) == 3 * len(before)
    assert "anew" not in capsys.readouterr().err
    assert rows(tmp_path) == first


def test_a_failure_at_one_point_is_told_and_the_others_are_done(tmp_path, capsys):
    words = place(tmp_path, bad="5.0")
    assert run(words, "--snr_db", "0", "5", "10", "--num_images", "3") == 1
    found = results(tmp_path)
    assert found.snr_db == [0.0, 10.0]
    [failure] = found.provenance["failures"]
    assert failure["snr_db"] == 5.0
    assert failure["error"].startswith("ArithmeticError: the amplifier is on fire (tests/tiny_sweep.py:")
    assert "tiny failed at 5 dB: ArithmeticError" in capsys.readouterr().err.splitlines()[-1]
    good = len(begun(tmp_path))
    assert run(words, "--snr_db", "0", "10", "--num_images", "3") == 0
    assert len(begun(tmp_path)) == good
    assert "failures" not in results(tmp_path).provenance


def test_a_system_that_cannot_be_built_stops_no_other(tmp_path, capsys):
    words = place(tmp_path)
    text = (tmp_path / "tiny.yaml").read_text()
    (tmp_path / "none.yaml").write_text(text.replace("Tiny", "Missing"))
    (tmp_path / "wide.yaml").write_text(text.replace("gain: 1.0", "gain: 1.0, seconds: -1.0"))
    words[1:2] = [str(tmp_path / "wide.yaml"), str(tmp_path / "tiny.yaml")]
    assert run(words, "--snr_db", "0", "--num_images", "1") == 1  # time runs forwards only
    assert "wide failed: ValueError: sleep length must be non-negative" in capsys.readouterr().err
    assert results(tmp_path).num_images == 1
    assert not (tmp_path / "out" / "drawn" / "wide.json").exists()


def test_an_interruption_says_what_is_kept(tmp_path, monkeypatch):
    words = place(tmp_path)
    measure, left = work.measure, iter(range(2))

    def interrupted(*args):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return measure(*args)

    with monkeypatch.context() as patch:
        patch.setattr(work, "measure", interrupted)
        with pytest.raises(KeyboardInterrupt, match=r"interrupted; 2 of 6 pictures are kept in .*the same command"):
            run(words, "--snr_db", "0", "5", "10", "--num_images", "2")
    assert not (tmp_path / "out" / "drawn" / "tiny.json").exists()
    run(words, "--snr_db", "0", "5", "10", "--num_images", "2")
    assert len(begun(tmp_path)) == 6


def test_a_full_disk_leaves_what_was_done(tmp_path, monkeypatch):
    words, left, fsync = place(tmp_path), iter(range(4)), os.fsync

    def full(file):
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"No space left on device; 2 of 6 pictures are kept") as caught:
            run(words, "--snr_db", "0", "5", "10", "--num_images", "2")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("*.part"))
    run(words, "--snr_db", "0", "5", "10", "--num_images", "2")
    assert len(begun(tmp_path)) == 7  # the one that could not be written once more


def test_damaged_rows_are_done_again(tmp_path):
    words = [*place(tmp_path), "--snr_db", "0", "5", "--num_images", "2"]
    run(words)
    good = rows(tmp_path)
    parts = sorted((tmp_path / "out").rglob("0000*.parquet"))
    parts[0].write_bytes(parts[0].read_bytes()[:50])
    parts[1].write_bytes(b"")
    run(words)
    assert len(begun(tmp_path)) == 4 + 2
    assert rows(tmp_path) == good


def test_a_plan_does_nothing(tmp_path, capsys):
    words = [*place(tmp_path), "--num_images", "2"]
    run(words, "--snr_db", "0")
    capsys.readouterr()
    run(words, "--snr_db", "0", "5", "--plan")
    assert capsys.readouterr().out == "tiny: 2 of 4 pictures done at 0, 5 dB\n2 of 4 in all\n"
    assert len(begun(tmp_path)) == 2


def test_users_come_in_groups_that_extend_a_sweep(tmp_path):
    words = place(tmp_path, users=3)
    run(words, "--snr_db", "0", "--num_images", "4")
    assert len(begun(tmp_path)) == 2
    first = rows(tmp_path)
    run(words, "--snr_db", "0", "--num_images", "6")
    assert len(begun(tmp_path)) == 2
    assert {name: column[:4] for name, column in rows(tmp_path).items()} == first


@pytest.mark.parametrize("content", [b"", b"PAR1", b"{}"])
def test_what_is_no_parquet_is_said(content):
    with pytest.raises(DamagedRows):
        from_bytes(content)
