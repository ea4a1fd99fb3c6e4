"""Coded bits in another order, so that what the channel spoils at one place lies far apart in the code."""

from functools import lru_cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semjscc import counting
from semjscc.phy.fec.base import Code


class Interleaved(Code):
    """A code whose coded bits go out in random order, the same for every block of one length.

    ::

        bits --> code.encode --> in order --+
        bits <-- code.decode <-- in place <-+

    A convolutional code mends a few errors anywhere but no burst of them: a weak stream, a faded carrier. With blocks
    as long as a frame, each of them is spread over the whole frame.

    Args:
        code: of one length or of any.
        seed: of the order, which is the same on every device.
    """

    def __init__(self, code: Code, seed: int = 0):
        super().__init__()
        self.code, self.seed = code, seed
        if hasattr(code, "k"):
            self.k, self.n = code.k, code.n

    def for_payload(self, bits: int) -> Code:
        return Interleaved(self.code.for_payload(bits), self.seed)

    def payload_bits(self, coded_bits: int) -> int:
        return self.code.payload_bits(coded_bits)

    def encode(self, bits: Float[Tensor, "*blocks k"]) -> Float[Tensor, "*blocks n"]:
        """Coded bits, 0.0 or 1.0."""
        coded = self.code.encode(bits)
        order, _ = orders(coded.shape[-1], self.seed)
        return coded.index_select(-1, order.to(coded.device))

    def decode(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks k"]:
        """As the code decodes, see there."""
        _, places = orders(llrs.shape[-1], self.seed)
        return self.code.decode(llrs.index_select(-1, places.to(llrs.device)), prior)


@lru_cache(maxsize=64)
def orders(n: int, seed: int) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]]:
    """Which of ``n`` bits goes out first, second, ..., and where each of them goes."""
    order = counting.bits(torch.tensor([seed]), 0, n)[0].argsort()
    return order, order.argsort()
