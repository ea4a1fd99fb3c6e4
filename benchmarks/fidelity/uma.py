"""Paper A's link over UMa, over our drops and over Sionna 2.2's: ``python -m benchmarks.fidelity.uma``.

Writes results/uma-bler.json:

- curves: block error rates and their standard errors (binomial) at each SNR, with our receiver throughout
- at_target: the SNR [dB] where a curve comes down to a block error rate of 0.1
- apart: by how many dB two curves differ there

Log of the rate is taken as a straight line between SNRs. The slots of a batch share users, bits and noise from curve to
curve, so standard errors of SNRs are the jackknife's, which leaves out a batch at a time.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sionna.phy
import torch
from tqdm import tqdm

from benchmarks.fidelity.drops import CURVES, Slots
from semjscc.results import provenance, write

BATCH, TARGET = 500, 0.1
SNR_DB = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 3.5, 4.0, 5.0, 6.0)
OURS, SIONNA, WIENER, PERFECT = CURVES
APART = {  # curves to the left and to the right
    "Sionna's drops over ours": (OURS, SIONNA),
    "least squares over perfect CSI": (PERFECT, OURS),
    "least squares over empirical Wiener": (WIENER, OURS),
}
Rates = dict[str, np.ndarray]  # block error rates [batches, SNRs] by curve


def measure(curves: Iterable[str], snr_db: Sequence[float], batches: int, seed: int, bar: tqdm) -> Rates:
    """Over the same users, bits and noise."""
    found = {name: np.zeros((batches, len(snr_db))) for name in curves}
    for batch in range(batches):
        slots = Slots(BATCH, seed * 2**20 + batch)
        for name, rates in found.items():
            rates[batch] = [slots.lost(*CURVES[name], snr).double().mean().item() for snr in snr_db]
            bar.update(BATCH)
    return found


def crossing(snr_db: Sequence[float], rates: np.ndarray) -> float:
    """The SNR [dB] where a falling curve, the mean of the batches', comes down to the target.

    Raises:
        ValueError: where it does not.
    """
    curve = rates.mean(0)
    for left, right, high, low in zip(snr_db, snr_db[1:], curve, curve[1:], strict=False):
        if high >= TARGET > low > 0:
            return left + (right - left) * math.log(high / TARGET) / math.log(high / low)
    raise ValueError(f"block error rates {curve} do not come down to {TARGET}")


def apart(snr_db: Sequence[float], left: np.ndarray, right: np.ndarray) -> float:
    """By how much one curve lies to the right of the other there [dB]."""
    return crossing(snr_db, right) - crossing(snr_db, left)


def jackknife(figure: Callable[..., float], *rates: np.ndarray) -> dict[str, float]:
    """A figure [dB] of all batches and its standard error."""
    n = len(rates[0])
    without = [figure(*(np.delete(each, batch, 0) for each in rates)) for batch in range(n)]
    return {"db": figure(*rates), "stderr": float(np.std(without) * math.sqrt(n - 1))}


def curve(rates: np.ndarray) -> dict[str, list[float]]:
    """Of all slots together."""
    mean = rates.mean(0)
    return {"bler": mean.tolist(), "stderr": np.sqrt(mean * (1 - mean) / (len(rates) * BATCH)).tolist()}


def figures(found: Rates, snr_db: Sequence[float]) -> dict[str, Any]:
    """What the file holds."""
    return {
        "drops": len(found[OURS]) * BATCH,
        "snr_db": list(snr_db),
        "curves": {name: curve(rates) for name, rates in found.items()},
        "target": TARGET,
        "at_target": {name: jackknife(partial(crossing, snr_db), rates) for name, rates in found.items()},
        "apart": {
            name: jackknife(partial(apart, snr_db), found[left], found[right]) for name, (left, right) in APART.items()
        },
    }


def table(found: dict[str, Any]) -> Iterator[str]:
    """The figures in words, line by line."""
    yield f"block error rates over {found['drops']} drops"
    yield f"{'SNR [dB]':24}" + "".join(f"{snr:8.1f}" for snr in found["snr_db"])
    for name, of in found["curves"].items():
        yield f"{name:24}" + "".join(f"{rate:8.4f}" for rate in of["bler"])
    for title in ("at_target", "apart"):
        for name, of in found[title].items():
            yield f"{name:36} {of['db']:+.3f} dB, standard error {of['stderr']:.3f}"


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity.uma", description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=40, help=f"of {BATCH} drops (default 40)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/uma-bler.json"))
    args = parser.parse_args()
    if args.batches < 2:
        parser.error("--batches must be at least 2, for standard errors")
    kept = provenance({"batches": args.batches, "slots": BATCH}, args.seed, "cpu")
    kept["versions"]["sionna-no-rt"] = sionna.__version__
    total = args.batches * BATCH * len(CURVES)
    with torch.inference_mode(), tqdm(desc="UMa", total=total, unit="slot") as bar:
        found = figures(measure(CURVES, SNR_DB, args.batches, args.seed, bar), SNR_DB)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    command = " ".join(["python -m benchmarks.fidelity.uma", *sys.argv[1:]])
    write(args.out, {"command": command, **found, "provenance": kept})
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
