"""Sends the same pictures with several systems over one channel and draws what arrives.

    python compare.py                                      # image files against each other over AWGN
    python compare.py --comparison uma --num_images 4
    python compare.py --systems hevc-awgn jpeg-awgn --snr_db 0 5 10 --bandwidth_ratio 1/12 1/6

A comparison is a file in configs/comparisons; what is said here comes before what it says. Every finished curve is kept
in OUT/COMPARISON/SYSTEM, and is not computed again; beside them curves.json, and figures against SNR and against ratio.
"""

import argparse
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

import evaluate
from semjscc import config
from semjscc.comparison import Curve, Way, envelopes, ways
from semjscc.config import ConfigError
from semjscc.curves import draw
from semjscc.data.base import ImageSource
from semjscc.evaluation import sweep
from semjscc.metrics.base import Metric
from semjscc.metrics.lpips import LPIPS, ShiftTolerantLPIPS
from semjscc.phy.mcs import MCS
from semjscc.results import Results, ResultsError, write
from semjscc.sweeps.identity import files
from semjscc.systems.base import System

SETTINGS = {
    "systems": dict[str, list[str]],
    "data": str,
    "snr_db": list[float],
    "bandwidth_ratio": list[str],
    "modes": list[str],
    "ratio_at_snr_db": list[float],
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="compare.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    p.add_argument("--comparison", default="awgn", help=f"{', '.join(config.names('comparisons'))}, or a YAML file")
    p.add_argument("--systems", nargs="+", metavar="SYSTEM", help="instead of the comparison's")
    p.add_argument("--data", help=f"{', '.join(config.names('data'))}, or a folder of pictures")
    p.add_argument("--snr_db", nargs="+", metavar="DB", help="received Es/N0 per antenna [dB]")
    p.add_argument("--bandwidth_ratio", nargs="+", metavar="R", help="payload symbols per 3 H W, such as 1/6")
    p.add_argument("--modes", nargs="+", metavar="MODE", help="modulation and code rate, such as '16-QAM 2/3'")
    p.add_argument("--ratio_at_snr_db", nargs="+", metavar="DB", help="SNRs of the figures against bandwidth ratio")
    p.add_argument("--num_images", type=int, default=8, metavar="N", help="pictures to send (default 8)")
    p.add_argument("--batch_size", type=int, default=8, metavar="N", help="is no longer heeded: always 8 at once")
    p.add_argument("--seed", type=int, default=0, help="of fades and noise (default 0)")
    p.add_argument("--out", type=Path, default=Path("results/compare"), help="folder (default results/compare)")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu, cuda, cuda:1, ...")
    return p


def settings(args: argparse.Namespace, path: Path) -> dict[str, Any]:
    """What the comparison says, and the command line instead where it says something."""
    said = config.settings(path, SETTINGS)
    if args.systems:
        said["systems"] = {Path(name).stem: [name] for name in args.systems}
    for key in ("data", "bandwidth_ratio", "modes"):
        said[key] = getattr(args, key) or said[key]
    for key in ("snr_db", "ratio_at_snr_db"):
        said[key] = evaluate.operating_points(getattr(args, key) or said[key])
    return said


def ratios(words: list[str]) -> list[Fraction]:
    """Bandwidth ratios in rising order; 0.1667 is taken for 1/6."""
    try:
        values = sorted({Fraction(word).limit_denominator(400) for word in words})
    except (ValueError, ZeroDivisionError) as error:
        raise ConfigError(f"--bandwidth_ratio takes numbers such as 1/6 or 0.25: {error}") from None
    if not values or values[0] <= 0:
        raise ConfigError(f"--bandwidth_ratio takes positive numbers such as 1/6, not {' '.join(words)}")
    return values


def measured(path: Path, way: Way, names: tuple[str, str], key: dict[str, Any], work: dict[str, Any]) -> Results:
    """The results at ``path`` if they are those asked for, else new ones, kept there."""
    try:
        kept = Results.load(path)
        asked = (work["snr_db"], work["seed"], min(work["num_images"], len(work["source"])), key)
        if (kept.snr_db, kept.provenance["seed"], kept.num_images, kept.provenance["config"]) == asked:
            return kept
    except (OSError, ResultsError):
        pass
    results = sweep(way.system, names=names, config=key, **work)
    path.parent.mkdir(parents=True, exist_ok=True)
    results.save(path)
    return results


def curves(said: dict[str, Any], source: ImageSource, metrics: list[Metric], args, out: Path) -> list[Curve]:
    """All curves, finished ones from their files."""
    asked, modes = ratios(said["bandwidth_ratio"]), [MCS.parse(words) for words in said["modes"]]
    todo = []
    for label, names in said["systems"].items():
        for path in [config.find("systems", name) for name in names]:
            used = config.settings(path, {"system": System})
            system = config.build(path, {"system": System})["system"]
            todo += [(label, path.stem, used, way) for way in ways(system, modes, asked)]
    work = {"source": source, "metrics": metrics, "device": args.device}
    work |= {"snr_db": said["snr_db"]} | {key: getattr(args, key) for key in ("num_images", "seed")}
    measures = sorted(type(metric).__name__ for metric in metrics if not metric.absent)
    done = []
    for label, stem, used, way in tqdm(todo, unit="curve", desc="comparing"):
        ratio = str(way.bandwidth_ratio or "")
        key = used | {"way": way.name, "ratio": ratio, "data": said["data"], "measures": measures}
        key |= {"files": found} if (found := files(used)) else {}
        path = out / stem / f"{ratio} {way.name}.json".strip().replace("/", "-").replace(" ", "_")
        results = measured(path, way, (f"{stem} {way.name} {ratio}".strip(), Path(said["data"]).name), key, work)
        done.append(Curve(label, way.name, way.bandwidth_ratio, results))
    return done


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line."""
    words = sys.argv[1:] if arguments is None else arguments
    args = parser().parse_args([f" {word}" if re.match(r"-\.?\d", word) else word for word in words])
    path = config.find("comparisons", args.comparison)
    said = settings(args, path)
    data, open_pictures = evaluate.open_data(said["data"])
    out = evaluate.writable(args.out / path.stem)
    source, metrics = open_pictures()
    metrics += [LPIPS(), ShiftTolerantLPIPS()]
    for reason in [*source.skipped, *(metric.absent for metric in metrics if metric.absent)]:
        print(f"left out: {reason}", file=sys.stderr)
    found = curves(said | {"data": data}, source, metrics, args, out)
    found += envelopes(found)
    write(out / "curves.json", {"settings": said, "curves": [one.as_json() for one in found]})
    for figure in draw(found, said["data"], ratios(said["bandwidth_ratio"]), said["ratio_at_snr_db"], out):
        print(f"figure {figure}")


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"compare.py: {error}")
    except KeyboardInterrupt:
        sys.exit("compare.py: interrupted; finished curves are kept, the same command goes on from there")
