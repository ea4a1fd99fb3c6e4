"""Figures and pictures inside a page: SVG that follows the page's colours, and small WebP."""

import base64
import io
import re
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from semjscc.report.markup import escaped
from semjscc.style import INK, PALETTE, SETTINGS

SIDE = 192  # [pixel] that a picture of a gallery has at most
SHEET = 1400  # [pixel] that a whole gallery is wide at most
QUALITY = 78  # of WebP


def inline(figure: Figure, name: str, alt: str) -> str:
    """An SVG element; ``name`` keeps its ids apart from those of other figures on the page."""
    text = io.StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    width, height = (f"{72 * side:g}" for side in figure.get_size_inches())
    body = text.getvalue().partition("</defs>")[2].rpartition("</svg>")[0]
    return (
        f'<svg class="chart" role="img" aria-label="{escaped(alt)}" viewBox="0 0 {width} {height}" '
        f'xmlns="http://www.w3.org/2000/svg">{_slim(body, name)}</svg>'
    )


def _slim(body: str, name: str) -> str:
    """What matplotlib drew, in the page's own colours and fonts, with hundredths of a point and no more."""
    for colour, value in PALETTE.items():
        body = body.replace(value, "currentColor" if value == INK else f"var(--{colour})")
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r'(id="|href="#|url\(#)', rf"\1{name}-", body).replace("xlink:href", "href")
    body = re.sub(r"; font-family: [^;\"]*", "", body)
    body = re.sub(r' (?:d|x|y|transform)="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), body)
    return re.sub(r"\s+", " ", body)


def picture(image: Tensor, alt: str) -> str:
    """An image element of a picture [3, height, width] in [0, 1], no larger than it needs to be."""
    shown = to_pil_image(image.clamp(0, 1))
    shown.thumbnail((SIDE, SIDE))
    kind = "pixels" if max(shown.size) < 128 else "photo"
    return _img(shown, alt, kind)


def sheet(path: Path, alt: str) -> str:
    """An image element of the picture in a file."""
    with Image.open(path, formats=["PNG"]) as image:
        shown = image.convert("RGB")
    shown.thumbnail((SHEET, 4 * SHEET))
    return _img(shown, alt, "sheet")


def _img(image: Image.Image, alt: str, kind: str) -> str:
    data = io.BytesIO()
    image.save(data, "WEBP", quality=QUALITY, method=4)
    source = f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"
    size = f'width="{image.width}" height="{image.height}"'
    return f'<img class="{kind}" src="{source}" alt="{escaped(alt)}" {size}>'
