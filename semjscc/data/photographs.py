"""Photographs to train on, from four Debian packages: ``python -m semjscc.data.photographs`` lays them into a folder.

photographs.csv names the 47 that are photographs, not artwork, each with its author, its licence and its split. The
packages come through apt-get, 180 MB in all, nothing is installed, and root is not needed. Every picture is brought to
about 600 pixels in height or width, whichever is less, by a whole factor of 2 to 4, and kept as a PNG.
"""

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from tqdm import tqdm

from semjscc.data.downloads import MissingData, home
from semjscc.data.folder import Folder

COMMAND = "python -m semjscc.data.photographs"
SHORT_SIDE = 600  # [pixels]
REDUCTIONS = (2, 4)  # least and most


class Photograph(NamedTuple):
    """A line of photographs.csv."""

    split: str
    package: str
    file: str
    author: str
    licence: str

    @property
    def name(self) -> str:
        """Of the PNG: the file's own, or its wallpaper's where every file is called by its size."""
        path = Path(self.file)
        return path.parts[-4] if "contents" in path.parts else path.stem


def photographs(
    split: Literal["train", "val", "test"] = "test", root: str | None = None, size: tuple[int, int] | None = None
) -> Folder:
    """The photographs of one split, laid out beforehand, without captions.

    Args:
        split: 35 to train on, 4 to watch a training with, 8 to judge by.
        root: folder they were laid into; see :func:`semjscc.data.downloads.home`.
        size: (height, width) as in :class:`~semjscc.data.folder.Folder`.

    Raises:
        MissingData: they have not been laid out.
    """
    folder = home("photographs", root) / split
    if not folder.is_dir():
        raise MissingData(f"no photographs in {folder}: lay them out with `{COMMAND}`")
    return Folder(str(folder), size)


def listed() -> list[Photograph]:
    """What photographs.csv holds."""
    with Path(__file__).with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        return [Photograph(**row) for row in csv.DictReader(file)]


def reduced(picture: Image.Image) -> Image.Image:
    """The picture in RGB, smaller by the whole factor that brings its shorter side nearest to ``SHORT_SIDE``."""
    least, most = REDUCTIONS
    factor = max(least, min(most, round(min(picture.size) / SHORT_SIDE)))
    size = (picture.width // factor, picture.height // factor)
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def unpacked(packages: set[str], folder: Path) -> None:
    """Fetches Debian packages and unpacks all of them into ``folder``."""
    with tempfile.TemporaryDirectory() as debs:
        subprocess.run(
            ["apt-get", "-o", "APT::Sandbox::User=root", "download", *sorted(packages)], cwd=debs, check=True
        )
        for deb in Path(debs).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(deb), str(folder)], check=True)


def lay_out(photographs: list[Photograph], files: Path, out: Path) -> Iterator[str]:
    """Writes each photograph found below ``files`` to ``out/<split>/<name>.png``, and yields those that are missing."""
    for photograph in tqdm(photographs, unit="picture"):
        if not (source := files / photograph.file).is_file():
            yield photograph.file
            continue
        target = out / photograph.split / f"{photograph.name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(source) as picture:
            reduced(picture).save(target)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line."""
    p = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path, default=home("photographs"), help="folder for train/, val/ and test/")
    out = p.parse_args(arguments).out.expanduser()
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            sys.exit(f"{COMMAND}: {tool} is not here; the photographs come from Debian's packages")
    photographs = listed()
    with tempfile.TemporaryDirectory() as files:
        try:
            unpacked({photograph.package for photograph in photographs}, Path(files))
        except subprocess.CalledProcessError as error:
            sys.exit(
                f"{COMMAND}: `{' '.join(error.cmd)}` failed; is there a network, and has `apt-get update` been run?"
            )
        missing = list(lay_out(photographs, Path(files), out))
    shutil.copy(Path(__file__).with_suffix(".csv"), out / "photographs.csv")
    print(f"{len(photographs) - len(missing)} photographs in {out}; authors and licences in {out}/photographs.csv")
    for file in missing:
        print(f"this release of Debian does not have {file}", file=sys.stderr)


if __name__ == "__main__":
    main()
