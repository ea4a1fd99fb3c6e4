"""What UMa is like, and what a normalisation and a prefix do to a link over it: ``python -m benchmarks.uma``.

Writes results/uma.json, block error rates of paper A's link, and the pictures of docs/CHANNELS.md.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from benchmarks.uma import pictures
from benchmarks.uma.curves import CURVES, NOISE_FIGURE_DB, block_error_rates
from semjscc.results import provenance, write


def measure(blocks: int, seed: int) -> dict[str, dict]:
    """Every curve, by name."""
    found = {}
    with tqdm(total=blocks * sum(len(curve.points) for curve in CURVES), unit="block", desc="UMa") as bar:
        for curve in CURVES:
            rates = block_error_rates(curve, blocks, seed, bar)
            found[curve.name] = {"axis": curve.axis, "points": list(curve.points), "bler": rates, "blocks": blocks}
    return found


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uma", description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=1000, help="code blocks at each point (default 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/uma.json"))
    parser.add_argument("--pictures", type=Path, default=Path("docs/channels"), help="folder (default docs/channels)")
    parser.add_argument("--again", action="store_true", help="draw the pictures of the figures that OUT has")
    args = parser.parse_args()
    if args.blocks < 1:
        parser.error("--blocks must be at least 1")
    for folder in (args.out.parent, args.pictures):
        folder.mkdir(parents=True, exist_ok=True)
    if not args.again:
        kept = provenance({"blocks": args.blocks, "noise_figure_db": NOISE_FIGURE_DB}, args.seed, "cpu")
        command = " ".join(["python -m benchmarks.uma", *sys.argv[1:]])
        with torch.inference_mode():
            write(
                args.out, {"command": command, "block_error_rates": measure(args.blocks, args.seed), "provenance": kept}
            )
    figures = json.loads(args.out.read_text())["block_error_rates"]
    with torch.inference_mode():
        pictures.delay_doppler(args.pictures / "delay-doppler.png")
        pictures.path_loss(args.pictures / "path-loss.png", args.seed)
        pictures.normalizations(figures, args.pictures / "normalizations.png", args.seed)
        pictures.receivers(figures, args.pictures / "receivers.png")
        pictures.prefixes(figures, args.pictures / "prefixes.png")
    print(f"figures {args.out}\npictures {args.pictures}")


if __name__ == "__main__":
    main()
