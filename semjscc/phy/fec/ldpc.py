"""The LDPC code of 5G NR, one code block (38.212, 5.2.2, 5.3.2 and 5.4.2)."""

from collections.abc import Callable
from functools import cached_property, partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.phy.fec.backends import check_backend, loops
from semjscc.phy.fec.base import Code
from semjscc.phy.fec.basegraph import CORE, BaseGraph, base_graph
from semjscc.phy.fec.beliefs import BeliefPropagation
from semjscc.phy.fec.checks import Messages, min_sum, sum_product
from semjscc.phy.fec.encoder import Encoder
from semjscc.phy.fec.rate_matching import RateMatcher

LLR_MAX = 1e6  # stands for certainty: what a filler bit has, and the limit for LLRs handed in
# messages worked on at once: on a CPU what stays in its cache, 45 blocks of 1392 bits at rate 1/2; elsewhere 512 MiB
AT_ONCE = {"cpu": 500_000}
MOST_AT_ONCE = 2**27


class LDPC5G(Code):
    """``k`` bits --[add fillers, parity]--> codeword --[rate matching, rv 0]--> ``n`` bits, and back by beliefs.

    Args:
        k: Information bits of a block, a CRC included; 12 to 8448 (to 3840 at the rates of base graph 2).
        n: Coded bits of a block. Beyond the end of the circular buffer they repeat its start.
        bits_per_symbol: Order of the modulation, for the bit interleaver of 5.4.2.2; None leaves it out.
        iterations: At most so many; exactly so many where gradients are asked for.
        algorithm: Check node update: "sum-product", "min-sum" (normalised by ``scale``), "offset-min-sum".
        schedule: "flooding" or "layered" (:class:`BeliefPropagation`).
        scale: Factor of "min-sum".
        offset: What "offset-min-sum" takes off each message.
        backend: "compiled" (:mod:`semjscc.compiled`: on a CPU, without gradients; decoding is "layered" and
            not "sum-product"), "triton" (likewise on a GPU, where torch encodes), "torch" (everywhere), or "auto":
            compiled where it can be.

    Raises:
        ValueError: no such code, an unknown name, or a backend that cannot do it; the message says why.
    """

    def __init__(
        self,
        k: int,
        n: int,
        *,
        bits_per_symbol: int | None = None,
        iterations: int = 20,
        algorithm: str = "offset-min-sum",
        schedule: str = "layered",
        scale: float = 0.75,
        offset: float = 0.5,
        backend: str = "auto",
    ):
        super().__init__()
        _check_sizes(k, n, bits_per_symbol, iterations)
        rules = {"sum-product": None, "min-sum": (scale, 0.0), "offset-min-sum": (1.0, offset)}
        if algorithm not in rules:
            raise ValueError(f"algorithm must be one of {', '.join(rules)}; got {algorithm!r}")
        _check_rule(scale, offset)
        self.rule = rules[algorithm] if schedule == "layered" else None  # what the compiled decoder needs to know
        check_backend(backend, self.rule is not None)
        self.backend = backend
        self.k, self.n = k, n
        self.graph = base_graph(k, n)
        self.encoder = Encoder(self.graph)
        self.rate_matcher = RateMatcher(self.graph, k, n, bits_per_symbol)
        needed = _needed(self.graph, k, self.rate_matcher.last_bit)
        update: Callable[[Messages], Messages] = sum_product
        if rule := rules[algorithm]:
            update = partial(min_sum, scale=rule[0], offset=rule[1])
        self.beliefs = BeliefPropagation(needed, update, iterations, schedule)
        self.needed = needed

    def encode(self, bits: Float[Tensor, "*blocks k"]) -> Float[Tensor, "*blocks n"]:
        """Coded bits, 0.0 or 1.0."""
        _check_length(bits, self.k, "information bits")
        if parity := loops("parity", self.backend, bits):
            return parity.encode(self._encoding, bits)
        codewords = self.encoder(nn.functional.pad(bits.reshape(-1, self.k), (0, self.graph.information_bits - self.k)))
        return self.rate_matcher.match(codewords).reshape(*bits.shape[:-1], self.n)

    def decode(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks k"]:
        """Information bits, 0.0 or 1.0, from logits log P(1)/P(0) of the coded bits; infinite ones are certain.

        ``prior`` has the logits of the information bits before anything is heard, those never sent included. It is
        added to what is heard; where both are infinite and say the contrary, nothing is known.

        Raises:
            ValueError: an LLR or a logit of ``prior`` is not a number; the message says in which block.
        """
        with torch.no_grad():
            min_sum = loops("min_sum", self.backend, llrs) if self.rule else None
            if not min_sum:
                return (self.posterior(llrs, prior) > 0.0).to(llrs.dtype)
            blocks = _logits(llrs, self.n, "LLRs")
            heard = self.rate_matcher.collect(blocks) if prior is None else self._informed(blocks, prior)
            tables = self._decoding.on(heard.device, min_sum, prior is not None)
            return min_sum.decode(tables, heard).reshape(*llrs.shape[:-1], self.k)

    def posterior(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks k"]:
        """Logits of the information bits after decoding, differentiable with respect to ``llrs`` and ``prior``.

        An infinite LLR is certain. Where no gradient is asked for, a block's logits are those of the first iteration at
        which all its parity checks hold.

        Raises:
            ValueError: an LLR or a logit of ``prior`` is not a number; the message says in which block.
        """
        return self._codewords(llrs, prior)[:, : self.k].reshape(*llrs.shape[:-1], self.k)

    def coded(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks n"]:
        """Logits of the coded bits after decoding, as :meth:`posterior` gives them for the information bits."""
        return self.rate_matcher.match(self._codewords(llrs, prior)).reshape(llrs.shape)

    def _codewords(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None
    ) -> Float[Tensor, "batch codeword"]:
        """Logits of all bits after decoding."""
        channel = self._informed(_logits(llrs, self.n, "LLRs"), prior).T.contiguous()
        at_once = max(1, AT_ONCE.get(channel.device.type, MOST_AT_ONCE) // self.beliefs.num_edges)
        return torch.cat([self.beliefs(part.contiguous()) for part in channel.split(at_once, 1)], 1).T

    @cached_property
    def _encoding(self):
        from semjscc.phy.fec.tables import for_encoding

        return for_encoding(self.graph, self.encoder, self.rate_matcher.buffer[self.rate_matcher.sent])

    @cached_property
    def _decoding(self):
        from semjscc.phy.fec.tables import Decoding

        return Decoding(self.needed, self.rate_matcher, self.k, self.beliefs.iterations, *self.rule)

    def _informed(
        self, blocks: Float[Tensor, "batch n"], prior: Float[Tensor, "*blocks k"] | None
    ) -> Float[Tensor, "batch codeword"]:
        """LLRs of codewords, and what was known before; what is certain both ways is not known."""
        codewords = self.rate_matcher.recover(blocks.clamp(-LLR_MAX, LLR_MAX), self.beliefs.num_bits, known=LLR_MAX)
        if prior is None:
            return codewords
        known = _logits(prior, self.k, "logits beforehand").clamp(-LLR_MAX, LLR_MAX)
        return codewords + nn.functional.pad(known, (0, codewords.shape[1] - self.k))


def _logits(x: Tensor, length: int, what: str) -> Float[Tensor, "batch length"]:
    """Blocks of ``x``, all of them numbers, and finite ones if any is infinite: so that inf - inf is 0."""
    _check_length(x, length, what)
    blocks = x.reshape(-1, length)
    if blocks.detach().sum().isfinite():
        return blocks
    if (wrong := blocks.isnan().any(1)).any():
        raise ValueError(f"{what} of block {int(wrong.nonzero()[0])} of {len(blocks)} are not numbers (NaN)")
    return blocks.clamp(-LLR_MAX, LLR_MAX)


def _needed(graph: BaseGraph, k: int, last_bit: int) -> BaseGraph:
    """The graph without what cannot help: extension rows whose parity is never sent, and columns of fillers."""
    rows = max(CORE, last_bit // graph.lifting + 1 - graph.information_columns)
    filler = (graph.columns * graph.lifting >= k) & (graph.columns < graph.information_columns)
    return graph.entries((graph.rows < rows) & ~filler)


def _check_sizes(k: int, n: int, bits_per_symbol: int | None, iterations: int) -> None:
    if k < 12:
        raise ValueError(f"k must be at least 12, the information bits of the smallest lifted graph; got {k}")
    if n < k:
        raise ValueError(f"n must not be smaller than k; got k = {k}, n = {n}")
    if k / n > 0.95:
        raise ValueError(f"a rate above 0.95 cannot be decoded (38.214, 5.1.3); got {k}/{n} = {k / n:.3f}")
    if bits_per_symbol is not None and (bits_per_symbol < 1 or n % bits_per_symbol):
        raise ValueError(f"n must be a multiple of bits_per_symbol = {bits_per_symbol}; got n = {n}")
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1; got {iterations}")


def _check_length(blocks: Tensor, length: int, what: str) -> None:
    if blocks.shape[-1] != length:
        raise ValueError(f"a block has {length} {what}; got {blocks.shape[-1]}")


def _check_rule(scale: float, offset: float) -> None:
    if not 0.0 < scale <= 1.0:
        raise ValueError(f"scale must lie in (0, 1]; got {scale}")
    if offset < 0.0:
        raise ValueError(f"offset must not be negative; got {offset}")
