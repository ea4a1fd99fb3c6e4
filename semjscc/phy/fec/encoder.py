"""Systematic encoding by the quasi-cyclic structure of the 5G base graphs (38.212, 5.3.2)."""

from functools import reduce
from operator import xor

import torch
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.phy.fec.basegraph import CORE, BaseGraph
from semjscc.phy.fec.sparse import check_sums


class Encoder(nn.Module):
    """Systematic bits, fillers included --> codeword: those bits, four columns of core parity, extension parity.

    The core's parity columns form a double diagonal but for the first, p0, which three of the four rows check, two of
    them with the same rotation. So the four rows add up to p0 rotated; then each row gives the next column, and each
    extension row its own.
    """

    def __init__(self, graph: BaseGraph):
        super().__init__()
        systematic = graph.columns < graph.information_columns
        core = ~systematic & (graph.columns < graph.information_columns + CORE)
        first = (graph.columns == graph.information_columns) & (graph.rows < CORE)
        self.lifting = graph.lifting
        self.turns = dict(zip(graph.rows[first].tolist(), graph.shifts[first].tolist(), strict=True))
        self.rotation = reduce(xor, self.turns.values())  # in the four rows' sum: the two that are the same cancel
        self.from_systematic = check_sums(graph.entries(systematic), graph.num_rows)
        self.from_core = check_sums(graph.entries(core & (graph.rows >= CORE)), graph.num_rows)

    def forward(self, bits: Float[Tensor, "batch systematic"]) -> Float[Tensor, "batch codeword"]:
        """Codewords of blocks of bits."""
        systematic = bits.T.contiguous()
        checks = self.from_systematic(systematic).unflatten(0, (-1, self.lifting))
        core = self._core(checks[:CORE])
        extension = checks[CORE:].flatten(0, 1) + self.from_core(torch.cat([systematic, core]))[CORE * self.lifting :]
        return torch.cat([systematic, core, extension.remainder(2.0)]).T

    def _core(self, checks: Float[Tensor, "4 lifting batch"]) -> Float[Tensor, "core batch"]:
        """Core parity from what the four core rows find in the systematic bits."""
        columns = [checks.sum(0).roll(self.rotation, 0).remainder(2.0)]
        for row, check in enumerate(checks[:-1]):
            if row in self.turns:
                check = check + columns[0].roll(-self.turns[row], 0)
            columns.append((check + columns[-1] if row else check).remainder(2.0))
        return torch.cat(columns)
