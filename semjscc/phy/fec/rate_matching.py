"""Which bits of a codeword go out, in which order (38.212, 5.4.2), and back."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from semjscc.phy.fec.basegraph import PUNCTURED, BaseGraph


class RateMatcher(nn.Module):
    """Codeword --[puncture, drop fillers]--> circular buffer --[read n]--> [interleave] --> coded bits (rv 0).

    An ``n`` beyond the buffer's end wraps around to its start; on the way back the LLRs of repeated bits are added.
    """

    buffer: Int[Tensor, " heard"]  # bits of the codeword, in the order of the circular buffer, as far as it is read
    filler: Int[Tensor, " fillers"]
    sent: Int[Tensor, " n"]  # place in the buffer of each bit that goes out
    order: Int[Tensor, " n"]  # which of those that go out is read first, second, ...

    def __init__(self, graph: BaseGraph, k: int, n: int, bits_per_symbol: int | None):
        super().__init__()
        self.n, self.bits_per_symbol = n, bits_per_symbol
        bits = torch.arange(graph.codeword_bits)
        filler = (k <= bits) & (bits < graph.information_bits)
        buffer = bits[~filler & (bits >= PUNCTURED * graph.lifting)]
        order = torch.arange(n) if bits_per_symbol is None else torch.arange(n).reshape(bits_per_symbol, -1).T.flatten()
        self.register_buffer("buffer", buffer[:n], persistent=False)
        self.register_buffer("filler", bits[filler], persistent=False)
        self.register_buffer("sent", order % len(buffer), persistent=False)
        self.register_buffer("order", order.argsort(), persistent=False)

    @property
    def last_bit(self) -> int:
        """Index of the codeword's last bit that goes out."""
        return int(self.buffer[-1])

    def match(self, codewords: Float[Tensor, "batch codeword"]) -> Float[Tensor, "batch n"]:
        """Coded bits of whole codewords."""
        return codewords[:, self.buffer[self.sent]]

    def collect(self, llrs: Float[Tensor, "batch n"]) -> Float[Tensor, "batch heard"]:
        """LLRs in the order of the circular buffer, those of a repeated bit added."""
        if self.bits_per_symbol is not None:
            llrs = llrs[:, self.order]
        turns = -(-self.n // len(self.buffer))
        if turns == 1:
            return llrs
        return nn.functional.pad(llrs, (0, turns * len(self.buffer) - self.n)).unflatten(1, (turns, -1)).sum(1)

    def recover(self, llrs: Float[Tensor, "batch n"], length: int, known: float) -> Float[Tensor, "batch length"]:
        """LLRs of the first ``length`` bits of the codewords: 0 where nothing was sent, ``-known`` for the fillers."""
        codewords = llrs.new_zeros(len(llrs), length).index_fill(1, self.filler, -known)
        return codewords.index_copy(1, self.buffer, self.collect(llrs))
