"""Figures: the gallery of one sweep, and quality against SNR and against bandwidth ratio for all systems."""

from collections.abc import Mapping, Sequence
from math import floor, log10
from pathlib import Path
from textwrap import fill
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter
from torch import Tensor

from semjscc.evaluation import Exhibit
from semjscc.results import Results
from semjscc.style import INK, SETTINGS, Look, blank

LABELS = {
    "psnr_db": "PSNR [dB]",
    "psnr_of_mean_mse_db": "PSNR of the mean squared error [dB]",
    "mse": "mean squared error",
    "ssim": "SSIM",
    "ms_ssim": "MS-SSIM",
    "lpips": "LPIPS (less is better)",
    "st_lpips": "ST-LPIPS (less is better)",
    "semantic_accuracy": "semantic accuracy",
    "semantic_accuracy_heard": "semantic accuracy of the text",
    "clip_image_image": "CLIP image-image",
    "clip_text_text": "CLIP text-text",
    "clip_text_image": "CLIP text-image",
    "bleu4": "BLEU-4",
    "cer": "character error rate",
    "exact": "texts without an error",
    "ber": "bit error rate",
    "bler": "block error rate",
    "undecodable": "pictures lost",
    "damaged": "pictures with a lost block",
    "success_ratio": "success ratio",
    "effective_rate_bps": "effective rate [bit/s]",
}
RATES = ("ber", "bler")  # on a logarithmic axis, where they are not 0
SCALED = {"effective_rate_bps": (1e-6, "effective rate [Mbit/s]")}
AXES = {
    "rx": "SNR [dB], received Es/N0 per antenna",
    "tx": "SNR [dB], transmit power times mean |h|² over N0",
    "stream": "SNR [dB], after detection",
}
Fill = Literal["none", "bottom", "full"]
FILLS: tuple[Fill, ...] = ("none", "bottom", "full")  # of the markers at a low, a middle and a high SNR
SNR_LOOK = Look(INK, "o", "none")
PLAIN = FuncFormatter(lambda value, _: f"{value:g}")  # 0.01, not a power with an exponent


def printable(text: str) -> str:
    """``text`` with a white square for each character that cannot be shown."""
    return "".join(c if c.isprintable() else "\N{WHITE SQUARE}" for c in text)


def framed(axes: Axes, image: Tensor, words: str = "") -> None:
    """A picture, pixel by pixel, and what is said of it below."""
    axes.imshow(image.clamp(0, 1).movedim(0, -1).numpy(), interpolation="nearest")
    axes.set_xlabel(fill(printable(words), 24), fontsize=6, parse_math=False)
    axes.set(xticks=[], yticks=[])


def gallery(exhibits: Sequence[Exhibit], results: Results, path: Path, most_points: int = 6) -> None:
    """A row for each picture: what was sent, then what was heard and delivered at up to ``most_points`` SNRs."""
    columns = spread(len(results.snr_db), most_points)
    figure = Figure((1.6 * (len(columns) + 1), 2.15 * len(exhibits) + 0.4), layout="constrained")
    grid = figure.subplots(len(exhibits), len(columns) + 1, squeeze=False)
    for row, exhibit in zip(grid, exhibits, strict=True):
        framed(row[0], exhibit.sent, exhibit.caption)
        for axes, point in zip(row[1:], columns, strict=True):
            framed(axes, exhibit.delivered[point], exhibit.heard[point])
    grid[0][0].set_title("sent", fontsize=8)
    for axes, point in zip(grid[0][1:], columns, strict=True):
        axes.set_title(f"{results.snr_db[point]:g} dB", fontsize=8)
    figure.suptitle(f"{results.system} on {results.data}", fontsize=9, parse_math=False)
    figure.savefig(path, dpi=130)


def spread(count: int, most: int) -> list[int]:
    """At most so many of the indices 0 to ``count`` - 1, evenly, the first and the last among them."""
    shown = min(most, count)
    return sorted({round(i * (count - 1) / max(1, shown - 1)) for i in range(shown)})


def snr_kind(one: Results) -> str:
    """What its SNR is, as :data:`semjscc.units.SNR_DEFINITIONS` names it."""
    return str(one.provenance.get("snr", "rx")).partition(":")[0]


def bars(one: Results, metric: str) -> list[float]:
    """Two standard errors of each figure, 0 where there are none."""
    return [2 * error for error in one.stderr.get(metric, [0.0] * len(one.snr_db))]


def against_snr(results: Sequence[Results], metric: str, chosen: Mapping[str, Look]) -> Figure:
    """One metric of all systems that have it, with bars of two standard errors; error rates of 0 are left out."""
    shown = [one for one in results if metric in one.metrics]
    scale, label = SCALED.get(metric, (1.0, LABELS.get(metric, metric)))
    log = metric in RATES and any(value > 0 for one in shown for value in one.metrics[metric])
    snr_db = [snr for one in shown for snr in one.snr_db]
    with matplotlib.rc_context(SETTINGS):
        figure = blank(2.3 + _legend_height(len(shown)))
        axes = figure.subplots()
        for one in shown:
            y, error = (scale * np.array(values) for values in (one.metrics[metric], bars(one, metric)))
            drawn = axes.errorbar(one.snr_db, np.where(y > 0, y, np.nan) if log else y, error)
            _dress(drawn, chosen[one.system])
            drawn.set_label(one.system)
        axes.set(xlabel=AXES.get(snr_kind(shown[0]), AXES["rx"]), ylabel=label)
        axes.set_xlim(*_margins(min(snr_db), max(snr_db)))
        if log:
            axes.set(yscale="log", ylim=_decades([value for one in shown for value in one.metrics[metric]]))
            _plain(axes.yaxis)
        _legend(figure, [one.system for one in shown])
    return figure


def against_ratio(
    results: Sequence[Results], metric: str, chosen: Mapping[str, Look], snr_db: Sequence[float]
) -> Figure:
    """One metric of all systems over what they take of the air, at up to three SNRs [dB] that all were sent at."""
    shown = [one for one in results if metric in one.metrics and "bandwidth_ratio" in one.payload]
    ratios, fills = [float(one.payload["bandwidth_ratio"]) for one in shown], FILLS[-len(snr_db) :]
    with matplotlib.rc_context(SETTINGS):
        figure = blank(2.3 + _legend_height(2 * max(len(shown), len(snr_db))))
        axes = figure.subplots()
        for one, x in zip(shown, ratios, strict=True):
            look, points = chosen[one.system], []
            for snr, kind in zip(snr_db, fills, strict=True):
                i = one.snr_db.index(snr)
                points.append(one.metrics[metric][i])
                _dress(axes.errorbar(x, points[-1], bars(one, metric)[i]), look, kind)
            axes.plot([x, x], [min(points), max(points)], color=look.colour, lw=0.8)
        axes.set(xlabel="bandwidth ratio, pilots included", ylabel=LABELS.get(metric, metric), xscale="log")
        _plain(axes.xaxis, minor=max(ratios) < 10 * min(ratios))
        axes.margins(x=0.12)
        systems = [_handle(chosen[one.system], one.system) for one in shown]
        levels = [_handle(SNR_LOOK, f"{snr:g} dB", kind) for snr, kind in zip(snr_db, fills, strict=True)]
        empty = [Line2D([], [], linestyle="none", label=" ")] * abs(len(systems) - len(levels))
        columns = systems + empty + levels if len(systems) < len(levels) else systems + levels + empty
        figure.legend(handles=columns, loc="outside upper center", ncols=2)
    return figure


def _dress(drawn: ErrorbarContainer, look: Look, kind: Fill = "full") -> None:
    """A line with bars in the look of its system."""
    line, caps, stems = drawn
    line.set(marker=look.marker, linestyle=look.dashes, fillstyle=kind, markerfacecoloralt="none")
    for part in (line, *caps, *stems):
        part.set_color(look.colour)
    for cap in caps:
        cap.set_markeredgecolor(look.colour)


def _handle(look: Look, label: str, kind: Fill = "full") -> Line2D:
    handle = Line2D([], [], marker=look.marker, color=look.colour, linestyle="none", label=label)
    handle.set(fillstyle=kind, markerfacecoloralt="none")
    return handle


def _plain(axis: Axis, minor: bool = False) -> None:
    axis.set_major_formatter(PLAIN)
    axis.set_minor_formatter(PLAIN if minor else NullFormatter())


def _decades(rates: Sequence[float]) -> tuple[float, float]:
    """Limits of a logarithmic axis, from a power of ten on."""
    there = [rate for rate in rates if rate > 0]
    return 10.0 ** floor(log10(min(there)) - 0.01), 1.5 * max(there)


def _margins(low: float, high: float) -> tuple[float, float]:
    space = 0.04 * (high - low) or 1.0
    return low - space, high + space


def _legend(figure: Figure, names: Sequence[str]) -> None:
    if len(names) > 1:
        figure.legend(loc="outside upper center", ncols=2)
    else:
        figure.suptitle(names[0], fontsize=8)


def _legend_height(entries: int) -> float:
    return 0.16 * -(-entries // 2)
