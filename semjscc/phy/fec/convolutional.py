"""Convolutional codes, and their decoder."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semjscc.phy.fec.base import Code
from semjscc.phy.fec.viterbi import likeliest, register

LLR_MAX = 1e4  # stands for certainty: beside it single precision still tells thousandths apart
# Which coded bits of a step go out, step by step of a period. For the generators (133, 171, 165) these have the largest
# free distance of all patterns of up to four steps, and the fewest wrong bits at that distance
PUNCTURING = {"1/3": ("111",), "1/2": ("110",), "2/3": ("110", "100")}


class Convolutional(Code):
    """``k`` bits, zeros behind --[shift register]--> coded bits --[puncture]--> ``n`` bits, and back by Viterbi.

    The defaults are paper B's code: K = 7, generators 133, 171 and 165 (octal), six zeros to empty the register, so
    that n = 3 (k + 6). Its free distance is 15; 10 when it is punctured to rate 1/2, 6 at 2/3.

    Args:
        k: Information bits of a block. None takes blocks of any length, and carries every payload in a block of its
            own; such a code has no ``k`` and ``n``.
        generators: The coded bits of a step; each adds up the bits of the register that are set in it, the newest being
            the highest.
        rate: Puncturing of three generators, "1/3", "1/2" or "2/3", the tail's rate included; None sends all.

    Raises:
        ValueError: no such code; the message says why.
    """

    taps: Float[Tensor, "generators length"]
    pattern: Bool[Tensor, "period generators"]

    def __init__(
        self, k: int | None = None, generators: Sequence[int] = (0o133, 0o171, 0o165), rate: str | None = None
    ):
        super().__init__()
        _check(k, generators, rate)
        self.memory = max(generators).bit_length() - 1
        taps = [[generator >> place & 1 for place in range(self.memory, -1, -1)] for generator in generators]
        pattern = PUNCTURING[rate] if rate else ["1" * len(generators)]
        kept = [[sign == "1" for sign in step] for step in pattern]
        self.register_buffer("taps", torch.tensor(taps, dtype=torch.float32), persistent=False)
        self.register_buffer("pattern", torch.tensor(kept), persistent=False)
        self.sent = [0, *accumulate(map(sum, kept))]  # coded bits in so many steps of a period
        self.length, self.generators, self.rate = k, tuple(generators), rate
        if k is not None:
            self.k, self.n = k, self.coded_bits(k)

    def coded_bits(self, k: int) -> int:
        """Length of the coded block of ``k`` information bits."""
        periods, steps = divmod(k + self.memory, len(self.pattern))
        return periods * self.sent[-1] + self.sent[steps]

    def information_bits(self, n: int) -> int:
        """The most information bits whose coded block takes at most ``n`` bits; ``ValueError`` where not one fits."""
        periods, rest = divmod(n, self.sent[-1])
        k = periods * len(self.pattern) + bisect_right(self.sent, rest) - 1 - self.memory
        if k < 1:
            raise ValueError(f"a coded block has at least {self.coded_bits(1)} bits; got {n}")
        return k

    def for_payload(self, bits: int) -> Code:
        return self if self.length else Convolutional(bits, self.generators, self.rate)

    def payload_bits(self, coded_bits: int) -> int:
        return super().payload_bits(coded_bits) if self.length else self.information_bits(coded_bits)

    def encode(self, bits: Float[Tensor, "*blocks k"]) -> Float[Tensor, "*blocks n"]:
        """Coded bits, 0.0 or 1.0, step by step, in the order of the generators within a step."""
        k = self._length(bits.shape[-1])
        ends = F.pad(bits.reshape(-1, k), (self.memory, self.memory))
        coded = register(ends, self.taps.to(bits)).flatten(1).index_select(1, self._kept(k))
        return coded.reshape(*bits.shape[:-1], self.coded_bits(k))

    def decode(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks k"]:
        """The most likely block's information bits, 0.0 or 1.0, from logits log P(1)/P(0) of the coded bits.

        ``prior`` has the logits of the information bits before anything is heard. A logit beyond +-10,000 is certain.

        Raises:
            ValueError: a logit is not a number, and the message says in which block; or a block of that length is not
                one of this code.
        """
        n = llrs.shape[-1]
        k = self._length(self.information_bits(n))
        if self.coded_bits(k) != n:
            raise ValueError(f"a block of {k} information bits has {self.coded_bits(k)} coded ones; got {n}")
        with torch.no_grad():
            heard = _numbers(llrs.reshape(-1, n), "LLRs")
            known = heard.new_zeros(len(heard), k) if prior is None else _numbers(prior.reshape(-1, k), "Priors")
            steps = heard.new_zeros(len(heard), (k + self.memory) * len(self.taps))
            steps.index_copy_(1, self._kept(k), heard)
            bits = likeliest(steps.unflatten(1, (-1, len(self.taps))), known, self.taps)
        return bits.reshape(*llrs.shape[:-1], k).to(llrs.dtype)

    def _kept(self, k: int) -> Int[Tensor, " n"]:
        """Which of all coded bits go out."""
        periods = -(-(k + self.memory) // len(self.pattern))
        return self.pattern.repeat(periods, 1)[: k + self.memory].flatten().nonzero().squeeze(1)

    def _length(self, k: int) -> int:
        """``k``, if a block may be as long."""
        if k != (self.length or max(1, k)):
            raise ValueError(f"a block has {self.length or 'at least 1'} information bits; got {k}")
        return k


def _numbers(llrs: Float[Tensor, "batch n"], what: str) -> Float[Tensor, "batch n"]:
    """LLRs within what stands for certainty, in single precision at least."""
    if llrs.sum().isnan() and (wrong := llrs.isnan().any(1)).any():  # inf - inf is one as well
        raise ValueError(f"{what} of block {int(wrong.nonzero()[0])} of {len(llrs)} are not numbers (NaN)")
    return llrs.clamp(-LLR_MAX, LLR_MAX).to(torch.promote_types(llrs.dtype, torch.float32))


def _check(k: int | None, generators: Sequence[int], rate: str | None) -> None:
    if k is not None and k < 1:
        raise ValueError(f"k must be at least 1; got {k}")
    if min(generators, default=0) < 1 or max(generators) < 2:
        raise ValueError(f"generators must be positive and the largest at least 0o2; got {[*map(oct, generators)]}")
    if rate is not None and rate not in PUNCTURING:
        raise ValueError(f"rate must be one of {', '.join(PUNCTURING)} or None; got {rate!r}")
    if rate is not None and len(generators) != 3:
        raise ValueError(f"rate {rate} is a puncturing of three generators; got {len(generators)}, which need None")
