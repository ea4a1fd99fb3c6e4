"""How figures look: one column of a paper wide, in colours that the colour-blind tell apart, readable without any."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure

COLUMN = 3.45  # [in], of a page in two columns
DPI = 300
INK = "#000000"
PALETTE = {  # M. Okabe and K. Ito, "Color Universal Design", 2008, the darkest first; their yellow is lost on paper
    "blue": "#0072b2",
    "vermillion": "#d55e00",
    "green": "#009e73",
    "ink": INK,
    "purple": "#cc79a7",
    "orange": "#e69f00",
    "sky": "#56b4e9",
}
MARKERS = "os^Dv*PXp"  # nine, and seven colours: no two of 63 lines have both in common
DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
SETTINGS: dict[Any, Any] = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.4,
    "grid.alpha": 0.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "errorbar.capsize": 1.5,
    "text.parse_math": False,  # names may have dollars in them
    "pdf.fonttype": 42,  # TrueType: what IEEE and ACM take
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "semjscc",
}


@dataclass(frozen=True)
class Look:
    """Colour, marker and dashes of a line."""

    colour: str
    marker: str
    dashes: Any


def looks(names: Iterable[str]) -> dict[str, Look]:
    """A look for each name, in their order; two of the first 63 differ in colour or marker, neighbours in all three."""
    colours, unique = list(PALETTE.values()), dict.fromkeys(names)
    return {
        name: Look(colours[i % len(colours)], MARKERS[i % len(MARKERS)], DASHES[i % len(DASHES)])
        for i, name in enumerate(unique)
    }


def blank(height: float = 2.5, width: float = COLUMN) -> Figure:
    """A figure of ``width`` by ``height`` [in], to be drawn on under :data:`SETTINGS`."""
    return Figure((width, height), layout="constrained")


def settle(figure: Figure) -> None:
    """Lays the figure out once and for all: it may then be written in several formats at little cost."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def write(figure: Figure, stem: Path) -> list[Path]:
    """``stem``.png and ``stem``.pdf, the same bytes from the same figures."""
    with matplotlib.rc_context(SETTINGS):
        settle(figure)
        paths = [stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "pdf")]
        figure.savefig(paths[0], dpi=DPI, metadata={"Software": None})
        figure.savefig(paths[1], metadata={"CreationDate": None})
    return paths
