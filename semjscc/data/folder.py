"""The pictures of a folder, whatever their format, and how one picture file becomes a tensor."""

import warnings
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

from semjscc.data.base import ImageSource, Picture

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")


class Folder(ImageSource):
    """All pictures in a folder and in the folders below it, sorted by name, without captions.

    Every file is decoded once at the start, so that a broken one shows before the long work and not in it: it is
    left out and named in ``skipped``. A picture's name is its path from the folder on.

    Args:
        path: the folder
        size: (height, width) that every picture is cropped and resized to, see :func:`read_picture`; None keeps each
            picture's own size

    Raises:
        FileNotFoundError: no such folder, or no picture file in it
        ValueError: not one of its picture files can be read
    """

    def __init__(self, path: str, size: tuple[int, int] | None = None):
        self.path, self.size = Path(path), size
        self.names: list[str] = []
        self.skipped: list[str] = []
        candidates = _picture_files(self.path)
        for name in tqdm(candidates, desc=f"checking {path}", unit="picture", disable=len(candidates) <= 200):
            try:
                read_picture(self.path / name)
            except Exception as error:  # whatever Pillow's readers raise, the other pictures are still good
                self.skipped.append(f"{name}: {error}")
            else:
                self.names.append(name)
        if not self.names:
            raise ValueError(f"not one of the {len(candidates)} pictures in {path} can be read: {self.skipped[0]}")

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Picture:
        return Picture(read_picture(self.path / self.names[index], self.size), self.names[index])


def read_picture(path: Path, size: tuple[int, int] | None = None) -> Float[Tensor, "3 height width"]:
    """The picture in a file as 8-bit RGB in [0, 1].

    It is turned upright as its EXIF data say, laid over white where it is transparent, grey values fill all three
    colours, 16-bit grey is rounded to 8 bits, and of an animation the first frame is taken; colour profiles are not
    applied. With ``size`` = (height, width) its middle is cropped to that aspect and resized (Lanczos, antialiased).

    Raises ``OSError``, ``ValueError`` and others of Pillow's where the file is broken; what Pillow only warns of
    (damaged EXIF data, many pixels) is no reason to go without a picture.
    """
    with warnings.catch_warnings(action="ignore"), Image.open(path) as file:
        picture = _to_rgb(ImageOps.exif_transpose(file))
    if size is not None:
        picture = ImageOps.fit(picture, size[::-1], Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(picture)).movedim(-1, 0) / 255


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):  # Pillow itself would clip these at 255
        return Image.fromarray((np.asarray(picture) / 257).round().astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        raise ValueError("its 32-bit pixels do not say which value is white")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")


def _picture_files(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: expected one with pictures ({' '.join(EXTENSIONS)})")
    files = (file for file in folder.rglob("*") if file.suffix.lower() in EXTENSIONS and file.is_file())
    names = sorted(file.relative_to(folder).as_posix() for file in files)
    if not names:
        raise FileNotFoundError(f"there are no pictures in {folder}: expected files that end in {' '.join(EXTENSIONS)}")
    return names
