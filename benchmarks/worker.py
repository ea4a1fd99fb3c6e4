"""One side of the comparison, a process of its own: ``python -m benchmarks.worker MODULE SIDE``.

Imports MODULE and its ``CASES``, then takes a line with a case's name from standard input. A fork builds that side's
job and runs all its inputs once, to warm up; each line "run" makes one timed sample, and an empty line ends the fork.
Every line is answered with one of JSON. So each case starts from the same memory, that of the imports.
"""

import importlib
import itertools
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.case import SEED, Case, Job

SAMPLE = 0.05  # [s] a sample runs its job as often as it takes to last that long


def main() -> None:
    """Answers until standard input ends."""
    module, side = sys.argv[1:]
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no reply
    cases: dict[str, Case] = {case.name: case for case in importlib.import_module(module).CASES}
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

    def reply(figures: dict[str, Any]) -> None:
        print(json.dumps(figures), file=replies, flush=True)

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            answer(cases[line.strip()].sides[side], reply)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            reply({"error": f"the process ended with code {os.waitstatus_to_exitcode(status)}"})


def answer(build: Callable[[], Job], reply: Callable[[dict[str, Any]], None]) -> None:
    """One case, from its name to the empty line; what goes wrong is answered as an error."""
    try:
        imports = resident()["RssAnon"]
        seed()
        job = build()
        torch.set_grad_enabled(job.grad)
        reset_peak()
        reply(job.score([job.run(x) for x in job.inputs]))
        taken = samples(job)
        for line in sys.stdin:
            if not line.strip():
                break
            reply({"seconds": next(taken)})
        now = resident()
        reply({"megabytes": max(0, now["VmHWM"] - now["RssFile"] - imports) / 1e3, "units": job.units})
    except Exception as error:
        reply({"error": f"{type(error).__name__}: {error}".strip()})


def samples(job: Job) -> Iterator[float]:
    """Seconds a run, without end; each the mean over as many runs as ``SAMPLE`` needs by the one before."""
    inputs, runs = itertools.cycle(job.inputs), 1
    while True:
        batch = list(itertools.islice(inputs, runs))
        started = time.perf_counter()
        for x in batch:
            job.run(x)
        seconds = (time.perf_counter() - started) / runs
        yield seconds
        runs = math.ceil(SAMPLE / seconds)


def seed() -> None:
    """The same for torch and for Sionna, where that is imported."""
    torch.manual_seed(SEED)
    if "sionna.phy" in sys.modules:
        sys.modules["sionna.phy"].config.seed = SEED


def resident() -> dict[str, int]:
    """Memory in use now and at its peak [kB], as Linux has it; zeros elsewhere."""
    found = dict.fromkeys(("VmHWM", "RssAnon", "RssFile"), 0)
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return found | {name: int(value.split()[0]) for name, value in (x.split(":", 1) for x in lines) if name in found}


def reset_peak() -> None:
    """Forgets the peak so far, where Linux lets us."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


if __name__ == "__main__":
    main()
