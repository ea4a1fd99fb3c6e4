"""What a stage shows: a picture as it is, words with their damage, or a drawing; each on paper and as HTML."""

import base64
import html
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from io import BytesIO
from itertools import groupby

import matplotlib
import torch
from jaxtyping import Float
from matplotlib.figure import Figure, FigureBase
from PIL import Image
from torch import Tensor

from semjscc.stages.theme import DARK, LIGHT, Theme

Draw = Callable[[FigureBase, Theme], None]
Glyph = tuple[str, bool]  # a character, and whether it is damaged
COLUMNS = 52  # characters in a line of a sheet
DPI = 150


class Content(ABC):
    """Something to look at."""

    @property
    @abstractmethod
    def height(self) -> float:
        """Of its drawing on a sheet [inches]."""

    @abstractmethod
    def draw(self, figure: FigureBase, theme: Theme) -> None:
        """Into an empty figure, or a part of one."""

    @abstractmethod
    def html(self, alt: str) -> str:
        """The same as an element that needs no other file; ``alt`` says it in words where it is a picture."""


@dataclass(frozen=True)
class Photo(Content):
    """A picture, pixel for pixel."""

    image: Float[Tensor, "3 height width"]
    height: float = 3.6

    def draw(self, figure: FigureBase, theme: Theme) -> None:
        axes = figure.subplots()
        axes.imshow(self._pixels(), interpolation="nearest")
        axes.set_axis_off()

    def html(self, alt: str) -> str:
        file = BytesIO()
        Image.fromarray(self._pixels()).save(file, "PNG")
        return f'<img class=photo src="{_uri(file)}" alt="{html.escape(alt)}">'

    def _pixels(self):
        return (self.image.clamp(0, 1) * 255).round().to(torch.uint8).movedim(0, -1).cpu().numpy()


@dataclass(frozen=True)
class Words(Content):
    """Text, its damaged characters marked."""

    glyphs: list[Glyph]

    @property
    def height(self) -> float:
        return 0.25 * (len(self._lines()) + 1)

    def draw(self, figure: FigureBase, theme: Theme) -> None:
        axes, lines = figure.subplots(), self._lines()
        axes.set(xlim=(0, COLUMNS), ylim=(len(lines), -1))
        axes.set_axis_off()
        for row, line in enumerate(lines):
            for column, (glyph, damaged) in enumerate(line):
                text = axes.text(column + 0.5, row, glyph, family="monospace", fontsize=12, ha="center", va="center")
                text.set(parse_math=False, in_layout=False, color=theme.paper if damaged else theme.ink)
                if damaged:
                    text.set_bbox({"facecolor": theme.wrong, "edgecolor": "none", "pad": 1})

    def html(self, alt: str) -> str:
        runs = [(damaged, "".join(c for c, _ in run)) for damaged, run in groupby(self.glyphs, key=lambda one: one[1])]
        marked = (f"<mark>{html.escape(text)}</mark>" if damaged else html.escape(text) for damaged, text in runs)
        return f"<p class=words>{''.join(marked) or '<em>nothing</em>'}</p>"

    def _lines(self) -> list[list[Glyph]]:
        """Broken behind blanks, and within words that fill more than a line."""
        lines: list[list[Glyph]] = [[]]
        for word in _words(self.glyphs):
            if lines[-1] and len(lines[-1]) + len(word) - (word[-1][0] == " ") > COLUMNS:
                lines.append([])
            while len(word) > COLUMNS:
                lines[-1], word = [*lines[-1], *word[:COLUMNS]], word[COLUMNS:]
                lines.append([])
            lines[-1] += word
        return lines


@dataclass(frozen=True)
class Drawing(Content):
    """A drawing, of which a page holds a light and a dark one."""

    sketch: Draw
    height: float = 3.0
    width: float = 6.0

    def draw(self, figure: FigureBase, theme: Theme) -> None:
        self.sketch(figure, theme)

    def html(self, alt: str) -> str:
        light, dark = (_uri(self._png(theme)) for theme in (LIGHT, DARK))
        dark_one = f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        return f'<picture>{dark_one}<img src="{light}" alt="{html.escape(alt)}"></picture>'

    def _png(self, theme: Theme) -> BytesIO:
        file = BytesIO()
        with matplotlib.rc_context(theme.settings):
            figure = Figure((self.width, self.height), layout="constrained")
            self.sketch(figure, theme)
            figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
        return file


def compared(sent: str, heard: str) -> tuple[list[Glyph], list[Glyph]]:
    """Both texts: what of the first was not heard, and what of the second was not said, is damaged.

    Texts of one length are compared place by place; of others, as much as can be is found again in its order.
    """
    if len(sent) == len(heard):
        same = [(i, i, 1) for i, (a, b) in enumerate(zip(sent, heard, strict=True)) if a == b]
    else:
        blocks = SequenceMatcher(None, sent, heard, autojunk=False).get_matching_blocks()
        same = [(block.a, block.b, block.size) for block in blocks]
    said = {start + i for start, _, size in same for i in range(size)}
    found = {start + i for _, start, size in same for i in range(size)}
    return _glyphs(sent, said), _glyphs(heard, found)


def _glyphs(text: str, whole: set[int]) -> list[Glyph]:
    square = "\N{WHITE SQUARE}"
    return [(c if c.isprintable() else square, i not in whole) for i, c in enumerate(text)]


def _words(glyphs: list[Glyph]) -> list[list[Glyph]]:
    """Each with the blanks behind it."""
    words: list[list[Glyph]] = []
    for i, glyph in enumerate(glyphs):
        if i == 0 or (glyphs[i - 1][0] == " " != glyph[0]):
            words.append([])
        words[-1].append(glyph)
    return words


def _uri(file: BytesIO) -> str:
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
