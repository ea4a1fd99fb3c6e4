"""Cases that take no time, for the harness's tests."""

import os
import time
from functools import partial

from benchmarks.case import Case, Job


def sleeping(seconds: float, units: int = 1) -> Job:
    """A job of known length; it says which allocator it runs under."""
    tuned = float("MALLOC_MMAP_MAX_" in os.environ)
    return Job(time.sleep, [seconds], units, lambda results: {"tuned": tuned, "results": len(results)})


def failing() -> Job:
    """A job that cannot be built."""
    raise ValueError("no such size")


def dying() -> Job:
    """A job that takes its process with it."""
    return Job(lambda _: os._exit(3), [0], 1)


def holding(megabytes: int) -> Job:
    """A job that needs so much memory."""
    return Job(lambda size: bytearray(b"x" * size), [megabytes * 500_000], 1)  # twice as much in between


CASES = [
    Case("sleep", "sleeping", "nap", 1, {"ours": partial(sleeping, 0.001, 3), "sionna": partial(sleeping, 0.02)}),
    Case("fail", "failing", "nap", 1, {"ours": partial(sleeping, 0.001), "sionna": failing}),
    Case("die", "dying", "nap", 1, {"ours": partial(sleeping, 0.001), "sionna": dying}),
    Case("alone", "holding 100 MB", "byte", 1, {"ours": partial(holding, 100)}),
]
