"""A channel as a sum of paths, and what it is on the resource grid."""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from semjscc.phy.grid import ResourceGrid


@dataclass(frozen=True)
class Paths:
    """h(t, f) = sum_l gains_l(t) exp(-j 2 pi f delays_l)."""

    gains: Complex[Tensor, "batch rx tx paths time"]
    delays: Float[Tensor, "batch paths"]  # [s]

    def response(self, grid: ResourceGrid) -> Complex[Tensor, "batch rx tx time frequency"]:
        """On all resource elements."""
        gains, (rx, tx) = self.gains, self.gains.shape[1:3]
        turn = -2 * torch.pi * grid.subcarrier_spacing * self.delays
        h = gains.transpose(3, 4).flatten(1, 3) @ ramp(turn, grid.fft_size, grid.fft_size // 2)
        return h.unflatten(1, (rx, tx, -1))


def ramp(turn: Float[Tensor, "*any"], count: int, origin: int = 0) -> Complex[Tensor, "*any {count}"]:
    """exp(j turn k) at k = -origin, 1 - origin, ..., as products of coarse and fine steps: few sines for many k."""
    fine = 1 << ((count - 1).bit_length() + 1) // 2
    coarse = fine * torch.arange(-(-count // fine), device=turn.device, dtype=turn.dtype) - origin
    steps = torch.arange(fine, device=turn.device, dtype=turn.dtype)
    first, second = (_phasor(turn[..., None] * k) for k in (coarse, steps))
    return (first[..., None] * second[..., None, :]).flatten(-2)[..., :count]


def _phasor(phase: Tensor) -> Tensor:
    return torch.complex(phase.cos(), phase.sin())
