"""Which modulation, code rate and digital share a hybrid code had best take from which SNR on.

    python -m benchmarks.modes hda-awgn          # writes configs/modes/hda-awgn.yaml, some ten minutes

First, at which SNR each modulation and code rate starts to work over the system's link: from there on, no block of so
many random pictures' worth is lost. Then, at each SNR, the share of the digital layer that gives the best PSNR with the
fastest of them that work. Pictures are photographs that are neither trained on nor reported; see
``python -m semjscc.data.photographs``.
"""

import argparse
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor
from tqdm import tqdm

from semjscc import config
from semjscc.data.photographs import photographs
from semjscc.phy.mcs import MCS
from semjscc.results import ROOT
from semjscc.rng import PerImage
from semjscc.systems.base import System
from semjscc.systems.hybrid import Hybrid
from semjscc.training.jscc import psnr_db

SIDE = 256  # [pixels]
SCHEMES = [
    MCS.parse(words)
    for words in (
        "4-QAM 1/5", "4-QAM 1/4", "4-QAM 1/3", "4-QAM 2/5", "4-QAM 1/2", "4-QAM 3/5", "4-QAM 2/3",
        "16-QAM 2/5", "16-QAM 1/2", "16-QAM 3/5", "16-QAM 2/3", "64-QAM 1/2", "64-QAM 3/5", "64-QAM 2/3", "64-QAM 3/4",
        "256-QAM 2/3",
    )
]  # fmt: skip
SHARES = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)
FASTEST = 2  # of the schemes that work, so many are tried
TITLE = """# From which SNR on [dB] which modulation and code rate, and which share of the symbols is digital; as
# `python -m benchmarks.modes {name}` found best.
"""


class Choice(NamedTuple):
    """A line of the table."""

    mcs: MCS
    share: float
    psnr_db: float


def with_modes(system: Hybrid, mcs: MCS, share: float) -> Hybrid:
    """The system with a single mode."""
    system.modes = [(float("-inf"), mcs, share)]
    return system


@torch.no_grad()
def works(system: Hybrid, mcs: MCS, snr_db: float, pictures: int) -> bool:
    """Whether no block of so many pictures of random bits is lost."""
    split = with_modes(system, mcs, SHARES[-1]).split(snr_db, (SIDE, SIDE))
    for picture in range(pictures):
        rng = PerImage([(picture, 1)], (round(1000 * snr_db),))
        bits = (rng.uniform("bits", (1, split.bits), torch.empty(0)) > 0.5).float()
        rest = torch.ones(1, split.analog, dtype=torch.complex64)
        (received,) = system.carried(split.send(bits, rest), torch.tensor([snr_db]), rng)
        if split.hear(received).right < split.bits:
            return False
    return True


def start(system: Hybrid, mcs: MCS, snr_db: list[float], pictures: int) -> float:
    """The least SNR from which on the scheme works, by bisection; infinite where it does at none."""
    low, high = 0, len(snr_db)
    while low < high:
        middle = (low + high) // 2
        if works(system, mcs, snr_db[middle], pictures):
            high = middle
        else:
            low = middle + 1
    return snr_db[low] if low < len(snr_db) else float("inf")


@torch.no_grad()
def quality(system: Hybrid, mcs: MCS, share: float, snr_db: float, images: list[Tensor]) -> float:
    """Mean PSNR [dB]; minus infinity where the digital layer's share does not even hold the classes of blocks."""
    system, found = with_modes(system, mcs, share), []
    for number, image in enumerate(images):
        rng = PerImage([(number, 2)], (round(1000 * snr_db),))
        try:
            delivery = system(image[None], torch.tensor([snr_db]), rng)
        except ValueError:
            return float("-inf")
        found.append(psnr_db(delivery.images, image[None]).item())
    return sum(found) / len(found)


def main() -> None:
    """Runs the command line."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("system", help="a hybrid one of configs/systems")
    p.add_argument("--pictures", type=int, default=24, help="without a lost block (default 24)")
    p.add_argument("--out", type=Path, help="default: configs/modes/SYSTEM.yaml")
    args = p.parse_args()
    system = config.build(config.find("systems", args.system), {"system": System})["system"]
    if not isinstance(system, Hybrid):
        p.error(f"{args.system} is no hybrid system but a {type(system).__name__}")
    system = cast(Hybrid, system.eval())
    sources = [photographs(split, size=(SIDE, SIDE)) for split in ("val", "test")]
    images = [source[i].image for source in sources for i in range(len(source))]
    grid = [0.5 * step for step in range(-8, 41)]
    starts = {mcs: start(system, mcs, grid, args.pictures) for mcs in tqdm(SCHEMES, desc="schemes")}
    for mcs, first in starts.items():
        print(f"{mcs!s:12} from {first:4} dB")
    lines = []
    for snr in tqdm([snr for snr in grid if snr in starts.values()], desc="SNRs"):
        working = sorted((mcs for mcs in SCHEMES if starts[mcs] <= snr), key=lambda mcs: mcs.bits_per_symbol * mcs.rate)
        tried = [(mcs, share) for mcs in working[-FASTEST:] for share in SHARES]
        best = max((Choice(*one, quality(system, *one, snr, images)) for one in tried), key=lambda one: one.psnr_db)
        print(f"{snr:5} dB  {best.mcs!s:12} {best.share:4}  {best.psnr_db:.2f} dB")
        lines.append(f"- [{snr:g}, {best.mcs}, {best.share:g}]\n")
    out = args.out or ROOT / "configs" / "modes" / f"{args.system}.yaml"
    out.write_text(TITLE.format(name=args.system) + "".join(lines))
    print(f"modes in {out}")


if __name__ == "__main__":
    main()
