"""Sends one picture and shows what happens to it, stage by stage: PICTURE is a file, or DATA:NUMBER.

    python send.py holiday.jpg --system jpeg-ofdm
    python send.py scenes:12 --system llm-ofdm --snr_db 2.5 --open
    python send.py photos:3 --system avif-awgn --snr_db 1 --seed 7

Everything shown is what this one transmission carried, noted while it ran: the same that evaluate.py measures of this
picture with the same seed. Writes OUT/PICTURE_SYSTEM_SNRdB.html, which holds all it needs, and a PNG beside it.
"""

import argparse
import math
import os
import re
import sys
import webbrowser
from pathlib import Path
from typing import Any

from evaluate import writable
from semjscc import __version__, config
from semjscc.config import ConfigError
from semjscc.data.base import ImageSource, Picture
from semjscc.data.batches import group_of
from semjscc.data.folder import read_picture
from semjscc.observation import transmit
from semjscc.rng import PerImage
from semjscc.stages.figures import key_figures, measured
from semjscc.stages.page import page, sheet
from semjscc.stages.story import story
from semjscc.systems.base import System
from semjscc.types import Pictures
from semjscc.units import SNR_DEFINITIONS

LEAD = (
    "Down on the left as it is sent, across the air at the bottom, up on the right as it is received: "
    "all of it is what this one transmission carried."
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="send.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    p.add_argument("picture", metavar="PICTURE", help=f"a file, or DATA:NUMBER of {', '.join(config.names('data'))}")
    p.add_argument("--system", required=True, help=f"{', '.join(config.names('systems'))}, or a YAML file")
    p.add_argument("--snr_db", default="3", metavar="DB", help="received Es/N0 per antenna [dB] (default 3)")
    p.add_argument("--seed", type=int, default=0, help="of fades, noise and paintings (default 0)")
    p.add_argument(
        "--size", type=int, default=512, metavar="N", help="files are shrunk to N pixels a side (default 512)"
    )
    p.add_argument("--out", type=Path, default=Path("out/send"), help="folder for the page (default out/send)")
    p.add_argument("--open", action="store_true", help="open the page in a browser")
    return p


def operating_point(words: str) -> float:
    """An SNR [dB]."""
    try:
        snr_db = float(words)
    except ValueError:
        snr_db = math.nan
    if not math.isfinite(snr_db):
        raise ConfigError(f"--snr_db takes a number in dB, for example --snr_db 3, not {words.strip()!r}")
    return snr_db


def find(words: str, size: int) -> tuple[ImageSource | list[Picture], int, str]:
    """Where PICTURE comes from, its number there, and its name among files."""
    path = Path(words).expanduser()
    if path.is_file():
        return [from_file(path, size)], 0, path.stem
    data, _, number = words.rpartition(":")
    if not data or not number.isdecimal():
        hint = f"{words}:0" if words in config.names("data") else "scenes:12"
        raise ConfigError(f"there is no picture {words}: give a file, or the number of one of a data set, as in {hint}")
    file = config.find("data", data)
    source = config.build(file, {"source": ImageSource, "metrics": list[dict[str, Any]]})["source"]
    if int(number) >= len(source):
        raise ConfigError(f"{data} has pictures 0 to {len(source) - 1}, not {number}")
    return source, int(number), f"{file.stem}-{number}"


def from_file(path: Path, size: int) -> Picture:
    """The picture in a file, shrunk to ``size`` pixels a side where it is larger."""
    if size < 1:
        raise ConfigError(f"--size takes a number of pixels, at least 1, not {size}")
    try:
        image = read_picture(path)
        share = size / max(image.shape[1:])
        if share < 1:
            height, width = (max(1, round(share * side)) for side in image.shape[1:])
            image = read_picture(path, (height, width))
    except Exception as error:  # whatever Pillow's readers raise
        raise ConfigError(f"{path} is not a picture that can be read: {error}") from error
    return Picture(image, path.name)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line."""
    words = sys.argv[1:] if arguments is None else arguments
    args = parser().parse_args([f" {word}" if re.match(r"-\.?\d", word) else word for word in words])
    snr_db = operating_point(args.snr_db)
    file = config.find("systems", args.system)
    source, number, slug = find(args.picture, args.size)
    stem = writable(args.out) / f"{slug}_{file.stem}_{snr_db:g}dB"
    system = config.build(file, {"system": System})["system"]
    indices, pictures, row = group_of(source, number, system.users)
    rng = PerImage([(args.seed, index) for index in indices], (round(1000 * snr_db),))
    seen = transmit(system, pictures.images, snr_db, rng, row)
    name = pictures.names[row]
    figures = measured(seen, name)
    keys, stages = key_figures(seen, snr_db, figures), story(system, seen, figures, name)
    title = f"{name} over {file.stem} at {snr_db:g} dB"
    lead = f"{LEAD} SNR is {SNR_DEFINITIONS[system.snr]}.{company(indices, pictures, row)}"
    foot = f"semjscc {__version__}, {' '.join(['send.py', *map(str.strip, words)])}"
    Path(f"{stem}.html").write_text(page(title, lead, keys, stages, foot), encoding="utf-8")
    sheet(title, keys, stages, Path(f"{stem}.png"))
    print(
        f"{title}: {', '.join(f'{key} {value}' for key, value in keys.items())}\npage   {stem}.html\nfigure {stem}.png"
    )
    if args.open:
        webbrowser.open(Path(f"{stem}.html").resolve().as_uri())


def company(indices: list[int], pictures: Pictures, row: int) -> str:
    """Who else shares the air, where somebody does."""
    if len(indices) == 1:
        return ""
    others = [name for i, name in enumerate(pictures.names) if i != row]
    same = set(others) == {pictures.names[row]}
    return (
        f" {len(indices)} users share the air; what is shown is heard by user {row} (0 to {len(indices) - 1}). "
        f"The others are sent {'the same picture' if same else ', '.join(others)}."
    )


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"send.py: {' '.join(str(error).split())}")
    except KeyboardInterrupt:
        sys.exit("send.py: interrupted")
