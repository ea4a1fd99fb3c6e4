"""What a sweep is to do: systems, each with the values of its axes and the SNRs it is sent at."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from semjscc import config, units
from semjscc.config import EMBEDDED, ConfigError
from semjscc.sweeps.axes import Axis, at, changed, find

Written = Callable[[Path, str, bool], dict[str, Any]]


@dataclass(frozen=True)
class Task:
    """One system at one value of each axis, at all its SNRs."""

    name: str  # of the results; a system's own, and what its preset and axes say
    file: Path
    settings: dict[str, Any]  # all of them, under the key ``system``
    preset: str
    snr_db: list[float]
    ebn0_db: dict[float, float] | None = None  # of each SNR, where they were asked for so

    @property
    def preset_name(self) -> str:
        return Path(self.preset).stem

    def build(self) -> Any:
        """The system; raises what its classes raise."""
        from semjscc.systems.base import System

        return config.build(self.file, {"system": System}, self.preset, self.settings)["system"]


def tasks(systems: Sequence[str], preset: str, axes: Sequence[Axis], snr_db: list[float], ebn0: bool) -> list[Task]:
    """Every system with every combination of values.

    Args:
        ebn0: whether ``snr_db`` are Eb/N0, and not Es/N0 [dB]

    Raises:
        ConfigError: a system, a setting or a value that there is not.
    """
    known = cache(written)
    found = [
        task(name, preset, dict(zip([axis.name for axis in axes], values, strict=True)), snr_db, ebn0, known)
        for name in dict.fromkeys(systems)
        for values in product(*(axis.values for axis in axes))
    ]
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"two results would have the name {twice[0]}")
    return found


def task(system: str, preset: str, values: dict[str, Any], snr_db: list[float], ebn0: bool, known: Written) -> Task:
    """One system at one value of each axis; ``known`` reads the settings in a file."""
    file, chosen = config.find("systems", system), config.find("presets", preset)
    if chosen.stem != EMBEDDED and config.read(file, preset) == config.read(file):
        raise ConfigError(f"--preset {preset}: {file} leaves no models to a preset")
    settings = known(file, preset, bool(values))
    try:
        for axis, value in values.items():
            settings = changed(settings, axis, value)
        if values:
            settings = checked(file, preset, settings)
        points = [esn0_db(settings, point) for point in snr_db] if ebn0 else snr_db
    except (ConfigError, KeyError, TypeError) as error:
        words = ", ".join(f"{axis}={value}" for axis, value in values.items())
        raise ConfigError(f"{file}{' with ' * bool(words)}{words}: {error}") from error
    name = "_".join([file.stem + f"-{chosen.stem}" * (chosen.stem != EMBEDDED), *map(label, values.items())])
    return Task(name, file, settings, preset, points, dict(zip(points, snr_db, strict=True)) if ebn0 else None)


def written(file: Path, preset: str, nulls: bool) -> dict[str, Any]:
    """The settings in a system's file; reading those of many antennas takes seconds."""
    return checked(file, preset, None, nulls)


def checked(file: Path, preset: str, content: config.Content, nulls: bool = False) -> dict[str, Any]:
    """Settings as the classes understand them."""
    from semjscc.systems.base import System

    return config.settings(file, {"system": System}, preset, content, nulls)


def label(value: tuple[str, Any]) -> str:
    """An axis and its value, fit for a file's name."""
    name, said = value
    words = said["class_path"].rpartition(".")[2] if isinstance(said, dict) and "class_path" in said else str(said)
    return re.sub(r"[^\w.=+-]+", "-", f"{name}={words}").strip("-")


def esn0_db(settings: dict[str, Any], ebn0_db: float) -> float:
    """Es/N0 [dB] of a digital system at an Eb/N0 [dB], to a thousandth.

    Raises:
        ConfigError: the system has no bits per symbol or no code rate.
    """
    modulation, code = find(settings, "qam.bits_per_symbol"), find(settings, "link.code")
    if not modulation or not code:
        raise ConfigError("it sends no coded bits, and so has no Eb/N0: give --snr_db")
    return round(units.esn0_db(ebn0_db, at(settings, modulation[0]), code_rate(at(settings, code[0]))), 3)


def code_rate(code: dict[str, Any]) -> float:
    """Information bits a coded bit, tail bits left out."""
    said = code.get("init_args", {})
    if said.get("rate") is not None:
        return float(Fraction(said["rate"]))
    return said["k"] / said["n"] if "n" in said else 1 / len(said["generators"])
