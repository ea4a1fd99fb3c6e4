"""Sends pictures over the air and measures what arrives.

    python evaluate.py --system llm-ofdm
    python evaluate.py --system llm-ofdm jpeg-ofdm --data photos --snr_db 0 2 4 6
    python evaluate.py --system raw-ofdm --data ~/pictures --num_images 8
    python evaluate.py --system llm-ofdm --axis speed_kmh=60,90,120 --axis code_rate=1/3,1/2
    python evaluate.py --config configs/sweeps/paper-a.yaml --num_images 16
    torchrun --nproc-per-node 2 evaluate.py --config configs/sweeps/paper-a.yaml

Writes OUT/DATA/SYSTEM.json (figures), .parquet (a row for each picture) and .png (gallery), and prints a table. Rows
are kept as they are done: the same command goes on after a kill, more pictures, SNRs and systems extend it, and
processes that are given one OUT share the work. docs/SWEEPS.md.
"""

# What takes long to import is imported where it is needed, so that --help is there at once.
import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semjscc import config
from semjscc.config import EMBEDDED, ConfigError
from semjscc.sweeps.asked import (
    KNOWN,
    data_settings,
    open_data,
    operating_points,
    sweep_file,
    usable,
    use_threads,
    writable,
)
from semjscc.sweeps.axes import Axis
from semjscc.sweeps.shown import show

if TYPE_CHECKING:
    from semjscc.exhibits import Exhibit
    from semjscc.results import Results
    from semjscc.rows import Rows
    from semjscc.sweeps.run import Finished, Sweep

SNR_DB = (-8.0, -4.0, -2.0, 0.0, 1.0, 2.0, 2.5, 3.0, 3.3, 3.5, 4.0, 6.0, 10.0)
DEFAULTS: dict[str, Any] = {"data": "scenes", "preset": EMBEDDED, "num_images": 32, "seed": 0, "axes": {}}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="evaluate.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    p.add_argument("--config", help="a sweep's file, as in configs/sweeps; what is said here comes before what it says")
    p.add_argument("--system", nargs="+", help=f"one or more of {', '.join(config.names('systems'))}, or YAML files")
    p.add_argument("--data", help=f"{', '.join(config.names('data'))}, or a folder of pictures (default scenes)")
    p.add_argument(
        "--preset",
        help=f"models to caption and paint: {', '.join(config.names('presets'))}, or a YAML file (default {EMBEDDED})",
    )
    points = p.add_mutually_exclusive_group()
    points.add_argument("--snr_db", nargs="*", metavar="DB", help="received Es/N0 per antenna [dB], one or more")
    points.add_argument("--ebn0_db", nargs="*", metavar="DB", help="instead Eb/N0 [dB], by each system's bits and rate")
    p.add_argument(
        "--axis",
        action="append",
        metavar="NAME=V,V",
        help="a setting of the systems and its values, such as speed_kmh=60,90; every combination is sent",
    )
    p.add_argument("--num_images", type=int, metavar="N", help="pictures to send (default 32)")
    p.add_argument("--batch_size", type=int, metavar="N", help="is no longer heeded: 8 pictures go through at once")
    p.add_argument("--seed", type=int, help="of fades, noise and paintings (default 0)")
    p.add_argument("--out", type=Path, default=Path("results"), help="folder for the results (default results)")
    p.add_argument("--device", help="cpu, cuda, cuda:1, ... (default cuda where there is one)")
    p.add_argument(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="of torch in this process; part of the last bits (default 1)",
    )
    p.add_argument(
        "--wandb",
        choices=("disabled", "offline", "online"),
        default="disabled",
        help="log every system that is complete to Weights & Biases (default disabled)",
    )
    p.add_argument("--plan", action="store_true", help="say what is done and what is to do, and do nothing")
    return p


def asked(words: list[str]) -> argparse.Namespace:
    """The command line, before the sweep's file, before the defaults."""
    args = parser().parse_args([f" {word}" if re.match(r"-\.?\d", word) else word for word in words])
    said = sweep_file(Path(args.config)) if args.config else {}
    args.axes = {axis.name: axis.values for axis in map(Axis.parse, args.axis)} if args.axis else None
    said = {key: value for key, value in said.items() if value is not None}
    here = {key: getattr(args, key) for key in KNOWN if getattr(args, key) is not None}
    if {"snr_db", "ebn0_db"} & here.keys():
        said = {key: value for key, value in said.items() if key not in ("snr_db", "ebn0_db")}
    points = {} if {"snr_db", "ebn0_db"} & (said | here).keys() else {"snr_db": SNR_DB}
    vars(args).update(DEFAULTS | points | said | here)
    if not args.system:
        raise ConfigError("say what is to be sent: --system, one or more, or --config with a sweep's file")
    if not all(isinstance(n, int) and n >= 1 for n in (args.num_images, args.batch_size or 1, args.threads)):
        raise ConfigError("--num_images, --batch_size and --threads must be at least 1")
    return args


def prepared(args: argparse.Namespace) -> "Sweep":
    """The sweep that is asked for, or what is wrong with the question."""
    from semjscc.results import provenance
    from semjscc.sweeps.plan import tasks
    from semjscc.sweeps.run import Sweep
    from semjscc.sweeps.work import Ground

    device = usable(args.device)
    ebn0 = args.ebn0_db is not None
    points = operating_points(*((args.ebn0_db, "--ebn0_db") if ebn0 else (args.snr_db,)))
    axes = [Axis(name, values) for name, values in args.axes.items()]
    todo = tasks(args.system, args.preset, axes, points, ebn0)
    data, open_pictures = open_data(args.data)
    out = writable(args.out / data)
    use_threads(args.threads)
    source, metrics = open_pictures()
    absent = [metric.absent for metric in metrics if metric.absent]
    for reason in [f"skipped: {reason}" for reason in source.skipped] + [f"left out: {reason}" for reason in absent]:
        print(reason, file=sys.stderr)
    conditions = {
        "data": args.data,
        "pictures": data_settings(args.data),
        "skipped": list(source.skipped),
        "absent": absent,
        "seed": args.seed,
        "device": device.partition(":")[0],
        "threads": args.threads,
        "versions": provenance({}, args.seed, device)["versions"],
    }
    metrics = [metric.to(device) for metric in metrics]
    ground = Ground(data, source, metrics, args.num_images, args.seed, device, conditions)
    return Sweep(todo, ground, out, int(os.environ.get("RANK", 0)))


def dashboard(args: argparse.Namespace) -> "Finished":
    """What is told of every system that is complete."""
    if args.wandb == "disabled":
        return lambda results, rows, exhibits: None
    from semjscc.sweeps.tracking import Dashboard

    return Dashboard(args.wandb, args.out)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; 1 where a system failed at some point, whatever became of the others.

    Raises:
        ValueError, OSError: of one line, for what is wrong with it or with a file it names.
    """
    args = asked(sys.argv[1:] if arguments is None else arguments)
    track = dashboard(args)
    sweep = prepared(args)
    if args.plan:
        print(sweep.plan())
        return 0

    def told(results: "Results", rows: "Rows", exhibits: "list[Exhibit]") -> None:
        show(results, args.out)
        track(results, rows, exhibits)

    failures = sweep.run(told)
    if failures and sweep.rank == 0:
        if any(re.search("MemoryError|out of memory|allocate memory", line) for line in failures):
            print(f"evaluate.py: too large for this machine? {smaller()}", file=sys.stderr)
        print(f"evaluate.py: {len(failures)} failed, the rest is done: {failures[0]}", file=sys.stderr)
    return int(bool(failures) and sweep.rank == 0)  # torchrun would end the others


def smaller() -> str:
    """What each preset's models take, in words."""
    sizes = {name: config.read(config.find("presets", name))["memory_gb"] for name in config.names("presets")}
    return ", ".join(f"--preset {name} takes {sizes[name]} GB" for name in sorted(sizes, key=lambda name: sizes[name]))


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        sys.exit(main())
    except (ValueError, OSError, MemoryError) as error:
        sys.exit(f"evaluate.py: {error}")
    except KeyboardInterrupt as interrupt:
        sys.exit(f"evaluate.py: {interrupt or 'interrupted before the work began'}")
