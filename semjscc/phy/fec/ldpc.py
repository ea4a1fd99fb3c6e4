"""The LDPC code of 5G NR, one code block (38.212, 5.2.2, 5.3.2 and 5.4.2)."""

from collections.abc import Callable
from functools import cached_property, partial
from types import ModuleType

import torch
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.compiled import kernels
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
            not "sum-product"), "torch" (everywhere), or "auto": compiled where it can be.

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
        _check_backend(backend, self.rule is not None)
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
        blocks = self._blocks(bits, self.k, "information bits")
        if parity := self._kernels("parity", bits):
            return parity.encode(self._encoding, blocks).reshape(*bits.shape[:-1], self.n)
        codewords = self.encoder(nn.functional.pad(blocks, (0, self.graph.information_bits - self.k)))
        return self.rate_matcher.match(codewords).reshape(*bits.shape[:-1], self.n)

    def decode(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks k"]:
        """Information bits, 0.0 or 1.0, from logits log P(1)/P(0) of the coded bits; infinite ones are certain.

        ``prior`` has the logits of the information bits before anything is heard, those never sent included.

        Raises:
            ValueError: an LLR is not a number; the message says in which block.
        """
        with torch.no_grad():
            min_sum = self._kernels("min_sum", llrs) if self.rule else None
            if not min_sum:
                return (self.posterior(llrs, prior) > 0.0).to(llrs.dtype)
            blocks = self._llrs(llrs)
            heard = self.rate_matcher.collect(blocks) if prior is None else self._informed(blocks, prior)
            return min_sum.decode(self._decoding[prior is not None], heard).reshape(*llrs.shape[:-1], self.k)

    def posterior(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks k"]:
        """Logits of the information bits after decoding, differentiable with respect to ``llrs`` and ``prior``.

        An infinite LLR is certain. Where no gradient is asked for, a block's logits are those of the first iteration at
        which all its parity checks hold.

        Raises:
            ValueError: an LLR is not a number; the message says in which block.
        """
        channel = self._informed(self._llrs(llrs).clamp(-LLR_MAX, LLR_MAX), prior).T.contiguous()
        at_once = max(1, AT_ONCE.get(channel.device.type, MOST_AT_ONCE) // self.beliefs.num_edges)
        posterior = torch.cat([self.beliefs(part.contiguous()) for part in channel.split(at_once, 1)], 1)
        return posterior[: self.k].T.reshape(*llrs.shape[:-1], self.k)

    @cached_property
    def _encoding(self):
        from semjscc.phy.fec.tables import for_encoding

        return for_encoding(self.graph, self.encoder, self.rate_matcher.buffer[self.rate_matcher.sent])

    @cached_property
    def _decoding(self):
        """Of what is received, and of whole codewords."""
        from semjscc.phy.fec.tables import for_decoding

        matcher, everywhere = self.rate_matcher, torch.arange(self.beliefs.num_bits)
        places = (matcher.buffer, matcher.filler), (everywhere, everywhere[:0])
        return [for_decoding(self.needed, *bits, self.k, self.beliefs.iterations, *self.rule) for bits in places]

    def _kernels(self, name: str, x: Tensor) -> ModuleType | None:
        """Compiled code for what is asked, where there is to be some and can be."""
        wanted = self.backend != "torch" and x.device.type == "cpu" and not x.requires_grad
        return kernels(name) if wanted else None

    def _informed(
        self, blocks: Float[Tensor, "batch n"], prior: Float[Tensor, "*blocks k"] | None
    ) -> Float[Tensor, "batch codeword"]:
        """LLRs of codewords, and what was known before."""
        codewords = self.rate_matcher.recover(blocks, self.beliefs.num_bits, known=LLR_MAX)
        if prior is None:
            return codewords
        known = self._blocks(prior, self.k, "logits beforehand")
        return codewords + nn.functional.pad(known, (0, codewords.shape[1] - self.k))

    def _llrs(self, llrs: Tensor) -> Float[Tensor, "batch n"]:
        """Blocks of LLRs, all of them numbers."""
        blocks = self._blocks(llrs, self.n, "LLRs")
        if blocks.detach().sum().isnan() and (wrong := blocks.isnan().any(1)).any():  # inf - inf is one as well
            raise ValueError(f"LLRs of block {int(wrong.nonzero()[0])} of {len(blocks)} are not numbers (NaN)")
        return blocks

    def _blocks(self, x: Tensor, length: int, what: str) -> Float[Tensor, "batch length"]:
        if x.shape[-1] != length:
            raise ValueError(f"a block has {length} {what}; got {x.shape[-1]}")
        return x.reshape(-1, length)


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


def _check_rule(scale: float, offset: float) -> None:
    if not 0.0 < scale <= 1.0:
        raise ValueError(f"scale must lie in (0, 1]; got {scale}")
    if offset < 0.0:
        raise ValueError(f"offset must not be negative; got {offset}")


def _check_backend(backend: str, can_compile: bool) -> None:
    backends = ("auto", "compiled", "torch")
    if backend not in backends:
        raise ValueError(f"backend must be one of {', '.join(backends)}; got {backend!r}")
    if backend == "compiled" and not can_compile:
        raise ValueError(
            'backend "compiled" decodes with schedule "layered" and algorithm "min-sum" or "offset-min-sum"'
        )
