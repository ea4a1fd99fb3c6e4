"""Exhibits on a disk: the pictures of a gallery one by one, from which a page can show any SNR.

Beside SYSTEM.json lies a folder SYSTEM.exhibits: exhibits.json has the SNRs and all texts, and of picture 0 there are
0-sent.webp and, at -2 dB, 0_-2dB.webp, without loss.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image, to_tensor

from semjscc.evaluation import Exhibit
from semjscc.results import ResultsError, write

NAME = "exhibits.json"


def folder_of(results: Path) -> Path:
    """Where the exhibits of a results file lie."""
    return results.with_suffix(".exhibits")


def save(exhibits: Sequence[Exhibit], snr_db: Sequence[float], folder: Path) -> None:
    """Writes the pictures, and at last what says that they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).unlink(missing_ok=True)
    for i, exhibit in enumerate(exhibits):
        _write(exhibit.sent, folder / f"{i}-sent.webp")
        for snr, image in zip(snr_db, exhibit.delivered, strict=True):
            _write(image, folder / f"{i}_{snr:g}dB.webp")
    texts = [{"caption": one.caption, "heard": one.heard} for one in exhibits]
    write(folder / NAME, {"snr_db": list(map(float, snr_db)), "exhibits": texts})


def load(folder: Path) -> tuple[list[float], list[Exhibit]]:
    """The SNRs [dB] and the exhibits.

    Raises:
        ResultsError: naming what is missing or damaged.
    """
    try:
        kept = json.loads((folder / NAME).read_text())
        snr_db = list(map(float, kept["snr_db"]))
        if any(low >= high for low, high in pairwise(snr_db)):
            raise ValueError("the SNRs do not rise")
        return snr_db, [_exhibit(i, texts, snr_db, folder) for i, texts in enumerate(kept["exhibits"])]
    except (KeyError, TypeError, ValueError, OSError, RecursionError, Image.DecompressionBombError) as error:
        raise ResultsError(f"{folder} does not hold exhibits as evaluate.py writes them: {error!r}") from error


def _exhibit(i: int, texts: dict, snr_db: list[float], folder: Path) -> Exhibit:
    heard = list(map(str, texts["heard"]))
    if len(heard) != len(snr_db):
        raise ValueError(f"{len(heard)} texts for {len(snr_db)} SNRs")
    delivered = [_read(folder / f"{i}_{snr:g}dB.webp") for snr in snr_db]
    return Exhibit(_read(folder / f"{i}-sent.webp"), str(texts["caption"]), delivered, heard)


def _write(image: Tensor, path: Path) -> None:
    to_pil_image(image.clamp(0, 1)).save(path, lossless=True, method=4)


def _read(path: Path) -> Tensor:
    with Image.open(path, formats=["WEBP"]) as image:
        return to_tensor(image.convert("RGB"))
