"""How fast responses of channels are drawn beside Sionna 2.2: ``python -m benchmarks.channels``.

Slots of 128 carriers x 14 symbols over UMa, CDL-C and TDL-C, 1 x 2 and 4 x 16 antennas, 1 to 1024 at once; and forward
and backward through UMa, estimation and equalisation. The sides take turns as in `python -m benchmarks`. Writes a JSON
file after every case and prints a table of median rates.
"""

from benchmarks.cases.channels import CASES
from benchmarks.command import Suite

SUITE = Suite("benchmarks.channels", __doc__, "benchmarks.cases.channels", CASES, "channels.json")

if __name__ == "__main__":
    SUITE.main()
