"""Operating axes: a setting of the systems, and the values that it is to have.

A setting is named by the end of its dotted place, ``init_args`` left out: ``speed``, ``users.speed`` and
``link.link.channel.users.speed`` are all the same one. It must be clear which is meant; of parts in a list (the users'
channels) all are. A name of :data:`ALIASES` is in the unit or of the meaning that it says, whatever a system calls it.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import partial
from typing import Any

import yaml

from semjscc.config import ConfigError

Place = tuple[str | int, ...]
Settings = dict[str, Any]
Value = Callable[[Settings, Any], Any]  # the setting's value, from the settings beside it and that of the axis


def _same(beside: Settings, value: Any) -> Any:
    return value


ALIASES: dict[str, dict[str, Value]] = {  # what an axis may be called, and the settings that it may be, the first first
    "speed_kmh": {"speed": lambda beside, value: value / 3.6},
    "antennas": {"num_rx": _same, "bs_array.columns": _same},  # those of the receiver, in a row
    "bits_per_symbol": {"qam.bits_per_symbol": _same},  # codes have a setting of that name, for their interleaver
    "code_rate": {"code.rate": _same, "code.n": lambda beside, value: round(beside["k"] / value)},
}


@dataclass(frozen=True)
class Axis:
    """A setting by name and its values, as many systems as there are."""

    name: str
    values: list[Any]

    @classmethod
    def parse(cls, words: str) -> "Axis":
        """From ``NAME=VALUE,VALUE,...``, values in YAML."""
        name, equals, text = words.partition("=")
        try:
            values = yaml.safe_load(f"[{text}]")
        except yaml.YAMLError:
            values = []
        if not name.strip() or not equals or not values:
            raise ConfigError(f"an axis is a name and values, such as speed_kmh=60,90,120, not {words!r}")
        return cls(name.strip(), values)


def changed(settings: Settings, axis: str, value: Any) -> Settings:
    """Settings of a system in which ``axis`` has the value.

    A setting that is a number takes a fraction such as 1/6, and one that is a range a single number.

    Raises:
        ConfigError: no setting has the name, or several.
    """
    for name, convert in ALIASES.get(axis, {axis: _same}).items():
        if places := find(settings, name):
            settings = deepcopy(settings)
            for place in places:
                beside = at(settings, place[:-1])
                beside[place[-1]] = _fitting(value, beside[place[-1]], partial(convert, beside))
            return settings
    raise ConfigError(f"no setting is called {axis}{_near(settings, axis)}")


def find(settings: Settings, name: str) -> list[Place]:
    """Where the setting of this name is; several places only where they differ in the number of a list's entry.

    Raises:
        ConfigError: the name ends several dotted places; the message says which.
    """
    asked = tuple(part for part in name.split(".") if part != "init_args" and not part.isdecimal())
    found: dict[str, list[Place]] = {}
    for place in places(settings):
        if short(place)[-len(asked) :] == asked and isinstance(place[-1], str):
            found.setdefault(".".join(short(place)), []).append(place)
    if len(found) > 1:
        raise ConfigError(f"{name} may be {' or '.join(found)}: say which")
    return next(iter(found.values()), [])


def places(tree: Any, above: Place = ()) -> Iterator[Place]:
    """Where every setting is, parts and their settings alike."""
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, child in children:
        yield (*above, name)
        yield from places(child, (*above, name))


def short(place: Place) -> tuple[str, ...]:
    """The names that people give to a place."""
    return tuple(part for part in place if isinstance(part, str) and part != "init_args")


def at(settings: Settings, place: Place) -> Any:
    """What is at a place."""
    for part in place:
        settings = settings[part]  # type: ignore[index]
    return settings


def _fitting(value: Any, old: Any, convert: Callable[[Any], Any]) -> Any:
    """The value as the kind of thing that was there before."""
    if isinstance(value, str) and "/" in value and isinstance(old, int | float):
        try:
            value = float(Fraction(value))
        except (ValueError, ZeroDivisionError):
            return value  # it is no number, which is for the setting's type to say
    if isinstance(old, list) and len(old) == 2 and isinstance(value, int | float):
        return [convert(value)] * 2
    return [convert(one) for one in value] if isinstance(value, list) else convert(value)


def _near(settings: Settings, name: str) -> str:
    names = {short(place)[-1] for place in places(settings) if short(place)}
    close = get_close_matches(name.rpartition(".")[2], sorted(names), 3, 0.5)
    return f"; there is {' or '.join(close)}" if close else ""
