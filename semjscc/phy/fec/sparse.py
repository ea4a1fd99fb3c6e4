"""Products with sparse matrices of zeros and ones, on columns of a batch."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from semjscc.phy.fec.basegraph import BaseGraph


class SparseSum(nn.Module):
    """y[t] = sum of x[s] over the ones (t, s) of a matrix with ``num_targets`` rows.

    ``embedding_bag`` is the kernel for it that torch has on every device: it adds up gathered rows.
    """

    sources: Int[Tensor, " ones"]
    starts: Int[Tensor, " targets"]

    def __init__(self, targets: Int[Tensor, " ones"], sources: Int[Tensor, " ones"], num_targets: int):
        super().__init__()
        targets, order = targets.sort(stable=True)
        self.register_buffer("sources", sources[order], persistent=False)
        self.register_buffer("starts", torch.searchsorted(targets, torch.arange(num_targets)), persistent=False)

    def forward(self, x: Float[Tensor, "sources batch"]) -> Float[Tensor, "targets batch"]:
        """Sums of rows of ``x``; 0 for a target without ones."""
        return F.embedding_bag(self.sources, x, self.starts, mode="sum")


def check_sums(graph: BaseGraph, rows: int) -> SparseSum:
    """Bits of a codeword --> how many ones each check of the first ``rows`` rows finds among those of ``graph``."""
    return SparseSum(graph.checks(), graph.variables(), rows * graph.lifting)
