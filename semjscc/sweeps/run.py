"""Goes through all systems of a sweep, and writes what came of each as soon as it is complete."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from semjscc.evaluation import hung, summary
from semjscc.exhibits import Exhibit
from semjscc.plots import gallery
from semjscc.results import Results, provenance, put
from semjscc.rows import Rows, to_bytes
from semjscc.sweeps.plan import Task
from semjscc.sweeps.work import Ground, Work

Finished = Callable[[Results, Rows, list[Exhibit]], None]  # is told of every system that is complete


class Sweep:
    """Systems on one data set.

    Several processes that are given the same folder share the work, chunk by chunk: torchrun's, or those of several
    terminals and machines. Each ends when all that it was asked for is done, by whomever; the rest of one that
    ended early is taken over. Results are written by those whose ``rank`` is 0.

    Args:
        out: folder of this data's results; rows lie in ``.work`` there
        rank: of this process, among those that are to write one set of results
    """

    def __init__(self, tasks: Sequence[Task], ground: Ground, out: Path, rank: int = 0):
        self.ground, self.out, self.rank = ground, out, rank
        self.works = [Work(task, ground, out / ".work") for task in tasks]

    def run(self, finished: Finished) -> list[str]:
        """What failed, a line each.

        Raises:
            KeyboardInterrupt, OSError: with what is kept. A full disk is one.
        """
        for work in self.works:
            if reason := work.store.anew():
                self.say(f"{work.task.name} starts anew: {reason}")
        try:
            with tqdm(total=self.total, initial=self.done, unit="picture", disable=self.rank > 0) as bar:
                self._through(bar, finished)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted; {self.kept()}") from None
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror or error}; {self.kept()}") from error
        return [line for work in self.works for line in failed(work)]

    def plan(self) -> str:
        """What there is to do, a line for each system."""
        each = self.ground.total
        lines = [
            f"{work.task.name}: {work.done} of {each * len(work.task.snr_db)} pictures done at "
            + ", ".join(f"{snr:g}" for snr in work.task.snr_db)
            + " dB"
            for work in self.works
        ]
        return "\n".join([*lines, f"{self.done} of {self.total} in all"])

    @property
    def total(self) -> int:
        """Pictures to send, at all SNRs."""
        return sum(self.ground.total * len(work.task.snr_db) for work in self.works)

    @property
    def done(self) -> int:
        return sum(work.done for work in self.works)

    def kept(self) -> str:
        """What there is, and how to go on."""
        place = self.out / ".work"
        return f"{self.done} of {self.total} pictures are kept in {place}, the same command goes on from there"

    def say(self, words: str) -> None:
        if self.rank == 0:
            tqdm.write(words, file=sys.stderr)

    def _through(self, bar: tqdm, finished: Finished) -> None:
        """First what nobody else is doing, then what others leave."""

        def report() -> None:
            bar.update(self.done - bar.n)

        pending = self.works
        for wait in (False, True):
            for work in pending:
                bar.set_description(f"{work.task.name} on {self.ground.data}")
                work.go_on(wait, report)
                report()
                if work.complete and self.rank == 0:
                    self._write(work, finished)
                work.close()
            pending = [work for work in pending if not work.complete]

    def _write(self, work: Work, finished: Finished) -> None:
        good = [snr for snr in work.task.snr_db if snr not in work.failures]
        for line in failed(work):
            self.say(line)
        if not good:
            return
        rows, stem = work.rows(), self.out / work.task.name
        exhibits, names = hung(rows, good), (work.task.name, self.ground.data)
        results = summary(rows, good, names, self.ground.total, self._provenance(work, good))
        put(stem.with_name(f"{stem.name}.parquet"), to_bytes(rows))
        gallery(exhibits, results, stem.with_name(f"{stem.name}.png"))
        results.save(stem.with_name(f"{stem.name}.json"))
        finished(results, rows, exhibits)

    def _provenance(self, work: Work, good: list[float]) -> dict:
        task, conditions = work.task, self.ground.conditions
        used = task.settings | {"preset": task.preset_name} | {key: conditions[key] for key in ("data", "skipped")}
        kept = provenance(used, self.ground.seed, self.ground.device)
        kept |= {"snr": (work.store.facts or {}).get("snr", ""), "seconds": round(work.seconds, 1)}
        if task.ebn0_db:
            kept["ebn0_db"] = [task.ebn0_db[snr] for snr in good]
        if work.failures:
            kept["failures"] = [{"snr_db": snr, "error": error} for snr, error in work.failures.items()]
        return kept


def failed(work: Work) -> list[str]:
    """What failed of one system; one line where it was the same at all SNRs."""
    errors = work.failures
    if len(errors) == len(work.task.snr_db) and len(set(errors.values())) == 1:
        return [f"{work.task.name} failed: {next(iter(errors.values()))}"]
    return [f"{work.task.name} failed at {snr:g} dB: {error}" for snr, error in errors.items()]
