"""Drawings of what flows: bits, symbols, LLRs."""

import math

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float
from matplotlib.colors import to_rgb
from matplotlib.figure import FigureBase
from torch import Tensor

from semjscc.stages.contents import Draw
from semjscc.stages.theme import Theme

MOST_SYMBOLS = 8192  # in a constellation
LABELLED = 16  # points of a constellation that still have room for their labels


def raster(
    bits: Float[Tensor, " bits"],
    content: int,
    wrong: Bool[Tensor, " bits"],
    lost: Bool[Tensor, " blocks"] | None = None,
) -> Draw:
    """Bits in rows, from the top left, with those that are wrong in another colour, and pale from ``content`` on; below
    them, a field for each of ``lost``.
    """
    columns = 8 * max(1, math.ceil(math.sqrt(2.8 * len(bits)) / 8))
    kind = torch.where(wrong, 2, bits.long()).cpu().numpy()
    alpha = np.where((np.arange(len(bits)) < content) | (kind == 2), 1.0, 0.35)

    def draw(figure: FigureBase, theme: Theme) -> None:
        colours = np.array([to_rgb(theme.zero), to_rgb(theme.one), to_rgb(theme.wrong)])
        ratios = [8] if lost is None else [8, 1]
        above, *below = np.atleast_1d(figure.subplots(len(ratios), height_ratios=ratios))
        _fields(above, colours[kind], alpha, columns)
        if lost is not None:
            blocks = colours[np.where(lost.cpu(), 2, 1)]
            _fields(below[0], blocks, np.ones(len(blocks)), min(len(blocks), 64), gap=len(blocks) <= 256)
            below[0].set_xlabel("code blocks, first to last")

    return draw


def _fields(axes, colours: np.ndarray, alpha: np.ndarray, columns: int, gap: bool = False) -> None:
    rows = -(-len(colours) // columns)
    fields = np.zeros((rows * columns, 4))
    fields[: len(colours)] = np.concatenate([colours, alpha[:, None]], 1)
    axes.imshow(fields.reshape(rows, columns, 4), interpolation="nearest", aspect="auto")
    if gap:
        axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="gray", lw=0.4, alpha=0.5)
    axes.tick_params(which="both", length=0)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def constellation(
    symbols: Complex[Tensor, " symbols"],
    sent: Complex[Tensor, " symbols"],
    points: Complex[Tensor, " points"] | None,
) -> Draw:
    """``symbols`` in the colours of the phases of ``sent``, and the points that there are.

    The axes end where 99 of 100 symbols lie.
    """
    x, s = (one[:MOST_SYMBOLS].cpu().numpy() for one in (symbols, sent))
    edge = 1.35 if points is not None and len(points) <= LABELLED else 1.1
    reach = edge * max(np.quantile(np.abs([x.real, x.imag]).max(0), 0.99), np.abs([s.real, s.imag]).max())

    def draw(figure: FigureBase, theme: Theme) -> None:
        axes = figure.subplots()
        few = np.array_equal(x, s) and points is not None and len(points) <= 64
        size = 50 if few else 5 if len(x) > 500 else 20
        axes.axhline(0, color=theme.muted, lw=0.5)
        axes.axvline(0, color=theme.muted, lw=0.5)
        axes.scatter(x.real, x.imag, s=size, c=theme.hues(np.angle(s)), alpha=1 if few else 0.55, lw=0)
        if points is not None and len(points) <= 1024:
            _targets(axes, points.cpu().numpy(), theme, labels=few)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="in phase", ylabel="quadrature")

    return draw


def _targets(axes, points: np.ndarray, theme: Theme, labels: bool) -> None:
    if len(points) > 64:
        axes.scatter(points.real, points.imag, s=3, c=theme.muted, alpha=0.35, lw=0, zorder=0)
    elif not labels:
        axes.scatter(points.real, points.imag, s=60, marker="+", c=theme.ink, lw=1.0)
    elif len(points) <= LABELLED:
        width = len(points).bit_length() - 1
        for i, point in enumerate(points):
            at = (point.real, point.imag)
            axes.annotate(f"{i:0{width}b}", at, (0, 7), textcoords="offset points", ha="center", color=theme.ink)


def logits(llrs: Float[Tensor, "blocks n"], coded: Float[Tensor, "blocks n"]) -> Draw:
    """How often each LLR came for coded bits that were sent as 0 and as 1; the outermost fiftieth is at the edges."""
    values, ones = llrs.flatten().cpu().double().numpy(), coded.flatten().cpu().numpy() > 0.5
    finite = values[np.isfinite(values)]
    reach = max(1e-6, np.quantile(np.abs(finite), 0.98)) if finite.size else 1.0

    def draw(figure: FigureBase, theme: Theme) -> None:
        axes, bins = figure.subplots(), np.linspace(-reach, reach, 61).tolist()
        for sent, colour, label in ((~ones, theme.muted, "sent as 0"), (ones, theme.one, "sent as 1")):
            kept = values[sent].clip(-reach, reach)
            axes.hist(kept, bins, color=colour, alpha=0.6, label=label)
        axes.axvline(0, color=theme.wrong, lw=1.2)
        axes.set(xlabel="LLR, log P(1)/P(0)", ylabel="coded bits")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="upper right")

    return draw
