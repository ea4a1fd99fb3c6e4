"""What a benchmark is: a case, and on each side the job to be timed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SEED = 0  # both sides begin with it, so that they draw the same inputs


def no_score(results: list[Any]) -> dict[str, float]:
    """Nothing but time is of interest."""
    return {}


@dataclass(frozen=True)
class Job:
    """What one side does: ``run`` on one of ``inputs`` after the other, ``units`` of work each time.

    Args:
        score: figures of the results of all inputs, such as a block error rate.
        grad: whether autograd is on.
    """

    run: Callable[[Any], Any]
    inputs: Sequence[Any]
    units: int
    score: Callable[[list[Any]], dict[str, float]] = no_score
    grad: bool = False


@dataclass(frozen=True)
class Case:
    """The same work for every side: ``{"ours": job, "sionna": job}``, each built in a process of its own.

    Args:
        what: in words, for tables.
        unit: of the work that is counted.
        batch: blocks, symbols, slots or pictures at once; a side may take fewer, in the sizes that suit it.
        quick: part of ``--quick``.
    """

    name: str
    what: str
    unit: str
    batch: int
    sides: Mapping[str, Callable[[], Job]]
    quick: bool = False
