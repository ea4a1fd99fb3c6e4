"""Sends pictures over the air and measures what arrives.

    python evaluate.py --system llm-ofdm
    python evaluate.py --system jpeg-ofdm --data photos --snr_db 0 2 4 6
    python evaluate.py --system raw-ofdm --data ~/pictures --num_images 8
    python evaluate.py --system llm-ofdm --data ~/pictures --preset turbo

Writes OUT/DATA/SYSTEM.json (figures) and OUT/DATA/SYSTEM.png (gallery), and prints a table. What takes long to
import is imported where it is needed, so that this page is there at once.
"""

import argparse
import math
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from semjscc import config
from semjscc.config import EMBEDDED, ConfigError
from semjscc.results import Results, plain

if TYPE_CHECKING:
    from semjscc.data.base import ImageSource
    from semjscc.metrics.base import Metric

SNR_DB = (-8.0, -4.0, -2.0, 0.0, 1.0, 2.0, 2.5, 3.0, 3.3, 3.5, 4.0, 6.0, 10.0)
COLUMNS = (
    "psnr_db", "ssim", "semantic_accuracy", "bleu4", "cer", "clip_image_image", "ber", "bler", "success_ratio",
    "effective_rate_bps", "undecodable",
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="evaluate.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    p.add_argument("--system", required=True, help=f"{', '.join(config.names('systems'))}, or a YAML file")
    p.add_argument("--data", default="scenes", help=f"{', '.join(config.names('data'))}, or a folder of pictures")
    p.add_argument(
        "--preset",
        default=EMBEDDED,
        help=f"models to caption and paint: {', '.join(config.names('presets'))}, or a YAML file (default {EMBEDDED})",
    )
    p.add_argument(
        "--snr_db", nargs="*", default=SNR_DB, metavar="DB", help="received Es/N0 per antenna [dB], one or more"
    )
    p.add_argument("--num_images", type=int, default=32, metavar="N", help="pictures to send (default 32)")
    p.add_argument("--batch_size", type=int, default=32, metavar="N", help="pictures at once; changes no figure")
    p.add_argument("--seed", type=int, default=0, help="of fades, noise and paintings (default 0)")
    p.add_argument("--out", type=Path, default=Path("results"), help="folder for the results (default results)")
    p.add_argument("--device", help="cpu, cuda, cuda:1, ... (default cuda where there is one)")
    return p


def operating_points(words: list[str]) -> list[float]:
    """SNRs in rising order, from numbers parted by blanks or commas."""
    values = [word for group in words for word in str(group).replace(",", " ").split()]
    try:
        snr_db = sorted({float(value) for value in values})
    except ValueError as error:
        raise ConfigError(f"--snr_db takes numbers in dB, for example --snr_db -2 0 3.3: {error}") from None
    if not snr_db or not all(map(math.isfinite, snr_db)):
        raise ConfigError(f"--snr_db takes one or more finite numbers in dB, not {' '.join(values) or 'an empty list'}")
    return snr_db


def writable(folder: Path) -> Path:
    """``folder``, made if it was not there; found out before the work starts."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise ConfigError(f"--out: cannot write into {folder}: {error.strerror}") from error


def usable(device: str | None) -> str:
    """``device``, or the best there is; found out before the work starts."""
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"--device {device} cannot be used here: {str(error).splitlines()[0]}") from error
    return device


def open_data(name: str) -> "tuple[str, Callable[[], tuple[ImageSource, list[Metric]]]]":
    """The data's name in the results, and what opens its pictures and the metrics that make sense of them."""
    from semjscc.data.base import ImageSource
    from semjscc.data.folder import Folder
    from semjscc.metrics.base import Metric

    folder, taken = Path(name).expanduser(), config.names("data")
    if name not in taken and folder.is_dir():
        own = folder.resolve().name
        metrics = {"metrics": list[Metric]}
        return own + "-folder" * (own in taken), lambda: (
            Folder(str(folder)),
            config.build(config.CONFIGS / "folder.yaml", metrics)["metrics"],
        )
    if name not in taken and Path(name).suffix != ".yaml":
        raise ConfigError(f"unknown data {name!r}: there are {', '.join(taken)}, or give a folder of pictures")
    path = config.find("data", name)
    parts = {"source": ImageSource, "metrics": list[Metric]}
    config.settings(path, parts)
    return path.stem, lambda: tuple(config.build(path, parts).values())


def table(results: Results) -> str:
    """The figures a reader wants first, a line for each SNR."""
    columns = [name for name in COLUMNS if name in results.metrics]
    widths = [max(9, len(name)) for name in columns]
    lines = ["  SNR dB  " + "  ".join(f"{name:>{width}}" for name, width in zip(columns, widths, strict=True))]
    for point, snr in enumerate(results.snr_db):
        figures = (
            f"{plain(results.metrics[name][point]):>{width}}" for name, width in zip(columns, widths, strict=True)
        )
        lines.append(f"{snr:8.1f}  " + "  ".join(figures))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line.

    Raises:
        ValueError, OSError: of one line, for what is wrong with it or with a file it names.
        MemoryError: a model does not fit; the message says which preset's models would.
    """
    words = sys.argv[1:] if arguments is None else arguments
    args = parser().parse_args([f" {word}" if re.match(r"-\.?\d", word) else word for word in words])
    if args.num_images < 1 or args.batch_size < 1:
        raise ConfigError("--num_images and --batch_size must be at least 1")
    args.device = usable(args.device)
    try:
        evaluate(args)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not re.search("out of memory|allocate memory", str(error)):
            raise
        raise MemoryError(f"{str(error).splitlines()[0]}; {smaller()}") from error


def smaller() -> str:
    """What each preset's models take, in words."""
    sizes = {name: config.read(config.find("presets", name))["memory_gb"] for name in config.names("presets")}
    return ", ".join(f"--preset {name} takes {sizes[name]} GB" for name in sorted(sizes, key=lambda name: sizes[name]))


def evaluate(args: argparse.Namespace) -> None:
    """Sends, measures, writes and prints what the command line asks for."""
    from semjscc.evaluation import Exhibit, sweep
    from semjscc.plots import gallery
    from semjscc.systems.base import System

    snr_db = operating_points(args.snr_db)
    system_file, preset = config.find("systems", args.system), config.find("presets", args.preset)
    used = config.settings(system_file, {"system": System}, args.preset)
    name = system_file.stem
    if preset.stem != EMBEDDED:
        if config.read(system_file, args.preset) == config.read(system_file):
            raise ConfigError(f"--preset {args.preset}: {system_file} leaves no models to a preset")
        name += f"-{preset.stem}"
    data_name, open_pictures = open_data(args.data)
    out = writable(args.out / data_name)
    source, metrics = open_pictures()
    for reason in source.skipped:
        print(f"skipped: {reason}", file=sys.stderr)
    for metric in metrics:
        if metric.absent:
            print(f"left out: {metric.absent}", file=sys.stderr)
    system = config.build(system_file, {"system": System}, args.preset)["system"]
    exhibits: list[Exhibit] = []
    results = sweep(
        system,
        source,
        snr_db,
        metrics,
        args.num_images,
        args.seed,
        args.batch_size,
        args.device,
        names=(name, data_name),
        config=used | {"preset": preset.stem, "data": args.data, "skipped": list(source.skipped)},
        gallery=exhibits,
    )
    results.save(out / f"{name}.json")
    gallery(exhibits, results, out / f"{name}.png")
    print(f"\n{results.system} on {results.num_images} pictures of {results.data}\n\n{table(results)}\n")
    print(", ".join(f"{name} {plain(value)}" for name, value in results.payload.items() if isinstance(value, float)))
    print(f"figures {out / name}.json\ngallery {out / name}.png")


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        main()
    except (ValueError, OSError, MemoryError) as error:
        sys.exit(f"evaluate.py: {error}")
    except KeyboardInterrupt:
        sys.exit("evaluate.py: interrupted; a results file is written whole at the end, or not at all")
