"""Paper B's figures, and what each of our changes to its scheme is worth: ``python -m benchmarks.paper_b``.

Writes results/paper-b.json and the pictures of docs/PAPER-B.md:

- scenarios: bit error rates before and after decoding, and error vectors by user, over Eb/N0 for four modulations
- definitions: the same for the paper's scheme at an SNR of 5 dB, under each definition of SNR
- ablation: share of captions that do not arrive whole with 1024-QAM, scheme by scheme
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from benchmarks.paper_b import pictures
from benchmarks.paper_b.curves import ABLATION, DEFINITIONS, ORDERS, RATE, SCENARIOS, captions, frames
from semjscc.results import provenance, write
from semjscc.units import ebn0_db

EBN0_DB = (-9.0, -6.0, -3.0, 0.0, 2.5, 5.0, 8.0, 12.0, 16.0, 20.0)
CLAIMED_DB = 5.0


def measure(drops: int, many: int, seed: int) -> dict[str, Any]:
    """All figures, by section; ``many`` drops for each share of captions."""
    steps = drops * len(ORDERS) * len(SCENARIOS) * len(EBN0_DB) + drops * len(DEFINITIONS) * 2
    with tqdm(total=steps + many * len(ABLATION) * len(EBN0_DB), unit="drop", desc="paper B") as bar:
        scenarios = {
            name: {
                str(2**order): [frames(scheme, order, point, drops, seed, bar) for point in EBN0_DB] for order in ORDERS
            }
            for name, scheme in SCENARIOS.items()
        }
        definitions = {
            name: {
                str(2**order): frames(scheme, order, ebn0_db(CLAIMED_DB, order, RATE), drops, seed, bar)
                for order in ORDERS[:2]
            }
            for name, scheme in DEFINITIONS.items()
        }
        ablation = {
            name: [captions(scheme, 10, point, many, seed, bar) for point in EBN0_DB]
            for name, scheme in ABLATION.items()
        }
    return {"ebn0_db": EBN0_DB, "scenarios": scenarios, "definitions": definitions, "ablation": ablation}


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper_b", description=__doc__.splitlines()[0])
    parser.add_argument("--drops", type=int, default=8, help="of six users, for each bit error rate (default 8)")
    parser.add_argument("--many", type=int, default=50, help="of six users, for each share of captions (default 50)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/paper-b.json"))
    parser.add_argument("--pictures", type=Path, default=Path("docs/paper-b"), help="folder (default docs/paper-b)")
    parser.add_argument("--again", action="store_true", help="draw the pictures of the figures that OUT has")
    args = parser.parse_args()
    if args.drops < 1 or args.many < 1:
        parser.error("--drops and --many must be at least 1")
    for folder in (args.out.parent, args.pictures):
        folder.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        if not args.again:
            kept = provenance({"drops": args.drops, "many": args.many}, args.seed, "cpu")
            command = " ".join(["python -m benchmarks.paper_b", *sys.argv[1:]])
            write(args.out, {"command": command, **measure(args.drops, args.many, args.seed), "provenance": kept})
        figures = json.loads(args.out.read_text())
        pictures.bit_error_rates(figures, args.pictures / "ber.png")
        pictures.error_vectors(figures, args.pictures / "evm.png")
        pictures.ablation(figures, args.pictures / "ablation.png")
        pictures.constellations(args.pictures / "constellations.png", args.seed)
        pictures.similarities(args.out.parent / "scenes", args.pictures / "similarity.png")
    print(f"figures {args.out}\npictures {args.pictures}")


if __name__ == "__main__":
    main()
