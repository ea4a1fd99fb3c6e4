"""All stages of one transmission on one page, and on one sheet: the sender's on the left, the receiver's across."""

import html
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import matplotlib
from matplotlib.figure import Figure, FigureBase

from semjscc.stages.panels import Panel, Stage
from semjscc.stages.theme import LIGHT

STYLE = """
:root { color-scheme: light dark; --ink: #1d1d22; --soft: #5d5d69; --paper: #f4f5f8; --card: #fff }
:root { --line: #dcdde5; --wrong: #c2410c }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8ee; --soft: #a4a4b2; --paper: #131317; --card: #1f1f25; --line: #363640; --wrong: #ff8a4c }
}
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .3rem }
h2 { font-size: .78rem; letter-spacing: .09em; text-transform: uppercase; color: var(--soft); margin: 1.6rem 0 .5rem }
h3 { font-size: 1.05rem; margin: 0 }
p { margin: 0 }
.lead, .what { color: var(--soft) }
.what { font-size: .9rem; margin: .15rem 0 .7rem }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .6rem; margin: 1.2rem 0 0 }
dl div, .panel { background: var(--card); border: 1px solid var(--line); border-radius: 10px }
dl div { padding: .5rem .8rem }
dt { font-size: .78rem; color: var(--soft) }
dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums }
.stage { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 0 1rem }
.panel { padding: 1rem; min-width: 0; margin: 0 0 1rem; display: grid; grid-template-rows: subgrid; grid-row: span 3 }
.panel img { display: block; width: 100% }
.panel img.photo { width: min(100%, 22rem); margin: 0 auto; image-rendering: pixelated; border-radius: 4px }
.words { font: 1rem/1.7 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap }
mark { background: var(--wrong); color: var(--card); border-radius: 2px; padding: 0 1px; text-decoration: underline }
footer { margin-top: 2rem; font-size: .85rem; color: var(--soft) }
"""
DPI = 110  # of a sheet
HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'


def page(title: str, lead: str, figures: dict[str, str], stages: Sequence[Stage], foot: str) -> str:
    """One HTML document that holds everything itself."""
    title, lead, foot = map(html.escape, (title, lead, foot))
    tiles = [f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in figures.items()]
    return (
        f"{HEAD}<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1><p class=lead>{lead}</p>"
        f"<dl>{''.join(tiles)}</dl>{''.join(map(_stage, stages))}<footer>{foot}</footer></body></html>\n"
    )


def _stage(stage: Stage) -> str:
    panels = "".join(map(_panel, stage.panels))
    return f"\n<h2>{html.escape(stage.name)}</h2><section class=stage>{panels}</section>"


def _panel(panel: Panel) -> str:
    words = f"<h3>{html.escape(panel.title)}</h3><p class=what>{html.escape(panel.words)}</p>"
    return f"<article class=panel>{words}{panel.content.html(panel.alt)}</article>"


def sheet(title: str, figures: dict[str, str], stages: Sequence[Stage], path: Path) -> None:
    """The same as one picture."""
    heights = [max(panel.content.height for panel in stage.panels) + 0.65 for stage in stages]
    with matplotlib.rc_context(LIGHT.settings | {"savefig.facecolor": LIGHT.paper}):
        figure = Figure((13, sum(heights) + 1.0), layout="constrained")
        keys = "    ".join(f"{name} {value}" for name, value in figures.items())
        figure.suptitle(f"{title}\n{fill(keys, 130)}", fontsize=11, parse_math=False)
        for row, stage in zip(_parts(figure.subfigures(len(stages), 1, height_ratios=heights)), stages, strict=True):
            for part, panel in zip(_parts(row.subfigures(1, len(stage.panels))), stage.panels, strict=True):
                width = 82 * 2 // len(stage.panels)
                part.suptitle(f"{panel.title}\n{fill(panel.words, width)}", fontsize=8.5, parse_math=False)
                panel.content.draw(part, LIGHT)
        figure.savefig(path, dpi=DPI, metadata={"Software": None})


def _parts(found) -> list[FigureBase]:
    """Of one part or an array of them, a list."""
    return [found] if isinstance(found, FigureBase) else list(found)
