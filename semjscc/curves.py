"""The figures of a comparison: quality against SNR, and against bandwidth ratio."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import matplotlib.pyplot as plt

from semjscc.comparison import AS_IT_IS, CAPACITY, ENVELOPE, Curve
from semjscc.plots import LABELS, MARKERS

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


def draw(
    found: Sequence[Curve], data: str, ratios: Sequence[Fraction], snr_db: Sequence[float], out: Path
) -> list[Path]:
    """A figure for each measure and bandwidth ratio, and for each measure and SNR where there are several ratios."""
    drawn = []
    for measure in MEASURES:
        for ratio in ratios:
            if chosen := against_snr(found, measure, ratio):
                drawn.append(out / f"{measure}-ratio-{str(ratio).replace('/', '-')}.png")
                title = f"{data}, bandwidth ratio {ratio}"
                lines(chosen, "SNR [dB], received Es/N0 per antenna", LABELS[measure], drawn[-1], title)
        for snr in snr_db:
            chosen = against_ratio(found, measure, snr)
            if any(len(line.x) > 1 for line in chosen):
                drawn.append(out / f"{measure}-snr-{snr:g}.png")
                lines(
                    chosen,
                    "bandwidth ratio, pilots included",
                    LABELS[measure],
                    drawn[-1],
                    f"{data}, {snr:g} dB",
                )
    return drawn


def lines(drawn: Sequence[Line], xlabel: str, ylabel: str, path: Path, title: str = "") -> None:
    """A comparison's figure: main lines with bars of two standard errors, bounds dashed, parts thin."""
    figure, axes = plt.subplots(figsize=(6.0, 4.2), layout="constrained")
    colours = {label: f"C{i}" for i, label in enumerate(dict.fromkeys(line.label for line in drawn))}
    markers = dict(zip(colours, MARKERS * len(colours), strict=False))
    for line in drawn:
        colour = colours[line.label]
        if line.kind == "main":
            bars = [2 * error for error in line.error]
            axes.errorbar(
                line.x,
                line.y,
                bars,
                label=line.label,
                color=colour,
                marker=markers[line.label],
                ms=4,
                lw=1.6,
                capsize=2,
            )
        else:
            style, width = ("--", 1.2) if line.kind == "bound" else ("-", 0.5)
            name = f"{line.label} at capacity" if line.kind == "bound" else None
            axes.plot(line.x, line.y, style, label=name, color=colour, lw=width, alpha=0.7)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=7)
    figure.savefig(path, dpi=150)
    plt.close(figure)
