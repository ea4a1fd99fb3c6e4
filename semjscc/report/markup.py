"""Pieces of HTML, each safe for any text."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from semjscc.plots import printable


@dataclass(frozen=True)
class Table:
    """A caption, a head, and rows of which the first cell is the row's name."""

    caption: str
    head: list[str]
    rows: list[list[str]]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.head):
                raise ValueError(f"{self.caption}: a row of {len(row)} cells under a head of {len(self.head)}")

    def html(self) -> str:
        """In a frame that scrolls where the table is wider than the page, by keys as well."""
        caption = escaped(self.caption)
        head = "".join(f'<th scope="col">{escaped(cell)}</th>' for cell in self.head)
        rows = "".join(map(_row, self.rows))
        return (
            f'<div class="wide" role="region" aria-label="{caption}" tabindex="0"><table><caption>{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def markdown(self) -> str:
        """Without the caption, which Markdown has no place for."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def _row(cells: list[str]) -> str:
    name, *values = map(escaped, cells)
    return f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{value}</td>" for value in values) + "</tr>"


def escaped(text: str) -> str:
    """Text as it is, what cannot be shown as white squares."""
    return html.escape(printable(text))


def slug(*names: str) -> str:
    """An id for a part of the page, the same for the same names."""
    words = "-".join(names).lower()
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in words)


def paragraphs(texts: Sequence[str], kind: str = "") -> str:
    """A paragraph for each text."""
    attribute = f' class="{kind}"' if kind else ""
    return "".join(f"<p{attribute}>{escaped(text)}</p>" for text in texts)


def details(summary: str, content: str) -> str:
    """What is shown on demand."""
    return f"<details><summary>{escaped(summary)}</summary>{content}</details>"
