"""Turns results into figures and one HTML page: ``python report.py results`` writes results/report.html.

The page holds its figures and galleries itself and needs no network. The figures lie in results/figures as well, as PNG
and as PDF, one column of a paper wide. A file that cannot be read is named, on the page as well, and left out; the exit
code is then 1, as it is where nothing was written.
"""

import argparse
import sys
from pathlib import Path

from semjscc.report.found import find
from semjscc.report.page import page


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; 1 where something was left out.

    Raises:
        ValueError, OSError: of one line; nothing was written.
    """
    parser = argparse.ArgumentParser(
        prog="report.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("results"), help="of results (default results)")
    folder = parser.parse_args(arguments).folder
    found, figures = find(folder), folder / "figures"
    figures.mkdir(exist_ok=True)
    text = page(found, figures)
    (folder / "report.html").write_text(text, encoding="utf-8")
    for line in found.skipped:
        print(f"left out: {line}", file=sys.stderr)
    print(f"report {folder / 'report.html'}, {len(text.encode()) / 1e6:.1f} MB\nfigures {figures}")
    if found.skipped:
        print(f"{len(found.skipped)} left out", file=sys.stderr)
    return int(bool(found.skipped))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, OSError) as error:
        sys.exit(f"report.py: {error}")
