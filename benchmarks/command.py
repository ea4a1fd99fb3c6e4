"""The command line that the suites of cases share: ``python -m benchmarks`` and ``python -m benchmarks.channels``.

Each side runs in a process of its own, and they take turns on the same inputs; Sionna runs in two, as it comes and with
an allocator that keeps large blocks, and counts with the faster one. Writes a JSON file after every case and prints a
table of median rates.
"""

import argparse
import fnmatch
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from benchmarks import harness, table
from benchmarks.case import SEED, Case
from benchmarks.peers import kaira
from semjscc.results import provenance, write

FULL = harness.Effort(seconds=8.0, fewest=5, most=50)  # half an hour on two cores for the longer suite
QUICK = harness.Effort(seconds=4.0, fewest=3, most=10)


@dataclass(frozen=True)
class Suite:
    """Cases that are run together.

    Args:
        command: what starts it, after ``python -m``.
        module: of the cases, which the workers import.
        file: of the figures, under results/ or out/.
    """

    command: str
    what: str
    module: str
    cases: list[Case]
    file: str

    def main(self) -> None:
        """Runs the command line."""
        args = self.parser().parse_args()
        try:
            cases, head = chosen(self.cases, args.only, args.quick), self.heading(args)
        except ValueError as error:
            sys.exit(f"python -m {self.command}: {error}")
        if args.list:
            print("\n".join(case.name for case in cases))
            return
        out = args.out or Path("results" if len(cases) == len(self.cases) else "out", self.file)
        out.parent.mkdir(parents=True, exist_ok=True)
        if found := self.measure(cases, args, out, head):
            print("\n".join(table.text(found)), f"figures {out}", sep="\n")

    def parser(self) -> argparse.ArgumentParser:
        """What the command line knows."""
        p = argparse.ArgumentParser(
            prog=f"python -m {self.command}",
            description=self.what,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        p.add_argument("--quick", action="store_true", help="a case of each kind, a few minutes")
        p.add_argument("--only", nargs="+", default=["*"], metavar="NAME", help="cases, by name or pattern ('ldpc-*')")
        p.add_argument("--list", action="store_true", help="print the names of the cases and end")
        p.add_argument("--threads", type=int, default=2, help="of each side (default 2)")
        p.add_argument(
            "--kaira", type=Path, metavar="FOLDER", help="holds a second peer: see benchmarks/peers/kaira.py"
        )
        where = f"results/{self.file}, or out/{self.file} where --quick or --only leave cases out"
        p.add_argument("--out", type=Path, help=where)
        return p

    def heading(self, args: argparse.Namespace) -> dict[str, Any]:
        """What goes before the figures."""
        kept = provenance({"quick": args.quick, "only": args.only, "threads": args.threads}, SEED, "cpu")
        kept["versions"]["sionna-no-rt"] = version("sionna-no-rt")
        if args.kaira:
            kept["versions"]["pykaira"] = kaira.version(args.kaira)
        command = " ".join([f"python -m {self.command}", *sys.argv[1:]])
        return {"command": command, "threads": args.threads, "capability": torch.backends.cpu.get_cpu_capability()} | {
            "provenance": kept
        }

    def measure(
        self, cases: list[Case], args: argparse.Namespace, out: Path, head: dict[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """The figures of each case, which are written to ``out`` as they come; Ctrl-C ends it."""
        found: dict[str, dict[str, Any]] = {}
        kairas = {"kaira": harness.Variant("kaira", {"PYTHONPATH": str(args.kaira.resolve())})} if args.kaira else {}
        with harness.workers(harness.VARIANTS | kairas, self.module, args.threads) as workers:
            try:
                for case in (bar := tqdm(cases, unit="case")):
                    bar.set_description(case.name)
                    found[case.name] = harness.measure(case, workers, QUICK if args.quick else FULL)
                    write(out, head | {"cases": found})
            except KeyboardInterrupt:
                print(f"interrupted after {len(found)} of {len(cases)} cases", file=sys.stderr)
        return found


def chosen(cases: list[Case], patterns: list[str], quick: bool) -> list[Case]:
    """The cases that match, in their order.

    Raises:
        ValueError: a pattern that matches none; the message says which there are.
    """
    cases = [case for case in cases if case.quick] if quick else cases
    for pattern in patterns:
        if not any(fnmatch.fnmatch(case.name, pattern) for case in cases):
            raise ValueError(f"unknown case {pattern!r}: there are {', '.join(case.name for case in cases)}")
    return [case for case in cases if any(fnmatch.fnmatch(case.name, pattern) for pattern in patterns)]
