"""What a command line or a sweep's file asks for, put right or refused before the work starts."""

import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semjscc import config
from semjscc.config import ConfigError

if TYPE_CHECKING:
    from semjscc.data.base import ImageSource
    from semjscc.metrics.base import Metric

Opened = tuple["ImageSource", "list[Metric]"]


KNOWN: dict[str, type | tuple[type, ...]] = {  # what a sweep's file may say
    "system": (str, list),
    "data": str,
    "preset": str,
    "snr_db": (int, float, str, list),
    "ebn0_db": (int, float, str, list),
    "axes": dict,
    "num_images": int,
    "seed": int,
}


def sweep_file(path: Path) -> dict[str, Any]:
    """What a sweep's file says.

    Raises:
        ConfigError: a key that is none of :data:`KNOWN`, or a value that is no such thing.
    """
    said = config.read(path)
    if unknown := sorted(map(str, said.keys() - KNOWN.keys())):
        raise ConfigError(f"{path}: unknown {', '.join(unknown)}: there are {', '.join(KNOWN)}")
    if wrong := [key for key, value in said.items() if not isinstance(value, KNOWN[key]) or value in ([], True)]:
        raise ConfigError(f"{path}: {wrong[0]} cannot be {said[wrong[0]]!r}")
    if {"snr_db", "ebn0_db"} <= said.keys():
        raise ConfigError(f"{path}: snr_db or ebn0_db, not both")
    said["system"] = [said["system"]] if isinstance(said.get("system"), str) else said.get("system")
    if not all(isinstance(name, str) for name in said["system"] or []):
        raise ConfigError(f"{path}: system must be names, not {said['system']!r}")
    for name, values in said.get("axes", {}).items():
        if not isinstance(name, str) or not isinstance(values, list) or not values:
            raise ConfigError(f"{path}: axes are names with lists of values, as in speed_kmh: [60, 90], not {values!r}")
    return said


def operating_points(words: Any, option: str = "--snr_db") -> list[float]:
    """SNRs in rising order, from a number or several, parted by blanks or commas."""
    values = [
        word
        for group in (words if isinstance(words, list | tuple) else [words])
        for word in str(group).replace(",", " ").split()
    ]
    try:
        snr_db = sorted({float(value) for value in values})
    except ValueError as error:
        raise ConfigError(f"{option} takes numbers in dB, for example {option} -2 0 3.3: {error}") from None
    if not snr_db or not all(map(math.isfinite, snr_db)):
        raise ConfigError(f"{option} takes one or more finite numbers in dB, not {' '.join(values) or 'an empty list'}")
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
    """``device``, or the best there is for this process; found out before the work starts."""
    import torch

    if device is None and torch.cuda.is_available():
        device = f"cuda:{int(os.environ.get('LOCAL_RANK', 0)) % torch.cuda.device_count()}"
    device = device or "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"--device {device} cannot be used here: {str(error).splitlines()[0]}") from error
    return device


def use_threads(threads: int) -> None:
    """Torch's in this process; the radio's compiled loops share the cores with the other processes of this machine."""
    import numba
    import torch

    torch.set_num_threads(threads)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    numba.set_num_threads(max(1, numba.config.NUMBA_NUM_THREADS // processes))  # type: ignore[attr-defined]


def open_data(name: str) -> tuple[str, Callable[[], Opened]]:
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


def data_settings(name: str) -> dict[str, Any]:
    """All that the pictures and the metrics depend on, files by their names."""
    from semjscc.data.base import ImageSource
    from semjscc.metrics.base import Metric

    folder = Path(name).expanduser()
    if name not in config.names("data") and folder.is_dir():
        metrics = config.settings(config.CONFIGS / "folder.yaml", {"metrics": list[Metric]})
        return {"source": str(folder.resolve()), **metrics}
    return config.settings(config.find("data", name), {"source": ImageSource, "metrics": list[Metric]})
