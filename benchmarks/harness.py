"""Runs cases on all sides in turn, and makes figures of the times."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.case import Case
from semjscc.results import ROOT

# Keeps glibc from returning large blocks to the system, which Sionna gains from at large batches.
TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**34)}


@dataclass(frozen=True)
class Variant:
    """A side of the cases and the environment it runs in."""

    side: str
    environment: dict[str, str] = field(default_factory=dict)


VARIANTS = {"ours": Variant("ours"), "sionna": Variant("sionna"), "sionna-tuned": Variant("sionna", TUNED)}


@dataclass(frozen=True)
class Effort:
    """``fewest`` to ``most`` samples a side, and no more than ``fewest`` once ``seconds`` have been spent on the case;
    after four times as many seconds not even those.
    """

    seconds: float
    fewest: int
    most: int

    def goes_on(self, samples: int, spent: float) -> bool:
        """Whether another round is due."""
        return spent < (4 if samples < self.fewest else 1) * self.seconds and samples < self.most


class Worker:
    """A process (:mod:`benchmarks.worker`) that does what one variant has to do."""

    def __init__(self, variant: Variant, module: str, threads: int):
        counts = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), str(threads))
        self.side = variant.side
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", module, variant.side],
            env=os.environ | counts | variant.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us
        )

    def ask(self, line: str) -> dict[str, Any]:
        """Sends a line and waits for the answer; a dead worker answers with an error."""
        try:
            print(line, file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())  # type: ignore[union-attr]
        except (OSError, ValueError):
            return {"error": "the worker has died"}

    def close(self) -> None:
        """Ends it and what it forked, at once."""
        with self.process, suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


@contextmanager
def workers(variants: dict[str, Variant], module: str, threads: int) -> Iterator[dict[str, Worker]]:
    """One for each variant, ended with the block."""
    with ExitStack() as stack:
        started = {name: Worker(variant, module, threads) for name, variant in variants.items()}
        for worker in started.values():
            stack.callback(worker.close)
        yield started


def measure(case: Case, workers: dict[str, Worker], effort: Effort) -> dict[str, Any]:
    """The figures of one case: the workers take turns, sample by sample."""
    replies = {name: worker.ask(case.name) for name, worker in workers.items() if worker.side in case.sides}
    seconds: dict[str, list[float]] = {name: [] for name in replies}
    started = time.perf_counter()
    while going := [name for name, reply in replies.items() if "error" not in reply]:
        for name in going:
            replies[name] |= workers[name].ask("run")
            if "error" not in replies[name]:
                seconds[name].append(replies[name].pop("seconds"))
        if not effort.goes_on(max(map(len, seconds.values())), time.perf_counter() - started):
            break
    for name in going:
        if "error" not in replies[name]:
            replies[name] |= workers[name].ask("")
    sides = {name: figures(reply, seconds[name]) for name, reply in replies.items()}
    return {"what": case.what, "unit": case.unit, "batch": case.batch, "sides": sides} | ratios(sides)


def figures(reply: dict[str, Any], seconds: list[float]) -> dict[str, Any]:
    """Rates [units/s] of one side: the median and the quartiles; or why there are none."""
    if "error" in reply:
        return {"error": reply["error"]}
    rates = [reply["units"] / s for s in seconds]
    low, median, high = statistics.quantiles(rates, n=4, method="inclusive") if len(rates) > 1 else rates * 3
    return {"rate": median, "quartiles": [low, high], "repetitions": len(rates)} | reply


def ratios(sides: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Our rate over that of each peer, in whichever variant ("peer", "peer-tuned", ...) is the fastest."""
    best: dict[str, str] = {}
    for name, side in sides.items():
        peer = name.split("-")[0]
        if "rate" in side and (peer not in best or side["rate"] > sides[best[peer]]["rate"]):
            best[peer] = name
    ours = best.pop("ours", None)
    over = {peer: sides[ours]["rate"] / sides[name]["rate"] for peer, name in best.items()} if ours else {}
    return {"best": best, "ratio": over}
