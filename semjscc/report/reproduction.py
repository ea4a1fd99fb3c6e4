"""The reproduction page: ``python -m semjscc.report.reproduction`` writes docs/REPRODUCTION.md from results/."""

import argparse
from pathlib import Path

from semjscc.report import origins
from semjscc.report.found import find
from semjscc.report.papers import A, B, tables
from semjscc.results import ROOT

PAGE = """# Reproduction

What the two papers claim, beside what comes out here. Written by `python -m semjscc.report.reproduction` from
[results](../results); the papers' own figures are in [papers.json](../semjscc/report/papers.json). Paper B has
[a page](PAPER-B.md) at length, and [Conventions](CONVENTIONS.md) says what each figure means.

- Paper A: {a}
- Paper B: {b}

Pictures here are scenes of 64 x 64 that a caption describes completely, not photographs: SSIM and PSNR are higher, and
compression is lower, for that reason alone.

{tables}

## The commands

```
{commands}
```
"""


def page(folder: Path) -> str:
    """The page, from the results in a folder.

    Raises:
        ResultsError: there are none.
    """
    found = find(folder)
    results = [entry.results for entry in found.entries]
    shown = tables(results, found.paper_b)
    papers = {*A["systems"]["semantic"], *B["systems"]}
    sets = {one.data for one in results if one.system in papers}
    used = [one for one in results if one.data in sets and one.system in papers | {*A["systems"]["conventional"]}]
    commands = [origins.command(one) for one in used]
    commands += ["python -m benchmarks.paper_b --drops 4 --many 20", "python report.py results"]
    parts = "\n\n".join(f"## {table.caption}\n\n{table.markdown()}" for table in shown)
    return PAGE.format(a=A["title"], b=B["title"], tables=parts, commands="\n".join(commands))


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "results", help="of results (default results)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "REPRODUCTION.md")
    args = parser.parse_args()
    args.out.write_text(page(args.folder), encoding="utf-8")


if __name__ == "__main__":
    main()
