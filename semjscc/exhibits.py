"""The pictures of a gallery, and the PNGs that they are kept in."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from semjscc.rows import Rows, where

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


def to_png(image: Float[Tensor, "3 height width"]) -> bytes:
    """A picture in [0, 1], rounded to 8 bits."""
    file = io.BytesIO()
    to_pil_image((image.cpu().clamp(0, 1) * 255).round().byte()).save(file, "PNG")
    return file.getvalue()


def from_png(content: bytes) -> Float[Tensor, "3 height width"]:
    """The picture in [0, 1]."""
    return torch.from_numpy(np.array(Image.open(io.BytesIO(content)))).movedim(-1, 0) / 255
