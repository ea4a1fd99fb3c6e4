"""The pictures of a gallery, and the PNGs that they are kept in."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from semjscc.rows import Rows, from_bytes, where

EXHIBITS = 4  # pictures of a gallery


@dataclass
class Exhibit:
    """One picture of the gallery: what was sent, and what was heard and delivered at each SNR."""

    sent: Float[Tensor, "3 height width"]
    caption: str = ""
    delivered: list[Tensor] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)


def hung(rows: Rows, snr_db: Sequence[float], exhibits: int = EXHIBITS) -> list[Exhibit]:
    """The gallery of the first pictures, from rows of all ``snr_db``."""
    found = []
    for image in sorted(set(rows["image"]))[:exhibits]:
        points = where(rows, "image", [image])
        at = {snr: i for i, snr in enumerate(points["snr_db"])}
        order = [at[snr] for snr in snr_db]
        said, heard = (points.get(name, [None] * len(at)) for name in ("sent", "heard"))
        delivered = [from_png(points["delivered_png"][i]) for i in order]
        sent = from_png(points["sent_png"][order[0]])
        found.append(Exhibit(sent, said[order[0]] or "", delivered, [heard[i] or "" for i in order]))
    return found


def kept(path: Path) -> tuple[list[float], list[Exhibit]]:
    """The gallery that a file of rows holds, and the SNRs [dB] that all of it was delivered at; empty without pictures.

    Raises:
        ValueError, OSError: the file is damaged, or a picture in it.
    """
    rows, _ = from_bytes(path.read_bytes())
    shown = [i for i, png in enumerate(rows.get("delivered_png", [])) if png]
    pictured = {name: [column[i] for i in shown] for name, column in rows.items()}
    points = [set(where(pictured, "image", [image])["snr_db"]) for image in set(pictured["image"])]
    snr_db = sorted(set.intersection(*points)) if points else []
    return snr_db, hung(pictured, snr_db, len(points)) if snr_db else []


def to_png(image: Float[Tensor, "3 height width"]) -> bytes:
    """A picture in [0, 1], rounded to 8 bits."""
    file = io.BytesIO()
    to_pil_image((image.cpu().clamp(0, 1) * 255).round().byte()).save(file, "PNG")
    return file.getvalue()


def from_png(content: bytes) -> Float[Tensor, "3 height width"]:
    """The picture in [0, 1]."""
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).movedim(-1, 0) / 255
