"""One system's part of a sweep: what is done of it, what is missing, and doing that."""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semjscc.data.base import ImageSource
from semjscc.data.batches import chunks
from semjscc.evaluation import measure, opened, snr_named
from semjscc.exhibits import EXHIBITS
from semjscc.metrics.base import Metric
from semjscc.results import ROOT
from semjscc.rows import Rows, joined, where
from semjscc.sweeps.identity import identity
from semjscc.sweeps.plan import Task
from semjscc.sweeps.store import Store
from semjscc.systems.base import System


@dataclass(frozen=True)
class Ground:
    """What all systems of a sweep have in common."""

    data: str
    source: ImageSource
    metrics: Sequence[Metric]
    num_images: int
    seed: int
    device: str
    conditions: dict[str, Any]  # what a row depends on beside the system

    @property
    def total(self) -> int:
        return min(self.num_images, len(self.source))


class Work:
    """One task; its system is built when something is missing.

    Args:
        folder: of the stores of this data
    """

    def __init__(self, task: Task, ground: Ground, folder: Path):
        self.task, self.ground = task, ground
        self.store = Store(folder / task.name, identity(task.settings, **ground.conditions))
        self.parts: dict[tuple[float, int], tuple[Rows, float]] = {}
        self.failures: dict[float, str] = {}  # SNR and what was wrong
        self.system: System | None = None
        self.done = 0  # pictures sent, at all SNRs
        self._chunks: list[range] = []
        self.look()

    def look(self) -> None:
        """Reads what is there and not yet known."""
        for chunk in self.chunks():
            for snr in self.task.snr_db:
                self._known(snr, chunk)

    def chunks(self) -> list[range]:
        """None before anybody has built the system."""
        if not self._chunks and (facts := self.store.facts):
            self._chunks = chunks(len(self.ground.source), self.ground.num_images, facts["users"])
        return self._chunks

    @property
    def complete(self) -> bool:
        """Whether all is done that does not fail."""
        chunks = self.chunks()
        return len(self.failures) == len(self.task.snr_db) or (
            bool(chunks) and not any(self.missing(chunk) for chunk in chunks)
        )

    def missing(self, chunk: range) -> list[float]:
        """SNRs at which the chunk is still to be sent."""
        return [snr for snr in self.task.snr_db if snr not in self.failures and not self._has(snr, chunk)]

    def go_on(self, wait: bool, report: Callable[[], None]) -> None:
        """Does what nobody else is doing, or with ``wait`` all that others leave undone.

        Raises:
            OSError: the store cannot be written; what was done before stays.
        """
        self.store.begin()
        if not self.store.facts and not self._built():
            return
        for chunk in self.chunks():
            if self.missing(chunk):
                with self.store.claim(chunk.start, wait) as ours:
                    if ours:
                        self._send(chunk, report)
        self.look()

    def rows(self) -> Rows:
        """All rows asked for, of the SNRs that did not fail."""
        good = [snr for snr in self.task.snr_db if snr not in self.failures]
        parts = (self.parts[snr, chunk.start][0] for snr in good for chunk in self.chunks())
        return where(joined(parts), "image", range(self.ground.total))

    @property
    def seconds(self) -> float:
        """What all parts took, whoever did them and when."""
        return sum(seconds for _, seconds in self.parts.values())

    def close(self) -> None:
        self.system = None
        self.store.close()

    def _send(self, chunk: range, report: Callable[[], None]) -> None:
        batches: list = []
        for snr in self.missing(chunk):
            if not self._known(snr, chunk) and self._built():
                start = time.monotonic()
                try:
                    batches = batches or opened(self.ground.source, chunk, self._system(), self.ground.device)
                    rows = measure(self._system(), self.ground.metrics, batches, snr, self.ground.seed, EXHIBITS)
                except Exception as error:  # whatever a system may raise, the others are still good
                    self.failures[snr] = f"{described(error)} at images {chunk.start} to {chunk[-1]}"
                    continue
                seconds = time.monotonic() - start
                self.store.write(snr, chunk.start, rows, seconds)
                self._keep(snr, chunk, (rows, seconds))
            report()

    def _built(self) -> bool:
        """Whether there is a system to send with; a failure at all SNRs where there is none."""
        if self.system is None and not self.failures.keys() >= set(self.task.snr_db):
            try:
                self.system = self.task.build().to(self.ground.device)
            except Exception as error:
                self.failures = dict.fromkeys(self.task.snr_db, described(error))
                return False
            self.store.facts = self.store.facts or {"users": self.system.users, **snr_named(self.system)}
        return self.system is not None

    def _system(self) -> System:
        assert self.system is not None
        return self.system

    def _known(self, snr: float, chunk: range) -> bool:
        if not self._has(snr, chunk) and (found := self.store.read(snr, chunk.start)):
            self._keep(snr, chunk, found)
        return self._has(snr, chunk)

    def _has(self, snr: float, chunk: range) -> bool:
        return (snr, chunk.start) in self.parts

    def _keep(self, snr: float, chunk: range, found: tuple[Rows, float]) -> None:
        self.parts[snr, chunk.start] = found
        self.done += len(chunk[: self.ground.total - chunk.start])


def described(error: Exception) -> str:
    """An error on one line, with the place in semjscc that it comes from."""
    words = " ".join(str(error).split()) or "no message"
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(ROOT))]
    where = f" ({Path(places[-1].filename).relative_to(ROOT)}:{places[-1].lineno})" if places else ""
    return f"{type(error).__name__}: {words}{where}"
