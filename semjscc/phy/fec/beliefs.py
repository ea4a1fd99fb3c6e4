"""Belief propagation on a lifted base graph."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from semjscc.phy.fec.basegraph import BaseGraph
from semjscc.phy.fec.checks import Messages
from semjscc.phy.fec.sparse import SparseSum, check_sums

Beliefs = Float[Tensor, "bits batch"]  # LLRs, the batch last: a bit's blocks lie side by side in memory
Edges = Float[Tensor, "edges batch"]


class BeliefPropagation(nn.Module):
    """Channel LLRs --> posterior LLRs, all blocks of a batch at once.

        extrinsic = posterior - message        bit --> check
        message   = update(extrinsic)          check --> bit
        posterior = channel + sum of messages

    ``schedule`` "flooding" takes all checks at once; "layered" takes the base graph's rows in turn, each on the
    posterior that the row before has left, and needs about half the iterations.
    """

    variables: Int[Tensor, " edges"]

    def __init__(self, graph: BaseGraph, update: Callable[[Messages], Messages], iterations: int, schedule: str):
        super().__init__()
        self.update = update
        self.iterations = iterations
        schedules = {"flooding": self._flood, "layered": self._layer}
        if schedule not in schedules:
            raise ValueError(f"schedule must be one of {', '.join(schedules)}; got {schedule!r}")
        self.iterate = schedules[schedule]
        graph, self.degrees, self.sizes = _grouped(graph, by_degree=schedule == "flooding")
        variables = graph.variables()
        self.num_bits, self.num_edges = graph.codeword_bits, len(variables)
        self.register_buffer("variables", variables, persistent=False)
        self.to_variables = SparseSum(variables, torch.arange(self.num_edges), self.num_bits)
        self.to_checks = check_sums(graph, graph.num_rows)

    def forward(self, channel: Beliefs) -> Beliefs:
        """Posteriors after all iterations, or, where no gradient is asked for, once all of a block's checks hold."""
        posterior, messages = channel, channel.new_zeros(self.num_edges, channel.shape[1])
        if not channel.requires_grad:
            return self._until_satisfied(channel, posterior, messages)
        for _ in range(self.iterations):
            posterior, messages = self.iterate(channel, posterior, messages)
        return posterior

    def satisfied(self, posterior: Beliefs) -> Bool[Tensor, " batch"]:
        """Whether the hard decisions fulfil every parity check of the graph."""
        ones = self.to_checks(posterior.sign().clamp(min=0.0))
        return (0.5 * ones).frac().sum(0) == 0.0

    def _until_satisfied(self, channel: Beliefs, posterior: Beliefs, messages: Edges) -> Beliefs:
        """Iterate; keep a block's posterior when its checks hold, and drop the blocks done once they are half."""
        result = torch.empty_like(channel)
        blocks = torch.arange(channel.shape[1], device=channel.device)  # those still worked on
        done = torch.zeros_like(blocks, dtype=torch.bool)
        for _ in range(self.iterations):
            posterior, messages = self.iterate(channel, posterior, messages)
            finished = self.satisfied(posterior) & ~done
            if not finished.any():
                continue
            result[:, blocks[finished]] = posterior[:, finished]
            done |= finished
            if done.all():
                return result
            if 2 * done.sum() >= len(done):
                left = (~done).nonzero().flatten()
                channel, posterior, messages = (x.index_select(1, left) for x in (channel, posterior, messages))
                blocks, done = blocks[left], done[left]
        result[:, blocks[~done]] = posterior[:, ~done]
        return result

    def _flood(self, channel: Beliefs, posterior: Beliefs, messages: Edges) -> tuple[Beliefs, Edges]:
        extrinsic = posterior.index_select(0, self.variables).sub_(messages)
        groups = zip(extrinsic.split(self.sizes), self.degrees, strict=True)
        messages = torch.cat([self._update(group, degree) for group, degree in groups])
        return self.to_variables(messages).add_(channel), messages

    def _layer(self, channel: Beliefs, posterior: Beliefs, messages: Edges) -> tuple[Beliefs, Edges]:
        posterior, renewed = posterior.clone(), []
        rows = zip(self.variables.split(self.sizes), messages.split(self.sizes), self.degrees, strict=True)
        for variables, old, degree in rows:
            extrinsic = posterior.index_select(0, variables).sub_(old)
            renewed.append(self._update(extrinsic, degree))
            posterior.index_copy_(0, variables, extrinsic + renewed[-1])
        return posterior, torch.cat(renewed)

    def _update(self, extrinsic: Edges, degree: int) -> Edges:
        return self.update(extrinsic.unflatten(0, (degree, -1))).flatten(0, 1)


def _grouped(graph: BaseGraph, by_degree: bool) -> tuple[BaseGraph, list[int], list[int]]:
    """The entries in groups (rows of one degree, or single rows), each by slot and row; groups' degrees and edges."""
    per_row = np.bincount(graph.rows)
    slots = np.concatenate([np.arange(degree) for degree in per_row])
    group = per_row[graph.rows] if by_degree else graph.rows
    graph = graph.entries(np.lexsort((graph.rows, slots, group)))
    _, firsts, counts = np.unique(np.sort(group), return_index=True, return_counts=True)
    return graph, per_row[graph.rows[firsts]].tolist(), (counts * graph.lifting).tolist()
