"""Which modulation, code rate and digital share a hybrid code had best take from which SNR on.

    python -m benchmarks.modes hda-awgn           # writes configs/modes/hda-awgn.yaml, some minutes
    python -m benchmarks.modes hda-uma --pictures 48 --margin_db 0.5  # where fades differ, the next may be worse

First, at which SNR each modulation and code rate starts to work over the system's link: from there on, no block of so
many random pictures' worth is lost. Then, where the fastest that works is another one, the share of the digital layer
that gives the best PSNR, before the network: so modes can be found before it is trained. Pictures are those of
scikit-image's that the comparisons leave out.
"""

import argparse
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from tqdm import tqdm

from semjscc import config
from semjscc.codecs.restoration import Restoration
from semjscc.data.photos import Photos
from semjscc.phy.mcs import MCS
from semjscc.results import ROOT
from semjscc.rng import PerImage
from semjscc.systems.base import System
from semjscc.systems.hybrid import Hybrid
from semjscc.training.jscc import psnr_db
from semjscc.types import Images

SIDE = 256  # [pixels]
REPORTED = 4  # pictures, the first ones, that the comparisons send
SCHEMES = [
    MCS.parse(f"{order}-QAM {rate}")
    for order, rates in {
        4: "1/10 3/20 1/5 9/40 1/4 3/10 1/3 2/5 9/20 1/2 11/20 3/5 2/3",
        16: "2/5 9/20 1/2 11/20 3/5 2/3",
        64: "1/2 11/20 3/5 2/3 3/4 5/6",
    }.items()
    for rate in rates.split()
]  # each carries more than the one before
SHARES = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)
TITLE = """# From which SNR on [dB] which modulation and code rate, and which share of the symbols is digital; as
# `python -m benchmarks.modes {arguments}` found best.
"""


class Untouched(nn.Module):
    """In the network's place."""

    def forward(self, images: Images, variance: Images) -> Images:
        return images


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
    p.add_argument("--margin_db", type=float, default=0.0, help="above where it starts to work (default 0)")
    p.add_argument("--out", type=Path, help="default: configs/modes/SYSTEM.yaml")
    args = p.parse_args()
    system = config.build(config.find("systems", args.system), {"system": System})["system"]
    if not isinstance(system, Hybrid):
        p.error(f"{args.system} is no hybrid system but a {type(system).__name__}")
    system.eval().codec.restoration = cast(Restoration, Untouched())
    source = Photos((SIDE, SIDE))
    images = [source[i].image for i in range(REPORTED, len(source))]
    grid = [0.25 * step for step in range(-32, 81)]
    starts = {mcs: start(system, mcs, grid, args.pictures) + args.margin_db for mcs in tqdm(SCHEMES, desc="schemes")}
    fastest = {snr: [mcs for mcs in SCHEMES if starts[mcs] <= snr][-1] for snr in grid if snr >= min(starts.values())}
    taken = {mcs: min(snr for snr in fastest if fastest[snr] == mcs) for mcs in dict.fromkeys(fastest.values())}
    lines = []
    for mcs, snr in tqdm(taken.items(), desc="shares"):
        found = {share: quality(system, mcs, share, snr, images) for share in SHARES}
        best = max(found, key=found.__getitem__)
        print(f"{snr:5} dB  {mcs!s:12} {best:4}  {found[best]:.2f} dB")
        lines.append(f"- [{snr:g}, {mcs}, {best:g}]\n")
    out = args.out or ROOT / "configs" / "modes" / f"{args.system}.yaml"
    said = {"pictures": (args.pictures, 24), "margin_db": (args.margin_db, 0.0)}
    words = [f" --{name} {value:g}" for name, (value, default) in said.items() if value != default]
    out.write_text(TITLE.format(arguments=args.system + "".join(words)) + "".join(lines))
    print(f"modes in {out}")


if __name__ == "__main__":
    main()
