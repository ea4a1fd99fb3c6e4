"""The figures of a speed run in words: for the terminal and for docs/SPEED.md."""

from collections.abc import Iterator
from typing import Any

PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
COLUMNS = ("case", "batch", "ours", "Sionna", "ratio", "memory [MB]")


def rate(units_per_second: float, unit: str) -> str:
    """In three digits, as 1.23 Mbit/s or 270 slot/s."""
    factor, prefix = next((p for p in PREFIXES if units_per_second >= p[0]), PREFIXES[-1])
    digits = f"{units_per_second / factor:.3g}"
    return f"{float(digits):g} {prefix}{unit}/s"


def times(ratio: float) -> str:
    """A ratio in two digits, or whole from a hundred on."""
    return f"{ratio:.2g}" if ratio < 99.5 else f"{ratio:,.0f}"


def side(case: dict[str, Any], name: str | None) -> str:
    """The rate of one side, or why there is none."""
    figures = case["sides"].get(name, {"error": "-"})
    return rate(figures["rate"], case["unit"]) if "rate" in figures else figures["error"].split("\n")[0][:60]


def row(case: dict[str, Any], peer: str) -> list[str]:
    """The cells of one case; memory is that of ours and of the peer, beyond the imports."""
    best = case["best"].get(peer) or next((name for name in case["sides"] if name.startswith(peer)), None)
    memory = [case["sides"].get(name, {}).get("megabytes") for name in ("ours", best)]
    return [
        case["what"],
        f"{case['batch']:,}",
        side(case, "ours"),
        side(case, best),
        times(case["ratio"][peer]) if peer in case["ratio"] else "-",
        " / ".join("-" if mb is None else f"{mb:,.0f}" for mb in memory),
    ]


def rows(cases: dict[str, dict[str, Any]], peer: str = "sionna") -> list[list[str]]:
    """The table's body."""
    return [row(case, peer) for case in cases.values()]


def text(cases: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The table, line by line."""
    lines = [list(COLUMNS), *rows(cases)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = zip(line, widths, strict=True)
        yield "  ".join([f"{line[0]:{widths[0]}}", *(f"{cell:>{width}}" for cell, width in list(cells)[1:])])


def markdown(cases: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The same for a document."""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" + "|--:" * (len(COLUMNS) - 1) + "|"
    for line in rows(cases):
        yield f"| {' | '.join(line)} |"
