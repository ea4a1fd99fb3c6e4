"""The figures of a comparison: quality against SNR, and against bandwidth ratio."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from semjscc.comparison import AS_IT_IS, CAPACITY, ENVELOPE, Curve
from semjscc.plots import AXES, LABELS
from semjscc.results import Results
from semjscc.style import SETTINGS, Look, blank, looks, write

Kind = Literal["main", "bound", "part"]
MEASURES = ("psnr_db", "ssim", "ms_ssim", "lpips", "st_lpips")
KINDS: dict[str, Kind] = {ENVELOPE: "main", AS_IT_IS: "main", CAPACITY: "bound"}


@dataclass(frozen=True)
class Line:
    """One line of a comparison; lines of one label share a colour.

    Args:
        label: "HEVC"
        kind: "main" for what can be sent, "bound" for what cannot be passed, "part" for what a main line is made of
        error: one standard error each
    """

    label: str
    kind: Kind
    x: Sequence[float]
    y: Sequence[float]
    error: Sequence[float]


@dataclass(frozen=True)
class Chart:
    """One figure of a comparison: its name among files, what it shows, its axes, and its lines."""

    name: str
    title: str
    xlabel: str
    ylabel: str
    lines: list[Line]


def against_snr(found: Sequence[Curve], measure: str, ratio: Fraction) -> list[Line]:
    """The curves of one bandwidth ratio."""
    return [
        Line(
            one.label,
            KINDS.get(one.way, "part"),
            one.results.snr_db,
            one.results.metrics[measure],
            _errors(one, measure),
        )
        for one in found
        if one.at(ratio) and measure in one.results.metrics
    ]


def against_ratio(found: Sequence[Curve], measure: str, snr_db: float) -> list[Line]:
    """What each label's curves, parts left out, have at the SNR that is nearest."""
    drawn = []
    for label, way in dict.fromkeys((one.label, one.way) for one in found if one.way in KINDS):
        points = []
        for one in found:
            if (one.label, one.way) == (label, way) and measure in one.results.metrics:
                i = min(range(len(one.results.snr_db)), key=lambda i: abs(one.results.snr_db[i] - snr_db))
                x = one.results.payload["bandwidth_ratio"]
                points.append((x, one.results.metrics[measure][i], _errors(one, measure)[i]))
        if points:
            drawn.append(Line(label, KINDS[way], *map(list, zip(*sorted(points), strict=True))))
    return drawn


def _errors(one: Curve, measure: str) -> list[float]:
    return one.results.stderr.get(measure, [0.0] * len(one.results.snr_db))


def charts(found: Sequence[Curve], data: str, ratios: Sequence[Fraction], snr_db: Sequence[float]) -> Iterator[Chart]:
    """A figure for each measure and bandwidth ratio, and for each measure and SNR where there are several ratios."""
    for measure in MEASURES:
        for ratio in ratios:
            if chosen := against_snr(found, measure, ratio):
                name = f"{measure}-ratio-{str(ratio).replace('/', '-')}"
                yield Chart(name, f"{data}, bandwidth ratio {ratio}", AXES["rx"], LABELS[measure], chosen)
        for snr in snr_db:
            chosen = against_ratio(found, measure, snr)
            if any(len(line.x) > 1 for line in chosen):
                xlabel = "bandwidth ratio, pilots included"
                yield Chart(f"{measure}-snr-{snr:g}", f"{data}, {snr:g} dB", xlabel, LABELS[measure], chosen)


def draw(
    found: Sequence[Curve], data: str, ratios: Sequence[Fraction], snr_db: Sequence[float], out: Path
) -> list[Path]:
    """Writes all charts into the folder ``out``, each as PNG and as PDF."""
    return [path for chart in charts(found, data, ratios, snr_db) for path in write(drawn(chart), out / chart.name)]


def restored(kept: dict[str, Any]) -> list[Curve]:
    """The curves of a comparison's curves.json, to be drawn again; each has the bandwidth ratio that it came to.

    Raises:
        KeyError, TypeError, ValueError: something is missing, or no number.
    """
    return [
        Curve(
            label=one["label"],
            way=one["way"],
            bandwidth_ratio=None,
            results=Results(
                system=one["label"],
                data=str(kept["settings"]["data"]),
                num_images=0,  # curves.json does not say
                snr_db=one["snr_db"],
                metrics=one["metrics"],
                stderr=one["stderr"],
                payload={key: one[key] for key in ("bandwidth_ratio", "bandwidth_ratio_without_pilots")},
                provenance={},
            ),
        )
        for one in kept["curves"]
    ]


def drawn(chart: Chart) -> Figure:
    """Main lines with bars of two standard errors, bounds dashed, parts thin."""
    labels = list(dict.fromkeys(line.label for line in chart.lines))
    chosen, entries = looks(labels), sum(line.kind != "part" for line in chart.lines)
    with matplotlib.rc_context(SETTINGS):
        figure = blank(2.5 + 0.16 * -(-entries // 2))
        axes = figure.subplots()
        for line in chart.lines:
            _line(axes, line, chosen[line.label])
        axes.set(xlabel=chart.xlabel, ylabel=chart.ylabel, title=chart.title)
        figure.legend(loc="outside upper center", ncols=2)
    return figure


def _line(axes: Axes, line: Line, look: Look) -> None:
    if line.kind == "main":
        bars = [2 * error for error in line.error]
        axes.errorbar(line.x, line.y, bars, label=line.label, color=look.colour, marker=look.marker)
    else:
        style, width = ("--", 1.0) if line.kind == "bound" else ("-", 0.4)
        name = f"{line.label} at capacity" if line.kind == "bound" else None
        axes.plot(line.x, line.y, style, label=name, color=look.colour, lw=width, alpha=0.8)
