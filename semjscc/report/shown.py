"""The pictures that lie beside a results file, one by one: SYSTEM.parquet has a row for each picture at each SNR.

Of its columns, ``sent_png`` and ``delivered_png`` are there for the pictures of the gallery alone.
"""

import io
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from semjscc.evaluation import Exhibit

COLUMNS = ("image", "snr_db", "sent", "heard", "sent_png", "delivered_png")


def load(path: Path) -> tuple[list[float], list[Exhibit]]:
    """The SNRs [dB] at which all pictures of the gallery were delivered, and the gallery; empty where there is none.

    Raises:
        ValueError, OSError, KeyError: the file is damaged (pyarrow's own errors are such, too), or a picture in it.
    """
    there = set(pq.read_schema(path).names)
    if not {"sent_png", "delivered_png"} <= there:
        return [], []
    table = pq.read_table(path, columns=[name for name in COLUMNS if name in there]).to_pylist()
    rows = sorted((row for row in table if row["delivered_png"]), key=lambda row: (row["image"], row["snr_db"]))
    images = [{row["snr_db"]: row for row in some} for _, some in groupby(rows, key=lambda row: row["image"])]
    snr_db = sorted(set.intersection(*map(set, images))) if images else []
    return snr_db, [_exhibit([row[snr] for snr in snr_db]) for row in images] if snr_db else []


def _exhibit(points: list[dict[str, Any]]) -> Exhibit:
    heard = [point.get("heard") or "" for point in points]
    delivered = [_picture(point["delivered_png"]) for point in points]
    return Exhibit(_picture(points[0]["sent_png"]), points[0].get("sent") or "", delivered, heard)


def _picture(content: bytes) -> Tensor:
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        return pil_to_tensor(image.convert("RGB")) / 255
