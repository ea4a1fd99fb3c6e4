"""Codes made to measure: blocks of nearly equal length at one rate, whatever the size of the payload."""

import math
from bisect import bisect_right
from functools import lru_cache

from semjscc.phy.fec.base import Code, Codes
from semjscc.phy.fec.ldpc import LDPC5G


class Segmented(Codes):
    """5G LDPC at one rate: a payload is cut into as few blocks as can be, all of one length (38.212, 5.2.2).

    5G's CRCs of transport and code blocks, 24 bits each, are left out. The last block is filled up with zeros.

    Args:
        rate: information bits a coded bit, up to 0.95.
        iterations: of the decoder.

    Raises:
        ValueError: the rate is not one that can be decoded.
    """

    def __init__(self, rate: float, iterations: int = 20):
        super().__init__()
        if not 0.0 < rate <= 0.95:
            raise ValueError(
                f"rate must lie in (0, 0.95], the last rate that can be decoded (38.214, 5.1.3); got {rate}"
            )
        self.rate, self.iterations = rate, iterations
        self.longest = 3840 if rate <= 0.25 else 8448  # K_cb of base graph 2, which low rates take, and 1

    def payload_bits(self, coded_bits: int) -> int:
        """Raises ``ValueError`` where the coded bits do not carry the shortest block there is, of 12 bits."""
        shortest, longest = 12, int(coded_bits * self.rate) + 1
        bits = bisect_right(range(shortest, longest + 1), coded_bits, key=self._coded_bits) + shortest - 1
        if bits < shortest:
            raise ValueError(f"{coded_bits} coded bits at rate {self.rate:.4g} do not carry a block of {shortest} bits")
        return bits

    def for_payload(self, bits: int) -> Code:
        return _ldpc(*self._block(bits), self.iterations)

    def _block(self, bits: int) -> tuple[int, int]:
        """Information bits and coded bits of each block."""
        k = max(12, math.ceil(bits / self._blocks(bits)))
        return k, math.ceil(k / self.rate - 1e-9)

    def _blocks(self, bits: int) -> int:
        return max(1, math.ceil(bits / self.longest))

    def _coded_bits(self, bits: int) -> int:
        return self._blocks(bits) * self._block(bits)[1]


@lru_cache(maxsize=64)
def _ldpc(k: int, n: int, iterations: int) -> LDPC5G:
    return LDPC5G(k, n, iterations=iterations)
