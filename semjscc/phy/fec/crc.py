"""The cyclic redundancy checks of 5G NR (38.212, 5.1)."""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

# Exponents of the cyclic generator polynomials g(D); each has the term 1 besides
POLYNOMIALS = {
    "CRC24A": (24, 23, 18, 17, 14, 11, 10, 7, 6, 5, 4, 3, 1),
    "CRC24B": (24, 23, 6, 5, 1),
    "CRC24C": (24, 23, 21, 20, 17, 15, 13, 12, 8, 4, 2, 1),
    "CRC16": (16, 12, 5),
    "CRC11": (11, 10, 9, 5),
    "CRC6": (6, 5),
}


class CRC(nn.Module):
    """Appends the remainder of bits(D) D^L / g(D), and checks it.

    The remainder is linear in the bits, so a batch needs one product with the remainders of the powers of D.

    Raises:
        ValueError: ``name`` is not one of 38.212's polynomials.
    """

    def __init__(self, name: str):
        super().__init__()
        if name not in POLYNOMIALS:
            raise ValueError(f"name must be one of {', '.join(POLYNOMIALS)}; got {name!r}")
        self.name = name
        self.length = POLYNOMIALS[name][0]

    def encode(self, bits: Float[Tensor, "*blocks bits"]) -> Float[Tensor, "*blocks bits_and_parity"]:
        """The bits and, behind them, their ``length`` parity bits."""
        return torch.cat([bits, self._parity(bits)], dim=-1)

    def check(self, bits: Float[Tensor, "*blocks bits_and_parity"]) -> Bool[Tensor, "*blocks"]:
        """Whether the last ``length`` bits of each block are the parity of those before."""
        if bits.shape[-1] < self.length:
            raise ValueError(f"{self.name} checks blocks of at least {self.length} bits; got {bits.shape[-1]}")
        message, parity = bits.tensor_split((bits.shape[-1] - self.length,), dim=-1)
        return (self._parity(message) == parity).all(-1)

    def _parity(self, bits: Float[Tensor, "*blocks bits"]) -> Float[Tensor, "*blocks parity"]:
        return (bits @ torch.from_numpy(_remainders(self.name, bits.shape[-1])).to(bits)).remainder(2.0)


@lru_cache(maxsize=64)
def _remainders(name: str, bits: int) -> np.ndarray:
    """Remainder of each bit's power of D, highest first, times D^L: the parity part of a generator matrix."""
    length, *inner = POLYNOMIALS[name]
    generator = sum(1 << power for power in (*inner, 0))
    remainders, remainder = np.zeros((bits, length), np.float32), generator  # of D^L
    for row in remainders[::-1]:
        row[:] = [remainder >> power & 1 for power in reversed(range(length))]
        remainder = (remainder << 1) ^ (remainder >> (length - 1)) * (generator | 1 << length)
    return remainders
