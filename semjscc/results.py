"""The results file: what was measured, on which axis, and all that is needed to measure it again."""

import json
import math
import os
import platform
import subprocess
import uuid
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("semjscc", "torch", "torchvision", "torchmetrics", "transformers", "diffusers", "pillow", "numpy")
ROOT = Path(__file__).parents[1]
SCHEMA = 1  # of the results file; files from before it was written have none, and are of this one


KINDS = {"system": str, "data": str, "num_images": int, "snr_db": list}
KINDS |= dict.fromkeys(("metrics", "stderr", "payload", "provenance"), dict)


class ResultsError(ValueError):
    """A file that is no results file, with what is wrong with it."""


@dataclass(frozen=True)
class Results:
    """One system on one data set over one sweep; every list is aligned with ``snr_db``.

    A metric that the system cannot have is absent. ``stderr`` is the standard error of the mean over images.
    """

    system: str
    data: str
    num_images: int
    snr_db: list[float]
    metrics: dict[str, list[float]]
    stderr: dict[str, list[float]]
    payload: dict[str, Any]
    provenance: dict[str, Any]

    def __post_init__(self) -> None:
        lists = {**self.metrics, **{f"stderr of {name}": values for name, values in self.stderr.items()}}
        for name, values in lists.items():
            if len(values) != len(self.snr_db):
                raise ResultsError(f"{name} has {len(values)} values for {len(self.snr_db)} SNRs")

    def save(self, path: Path) -> None:
        """Writes all of it or nothing: an interrupted write leaves what was there before."""
        write(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Raises :class:`ResultsError`, naming the file, where it is not a results file."""
        try:
            return cls(**_checked(json.loads(path.read_text())))
        except (TypeError, ValueError, RecursionError) as error:
            raise ResultsError(f"{path} is not a results file of evaluate.py: {error}") from error


def write(path: Path, content: dict[str, Any]) -> None:
    """JSON, all of it or nothing; raises ``ValueError`` for NaN and infinity, which JSON does not have."""
    put(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def put(path: Path, content: bytes) -> None:
    """A file, all of it or nothing: what was there before stays until the new one is safe on the disk."""
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def mean_and_stderr(values: list[float]) -> tuple[float, float]:
    """Mean over images and its standard error, 0 for a single image; never NaN."""
    n = len(values)
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / max(1, n - 1)
    return mean, math.sqrt(variance / n)


def plain(value: float) -> str:
    """A figure as people read it: whole from a thousand on, else four digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def provenance(config: dict[str, Any], seed: int, device: str) -> dict[str, Any]:
    """Where a result comes from: commit, configuration, seed, versions, machine; to be asked before the work starts."""
    return {
        "commit": _commit(),
        "config": config,
        "seed": seed,
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "schema": SCHEMA,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {device}",
    }


def _checked(fields: Any) -> dict[str, Any]:
    """What a file holds, if each field is what it should be; raises :class:`ResultsError`."""
    if not isinstance(fields, dict):
        raise ResultsError("it holds no fields")
    for name, kind in KINDS.items():
        if not isinstance(fields.get(name, kind()), kind):
            raise ResultsError(f"{name} is not a {kind.__name__}")
    for name, values in {**fields.get("metrics", {}), **fields.get("stderr", {})}.items():
        if not isinstance(values, list):
            raise ResultsError(f"{name} has no list of values")
    schema = fields.get("provenance", {}).get("schema", SCHEMA)
    if schema != SCHEMA:
        raise ResultsError(f"it has schema {schema}, and this version reads {SCHEMA}")
    return fields


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """The commit of the code, with "+" where the working tree differs from it; empty outside a checkout."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!results")
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
