"""A channel as a sum of paths, and what it is on the resource grid."""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from semjscc.phy.channel.phasors import sum_over_paths
from semjscc.phy.grid import ResourceGrid


@dataclass(frozen=True)
class Paths:
    """h(t, f) = sum_l gains_l(t) exp(-j 2 pi f delays_l)."""

    gains: Complex[Tensor, "batch rx tx paths time"]
    delays: Float[Tensor, "batch paths"]  # [s]

    def response(self, grid: ResourceGrid) -> Complex[Tensor, "batch rx tx time frequency"]:
        """On all resource elements."""
        turn = -2 * torch.pi * grid.subcarrier_spacing * self.delays
        return sum_over_paths(self.gains.flatten(1, 2), turn, grid.fft_size).unflatten(1, self.gains.shape[1:3])
