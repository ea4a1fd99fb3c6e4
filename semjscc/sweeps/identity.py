"""What a row depends on: where any of it changes, the sweep starts anew, and says why."""

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from semjscc.results import ROOT

NOTHING = "nothing"  # where there is no such key


def identity(settings: Mapping[str, Any], **conditions: Any) -> dict[str, Any]:
    """Settings, and the contents of all files and folders that they name; the code, and what else is said.

    The code is that of semjscc as it is in the working tree, committed or not, and that of classes from elsewhere. The
    commit is no part of it: a commit that touches no code leaves rows as they are.
    """
    depends = {"settings": settings, **conditions}
    modules = sorted({str(value).rpartition(".")[0] for key, value in leaves(depends) if key.endswith("class_path")})
    own = {module: content(path) for module in modules if (path := source(module))}
    return {**depends, "files": files(depends), "code": {"semjscc": code()} | own}


def files(settings: Mapping[str, Any]) -> dict[str, str]:
    """Files and folders that settings name, each with :func:`content`."""
    named = (value for _, value in leaves(settings) if isinstance(value, str) and value)
    return {value: content(ROOT / value) for value in named if os.path.exists(ROOT / value)}


def digest(identity: Mapping[str, Any]) -> str:
    """Twelve letters for all of it."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:12]


def differences(old: Mapping[str, Any], new: Mapping[str, Any], most: int = 3) -> str:
    """The first settings that are not the same, in words."""
    before, now = dict(leaves(old)), dict(leaves(new))
    changed = [key for key in before | now if before.get(key, NOTHING) != now.get(key, NOTHING)]
    words = [f"{key} is {now.get(key, NOTHING)} and was {before.get(key, NOTHING)}" for key in changed[:most]]
    return "; ".join(words) + f"; and {len(changed) - most} more" * (len(changed) > most)


def leaves(tree: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested mappings and lists, with its dotted key."""
    children = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    if not children:
        yield key, tree
    for name, child in children:
        yield from leaves(child, f"{key}.{name}".lstrip("."))


@cache
def content(path: Path) -> str:
    """Twelve letters for a file, or for all files of a folder."""
    found = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            found.update(f"{file.relative_to(path)}\n".encode())
            with file.open("rb") as opened:
                found.update(hashlib.file_digest(opened, "sha256").digest())
    return found.hexdigest()[:12]


@cache
def code() -> str:
    """Twelve letters for all of semjscc's own modules and tables."""
    found = hashlib.sha256()
    for file in sorted(path for path in (ROOT / "semjscc").rglob("*") if path.suffix in (".py", ".csv", ".json")):
        found.update(f"{file.relative_to(ROOT)} {content(file)}\n".encode())
    return found.hexdigest()[:12]


def source(module: str) -> Path | None:
    """The file of a module that is not semjscc's own; its settings have been read, so it is there."""
    if module.partition(".")[0] == "semjscc":
        return None
    spec = importlib.util.find_spec(module)
    return Path(spec.origin) if spec and spec.origin and Path(spec.origin).is_file() else None
