"""Modulation and coding schemes."""

import re
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class MCS:
    """A modulation and a code rate."""

    bits_per_symbol: int
    rate: Fraction

    @classmethod
    def parse(cls, words: str) -> "MCS":
        """Raises ``ValueError`` for anything but what ``str`` gives, "16-QAM 2/3"."""
        found = re.fullmatch(r"(\d+)-QAM (\d+)/([1-9]\d*)", words.strip())
        order = int(found[1]) if found else 0
        if not found or order < 2 or order & (order - 1):
            raise ValueError(f"a mode is a modulation and a code rate such as '16-QAM 2/3', not {words!r}")
        return cls(order.bit_length() - 1, Fraction(int(found[2]), int(found[3])))

    def __str__(self) -> str:
        return f"{2**self.bits_per_symbol}-QAM {self.rate}"
