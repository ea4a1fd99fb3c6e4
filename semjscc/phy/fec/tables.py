"""What the compiled loops (:mod:`semjscc.compiled`) need to know of a code."""

import numpy as np
from jaxtyping import Int
from torch import Tensor

from semjscc.compiled import min_sum, parity
from semjscc.phy.fec.basegraph import CORE, BaseGraph
from semjscc.phy.fec.encoder import Encoder


def for_encoding(graph: BaseGraph, encoder: Encoder, sent: Int[Tensor, " n"]) -> parity.Tables:
    """Of a whole graph; ``sent`` is the bit of the codeword for each coded bit."""
    used = int(sent.max()) // graph.lifting + 1 - graph.information_columns  # rows whose parity goes out
    graph = graph.entries(graph.rows < max(CORE, used))
    turns = np.array([encoder.turns.get(row, -1) for row in range(CORE)])
    size = graph.lifting, graph.information_columns
    return parity.Tables(
        graph.rows, graph.columns, graph.shifts, *size, encoder.rotation, turns, sent.numpy(force=True)
    )


def for_decoding(
    graph: BaseGraph,
    places: Int[Tensor, " heard"],
    fillers: Int[Tensor, " fillers"],
    k: int,
    iterations: int,
    scale: float,
    offset: float,
) -> min_sum.Tables:
    """Of what is left of a graph.

    Args:
        places: bit of the codeword that each received LLR belongs to.
        fillers: bits that are known to be 0.
        iterations: at most so many.
        scale: factor of every message.
        offset: what is taken off it first.
    """
    graph = graph.entries(np.lexsort((graph.columns, graph.rows)))
    starts = np.concatenate([[0], np.cumsum(np.bincount(graph.rows))])
    sources = np.full(graph.codeword_bits, len(places))
    sources[places.numpy(force=True)] = np.arange(len(places))
    sources[fillers.numpy(force=True)] = len(places) + 1
    rule = round(offset * float(min_sum.STEPS)), round(scale * 256)
    return min_sum.Tables(starts, graph.columns, graph.shifts, graph.lifting, sources, k, iterations, *rule)
