"""How fast semjscc is beside Sionna 2.2 on the same machine: ``python -m benchmarks``.

Each side runs in a process of its own, and they take turns on the same inputs; Sionna runs in two, as it comes and with
an allocator that keeps large blocks, and counts with the faster one. Writes a JSON file after every case and prints a
table of median rates. `python -m benchmarks.page` makes a page of the file.
"""

from benchmarks.cases import CASES
from benchmarks.command import Suite

SUITE = Suite("benchmarks", __doc__, "benchmarks.cases", CASES, "speed.json")

if __name__ == "__main__":
    SUITE.main()
