"""What the radio costs a training: ``python -m benchmarks.training``.

Steps of DeepJSCC over paper A's UMa with one transmit and two receive antennas, estimated, and over AWGN take turns:
forward, backward and AdamW, on batches of 32 patches of 64 x 64. Prints and keeps the median times and the median of
the ratios of neighbours.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from semjscc import config
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.phy.base import SymbolLink
from semjscc.phy.plain import PlainLink
from semjscc.results import provenance, write
from semjscc.rng import PerImage
from semjscc.systems.analog import Analog
from semjscc.systems.digital import Digital

BATCH, SIDE = 32, 64


class Training:
    """A codec over a link, ready for steps."""

    def __init__(self, link: SymbolLink, batch: int = BATCH, side: int = SIDE):
        torch.manual_seed(0)
        self.system = Analog(DeepJSCC(), link)
        self.adam = torch.optim.AdamW(self.system.parameters(), 1e-3)
        self.images, self.steps = torch.rand(batch, 3, side, side), 0

    def step(self) -> float:
        """One, and the seconds it takes."""
        start = time.perf_counter()
        rng = PerImage([(self.steps, image) for image in range(len(self.images))])
        snr_db = 20 * rng.uniform("snr", (len(self.images),), self.images)
        loss = (self.system(self.images, snr_db, rng).images - self.images).square().mean()
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        self.steps += 1
        return time.perf_counter() - start


def papers_link() -> SymbolLink:
    """Paper A's, for symbols: what carries the coded bits of ``raw-ofdm``."""
    return config.build(config.find("systems", "raw-ofdm"), {"system": Digital})["system"].link.link


def measured(link: SymbolLink, repetitions: int, **shape: int) -> dict[str, float]:
    """Seconds of a step over ``link`` and over AWGN, and the ratio of the two."""
    air, plain = Training(link, **shape), Training(PlainLink(), **shape)
    pairs = [(air.step(), plain.step()) for _ in range(repetitions + 2)][2:]  # the first ones compile
    ratios = statistics.quantiles([a / b for a, b in pairs], n=4, method="inclusive")
    return {
        "uma_s": statistics.median(a for a, _ in pairs),
        "awgn_s": statistics.median(b for _, b in pairs),
        "ratio": ratios[1],
        "ratio_low": ratios[0],
        "ratio_high": ratios[2],
        "repetitions": repetitions,
    }


def main() -> None:
    """Runs the command line."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    p.add_argument("--repetitions", type=int, default=30, metavar="N", help="pairs of steps (default 30)")
    p.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch")
    p.add_argument("--out", type=Path, default=Path("results/training.json"), help="file for the figures")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    kept: dict[str, Any] = provenance({"batch": BATCH, "side": SIDE, "threads": args.threads}, 0, "cpu")
    found = measured(papers_link(), args.repetitions)
    write(args.out, found | {"provenance": kept})
    print(
        f"a step of {BATCH} x {SIDE} x {SIDE}: {found['uma_s']:.3f} s over UMa, {found['awgn_s']:.3f} s over AWGN, "
        f"ratio {found['ratio']:.2f} ({found['ratio_low']:.2f} to {found['ratio_high']:.2f}); figures {args.out}"
    )


if __name__ == "__main__":
    main()
