"""What tuning for noise gains, from a sweep: ``python evaluate.py --config configs/sweeps/lora.yaml``, then
``python -m benchmarks.lora``.

Writes results/lora.json (at which SNR each system's semantic accuracy passes 0.8, what it gains and loses at the
highest, what the captioner says before and after) and docs/lora/*.png (the curves, and frozen and tuned side by side
where they differ most).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib

from semjscc.exhibits import Exhibit, kept
from semjscc.plots import against_snr, framed
from semjscc.results import Results, mean_and_stderr, provenance, write
from semjscc.rows import Rows, from_bytes, where
from semjscc.style import DPI, SETTINGS, Figure, looks

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
    accuracy = [dict(zip(one.snr_db, one.metrics[MEASURE], strict=True)) for one in (frozen, tuned)]
    return max(common, key=lambda snr: accuracy[1][snr] - accuracy[0][snr])


def gained(frozen: Rows, tuned: Rows, snr_db: float) -> dict[str, float]:
    """Mean difference of the same pictures at one SNR, and its standard error."""
    before, after = (
        dict(zip(point["image"], point[MEASURE], strict=True))
        for point in (where(rows, "snr_db", [snr_db]) for rows in (frozen, tuned))
    )
    mean, error = mean_and_stderr([after[image] - before[image] for image in before])
    return {"mean": mean, "stderr": error}


def said(frozen: Rows, tuned: Rows, snr_db: float, number: int) -> list[dict[str, str]]:
    """Of the first pictures, what each captioner says, and what is heard of it."""
    points = [where(rows, "snr_db", [snr_db]) for rows in (frozen, tuned)]
    names = ("frozen", "frozen_heard", "tuned", "tuned_heard")
    columns = [point[name] for point in points for name in ("sent", "heard")]
    return [dict(zip(names, texts, strict=True)) for texts in list(zip(*columns, strict=True))[:number]]


def side_by_side(frozen: list[Exhibit], tuned: list[Exhibit], point: tuple[int, int], title: str, path: Path) -> None:
    """Pictures as sent, as the frozen pair delivers them and as the tuned one does."""
    figure = Figure((5.4, 2.15 * len(frozen) + 0.4), layout="constrained")
    grid = figure.subplots(len(frozen), 3, squeeze=False)
    for row, before, after in zip(grid, frozen, tuned, strict=True):
        framed(row[0], before.sent)
        framed(row[1], before.delivered[point[0]], before.heard[point[0]])
        framed(row[2], after.delivered[point[1]], after.heard[point[1]])
    for axes, name in zip(grid[0], ("sent", "frozen pair", "tuned pair"), strict=True):
        axes.set_title(name, fontsize=8)
    figure.suptitle(title, fontsize=9)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Runs the command line."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.lora", description=__doc__.splitlines()[0])
    p.add_argument("--results", type=Path, default=Path("results"), help="folder with scenes/SYSTEM.json and .parquet")
    p.add_argument("--docs", type=Path, default=Path("docs/lora"), help="folder for the figures")
    p.add_argument("--level", type=float, default=0.8, help="semantic accuracy to be kept")
    args = p.parse_args()
    files = {name: args.results / "scenes" / f"{name}.json" for name in SYSTEMS}
    found = {name: Results.load(file) for name, file in files.items()}
    rows = {name: from_bytes(file.with_suffix(".parquet").read_bytes())[0] for name, file in files.items()}
    args.docs.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(SETTINGS):
        against_snr(list(found.values()), MEASURE, looks(SYSTEMS)).savefig(args.docs / "accuracy.png", dpi=DPI)
    snr_db = widest(found[FROZEN], found[TUNED])
    (before, frozen), (after, tuned) = (kept(files[name].with_suffix(".parquet")) for name in (FROZEN, TUNED))
    point, title = (before.index(snr_db), after.index(snr_db)), f"{snr_db:g} dB"
    side_by_side(frozen, tuned, point, title, args.docs / "side-by-side.png")
    highest = max(found[FROZEN].snr_db)
    told = {
        "level": args.level,
        "snr_db_of_level": {name: crossings(one, args.level) for name, one in found.items()},
        f"gained_at_{highest:g}_db": {name: gained(rows[FROZEN], rows[name], highest) for name in SYSTEMS[1:]},
        "bits": {
            name: {key: one.payload[key] for key in ("payload_bits", "content_bits")} for name, one in found.items()
        },
        "widest_at_snr_db": snr_db,
        "said": said(rows[FROZEN], rows[TUNED], snr_db, 8),
        "provenance": provenance({"results": str(args.results), "level": args.level}, 0, "cpu"),
    }
    write(args.results / "lora.json", told)
    for name in SYSTEMS:
        print(name, told["snr_db_of_level"][name], told["bits"][name])
    print(told[f"gained_at_{highest:g}_db"])


if __name__ == "__main__":
    main()
