"""What tuning for noise gains, from the sweeps of ``evaluate.py``: ``python -m benchmarks.lora``.

Writes results/lora.json (at which SNR each system's semantic accuracy passes 0.8, and what the captioner says before
and after) and docs/lora/*.png (the curves, and frozen and tuned side by side where they differ most).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import torch

from semjscc import config
from semjscc.data.batches import batches
from semjscc.data.scenes import Scenes
from semjscc.evaluation import Exhibit, sweep
from semjscc.plots import _picture, against_snr
from semjscc.results import Results, provenance, write
from semjscc.systems.base import System

SYSTEMS = ("llm-ofdm", "llm-ofdm-listener", "llm-ofdm-lora", "llm-ofdm-lora-listener")
FROZEN, TUNED = SYSTEMS[0], SYSTEMS[-1]
MEASURE = "semantic_accuracy"


def crossing(snr_db: Sequence[float], values: Sequence[float], level: float) -> float | None:
    """The lowest SNR [dB] from which on ``values`` stay at ``level`` or above, linear between points; None for none."""
    below = [i for i, value in enumerate(values) if value < level]
    last = below[-1] if below else -1
    if last == len(values) - 1:
        return None
    if last < 0:
        return snr_db[0]
    share = (level - values[last]) / (values[last + 1] - values[last])
    return snr_db[last] + share * (snr_db[last + 1] - snr_db[last])


def crossings(one: Results, level: float) -> dict[str, float | None]:
    """Where the mean passes the level, and where it does a standard error above and below itself."""
    mean, error = one.metrics[MEASURE], one.stderr[MEASURE]
    shifted = {"at": 0.0, "early": 1.0, "late": -1.0}
    return {
        name: crossing(one.snr_db, [m + sign * e for m, e in zip(mean, error, strict=True)], level)
        for name, sign in shifted.items()
    }


def widest(frozen: Results, tuned: Results) -> float:
    """The SNR [dB] that both were sent at and where they differ most."""
    common = sorted(set(frozen.snr_db) & set(tuned.snr_db))
    accuracy = [{snr: one.metrics[MEASURE][i] for i, snr in enumerate(one.snr_db)} for one in (frozen, tuned)]
    return max(common, key=lambda snr: accuracy[1][snr] - accuracy[0][snr])


def side_by_side(snr_db: float, number: int, path: Path) -> None:
    """Pictures as sent, as the frozen pair delivers them and as the tuned one does."""
    found: dict[str, list[Exhibit]] = {FROZEN: [], TUNED: []}
    for name, exhibits in found.items():
        system = config.build(config.find("systems", name), {"system": System})["system"]
        sweep(system, Scenes("test"), [snr_db], [], number, gallery=exhibits, exhibits=number)
    figure, grid = plt.subplots(number, 3, figsize=(5.4, 2.15 * number + 0.4), squeeze=False, layout="constrained")
    for row, frozen, tuned in zip(grid, *found.values(), strict=True):
        _picture(row[0], frozen.sent)
        _picture(row[1], frozen.delivered[0], frozen.heard[0])
        _picture(row[2], tuned.delivered[0], tuned.heard[0])
    for axes, title in zip(grid[0], ("sent", "frozen pair", "tuned pair"), strict=True):
        axes.set_title(title, fontsize=8)
    figure.suptitle(f"{snr_db:g} dB", fontsize=9)
    figure.savefig(path, dpi=130)
    plt.close(figure)


@torch.no_grad()
def said(number: int) -> list[dict[str, str]]:
    """What frozen and tuned captioner say of the first test scenes."""
    systems = {
        name: config.build(config.find("systems", name), {"system": System})["system"] for name in (FROZEN, TUNED)
    }
    _, pictures = next(batches(Scenes("test"), number, number))
    told = {name: system.codec.captioner.caption(pictures.images) for name, system in systems.items()}
    return [{"frozen": a, "tuned": b} for a, b in zip(told[FROZEN], told[TUNED], strict=True)]


def main() -> None:
    """Runs the command line."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.lora", description=__doc__.splitlines()[0])
    p.add_argument("--results", type=Path, default=Path("results"), help="folder with scenes/SYSTEM.json")
    p.add_argument("--docs", type=Path, default=Path("docs/lora"), help="folder for the figures")
    p.add_argument("--level", type=float, default=0.8, help="semantic accuracy to be kept")
    p.add_argument("--pictures", type=int, default=5, help="to show side by side")
    args = p.parse_args()
    kept = provenance(vars(args) | {"results": str(args.results), "docs": str(args.docs)}, 0, "cpu")
    found = {name: Results.load(args.results / "scenes" / f"{name}.json") for name in SYSTEMS}
    args.docs.mkdir(parents=True, exist_ok=True)
    against_snr(list(found.values()), MEASURE, args.docs / "accuracy.png")
    passed = {name: crossings(one, args.level) for name, one in found.items()}
    snr_db = widest(found[FROZEN], found[TUNED])
    side_by_side(snr_db, args.pictures, args.docs / "side-by-side.png")
    told = {"level": args.level, "snr_db_of_level": passed, "widest_at_snr_db": snr_db, "said": said(8)}
    write(args.results / "lora.json", told | {"provenance": kept})
    for name, one in found.items():
        print(name, passed[name], {key: one.payload[key] for key in ("payload_bits", "content_bits")})


if __name__ == "__main__":
    main()
