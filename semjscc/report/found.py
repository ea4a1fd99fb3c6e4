"""What there is to report on: results, their exhibits, and comparisons; what cannot be read is named, not raised."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from semjscc.curves import Chart, charts, restored
from semjscc.exhibits import Exhibit, kept
from semjscc.plots import snr_kind
from semjscc.report.papers import Measured, measured_b
from semjscc.results import Results, ResultsError

T = TypeVar("T")
UNREADABLE = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, OSError, RecursionError,
    SyntaxError, Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One system on one data set, and where there are any, its pictures: one by one, or all on one sheet."""

    results: Results
    snr_db: list[float] = field(default_factory=list)  # of the exhibits
    exhibits: list[Exhibit] = field(default_factory=list)
    sheet: Path | None = None


@dataclass(frozen=True)
class Comparison:
    """What compare.py left: its name, its curves as lists of plain values, and its figures."""

    name: str
    curves: list[dict[str, Any]]
    charts: list[Chart]


@dataclass(frozen=True)
class Found:
    """All that could be read below a folder, and a line for each file that could not."""

    entries: list[Entry]
    comparisons: list[Comparison]
    skipped: list[str]
    paper_b: Measured  # what its own benchmark has kept

    def groups(self) -> Iterator[tuple[str, list[list[Entry]]]]:
        """For each data set, its systems, parted by what their SNR is: such figures must not share an axis."""
        for data, some in groupby(self.entries, key=lambda one: one.results.data):
            kinds: dict[str, list[Entry]] = {}
            for one in some:
                kinds.setdefault(snr_kind(one.results), []).append(one)
            yield data, list(kinds.values())


def find(folder: Path) -> Found:
    """Reads DATA/SYSTEM.json and what lies beside, and compare/NAME/curves.json.

    Raises:
        ResultsError: there is nothing, or nothing that can be read.
    """
    skipped: list[str] = []
    files = sorted(path for path in folder.glob("*/*.json") if not path.name.startswith("."))
    compared = sorted(folder.glob("compare/*/curves.json"))
    entries = [entry for path in files if (entry := _tried(_entry, path, skipped))]
    comparisons = [one for path in compared if (one := _tried(_comparison, path, skipped))]
    if skipped and not entries and not comparisons:
        raise ResultsError(f"none of the {len(skipped)} results files in {folder} can be read: {skipped[0]}")
    if not entries and not comparisons:
        raise ResultsError(f"there are no results in {folder}: expected DATA/SYSTEM.json, as evaluate.py writes them")
    entries = [_with_pictures(entry, skipped) for entry in entries]
    entries.sort(key=lambda one: (one.results.data, one.results.system))
    own = folder / "paper-b.json"
    paper_b = _tried(measured_b, own, skipped) if own.exists() else None
    return Found(entries, comparisons, skipped, paper_b or {})


def _tried(read: Callable[[Path], T], path: Path, skipped: list[str]) -> T | None:
    try:
        return read(path)
    except UNREADABLE as error:
        said = str(error) if str(path) in str(error) else f"{path}: {type(error).__name__}: {error}"
        skipped.append(" ".join(said.split()))
        return None


def _entry(path: Path) -> Entry:
    results = Results.load(path)
    check(results, path)
    return Entry(results, sheet=path.with_suffix(".png"))


def check(results: Results, path: Path) -> None:
    """Raises :class:`ResultsError` where a figure is no number, or the SNRs do not rise."""
    errors = {f"stderr of {name}": values for name, values in results.stderr.items()}
    for name, values in {"snr_db": results.snr_db, **results.metrics, **errors}.items():
        if not isinstance(values, list) or not all(map(_is_number, values)):
            raise ResultsError(f"{path} is not a results file: {name} is not a list of numbers")
    if not results.snr_db or any(low >= high for low, high in pairwise(results.snr_db)):
        raise ResultsError(f"{path} is not a results file: its SNRs do not rise")
    if not all(isinstance(words, str) for words in (results.system, results.data)):
        raise ResultsError(f"{path} is not a results file: system and data are names")
    if not all(isinstance(part, dict) for part in (results.payload, results.provenance)):
        raise ResultsError(f"{path} is not a results file: payload and provenance are mappings")
    if not isinstance(results.num_images, int):
        raise ResultsError(f"{path} is not a results file: num_images is not a number")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _with_pictures(entry: Entry, skipped: list[str]) -> Entry:
    """The entry with its exhibits; with the sheet, if it is there, where they cannot be had."""
    path = entry.sheet
    assert path is not None
    rows = path.with_suffix(".parquet")
    snr_db, shown = (_tried(kept, rows, skipped) if rows.exists() else None) or ([], [])
    if shown:
        return Entry(entry.results, snr_db, shown)
    return Entry(entry.results, sheet=_tried(_intact, path, skipped) if path.exists() else None)


def _intact(path: Path) -> Path:
    with Image.open(path, formats=["PNG"]) as image:
        image.load()
    return path


def _comparison(path: Path) -> Comparison:
    kept = json.loads(path.read_text())
    said = kept["settings"]
    ratios = sorted(Fraction(str(ratio)).limit_denominator(400) for ratio in said["bandwidth_ratio"])
    found = list(charts(restored(kept), str(said["data"]), ratios, said["ratio_at_snr_db"]))
    return Comparison(path.parent.name, kept["curves"], found)
