"""What a system's bit link does to blocks at each SNR, for :class:`semjscc.phy.standin.StandIn` to draw from:
``python -m benchmarks.standin``.

Writes configs/standins/paper-a.json: how many blocks were sent and lost at each SNR, and the errors of some lost ones.
"""

import argparse
import shlex
import sys
from pathlib import Path

from semjscc import config
from semjscc.config import CONFIGS
from semjscc.phy.standin import measure
from semjscc.results import provenance, write
from semjscc.systems.base import System

SNR_DB = (-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)


def main() -> None:
    """Runs the command line."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.standin", description=__doc__.splitlines()[0])
    p.add_argument("--system", default="llm-ofdm", help="whose link, which sends a payload as one block")
    p.add_argument("--bits", type=int, default=1392, help="of a payload")
    p.add_argument("--blocks", type=int, default=2048, help="sent at each SNR")
    p.add_argument("--kept", type=int, default=256, help="error patterns kept at each SNR")
    p.add_argument("--out", type=Path, default=CONFIGS / "standins" / "paper-a.json")
    args = p.parse_args()
    file = config.find("systems", args.system)
    kept = provenance(config.settings(file, {"system": System})["system"]["init_args"]["link"], 0, "cpu")
    link = config.build(file, {"system": System})["system"].link
    command = shlex.join(["python", "-m", "benchmarks.standin", *sys.argv[1:]])
    found = measure(link, args.bits, SNR_DB, args.blocks, args.kept)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write(args.out, {"command": command, **found, "provenance": kept})


if __name__ == "__main__":
    main()
