"""What the compiled loops (:mod:`semjscc.compiled`) need to know of a code."""

from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from semjscc.compiled import min_sum, parity
from semjscc.phy.fec.basegraph import CORE, BaseGraph
from semjscc.phy.fec.encoder import Encoder
from semjscc.phy.fec.rate_matching import RateMatcher


def for_encoding(graph: BaseGraph, encoder: Encoder, sent: Int[Tensor, " n"]) -> parity.Tables:
    """Of a whole graph; ``sent`` is the bit of the codeword for each coded bit."""
    used = int(sent.max()) // graph.lifting + 1 - graph.information_columns  # rows whose parity goes out
    graph = graph.entries(graph.rows < max(CORE, used))
    turns = np.array([encoder.turns.get(row, -1) for row in range(CORE)])
    size = graph.lifting, graph.information_columns
    return parity.Tables(
        graph.rows, graph.columns, graph.shifts, *size, encoder.rotation, turns, sent.numpy(force=True)
    )


class Decoding:
    """The tables of a code's decoders, made for a device when they are first asked for.

    Args:
        graph: What is left of a graph.
        matcher: Says which bits are received, and which are known to be 0.
        k: Information bits.
        iterations: At most so many.
        scale: Factor of every message.
        offset: What is taken off it first.
    """

    def __init__(
        self, graph: BaseGraph, matcher: RateMatcher, k: int, iterations: int, scale: float, offset: float
    ) -> None:
        self.graph = graph.entries(np.lexsort((graph.columns, graph.rows)))
        self.heard, self.filler = matcher.buffer.numpy(force=True), matcher.filler.numpy(force=True)
        steps = min(round(offset * float(min_sum.STEPS)), int(min_sum.MOST))
        self.numbers = k, iterations, steps, round(scale * 256)
        self.made: dict[tuple[torch.device, str, bool], Any] = {}

    def on(self, device: torch.device, decoder: ModuleType, whole: bool) -> Any:
        """For LLRs of whole codewords, or of the bits received."""
        key = device, decoder.__name__, whole
        if key not in self.made:
            self.made[key] = decoder.on(device, self._of_codewords() if whole else self._of_received())
        return self.made[key]

    def _of_received(self) -> min_sum.Tables:
        sources = np.full(self.graph.codeword_bits, len(self.heard))
        sources[self.heard] = np.arange(len(self.heard))
        sources[self.filler] = len(self.heard) + 1
        return self._tables(sources)

    def _of_codewords(self) -> min_sum.Tables:
        return self._tables(np.arange(self.graph.codeword_bits))

    def _tables(self, sources: np.ndarray) -> min_sum.Tables:
        graph, starts = self.graph, np.concatenate([[0], np.cumsum(np.bincount(self.graph.rows))])
        return min_sum.Tables(starts, graph.columns, graph.shifts, graph.lifting, sources, *self.numbers)
