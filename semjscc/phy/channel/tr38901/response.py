"""From rays to paths."""

from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor


def sum_over_time(
    rays: Complex[Tensor, "batch pairs clusters rays"],
    turn: Float[Tensor, "batch clusters rays"],
    steps: int,
    groups: Sequence[int],
    parted: int,
) -> Complex[Tensor, "batch pairs paths {steps}"]:
    """sum_m A_m exp(j turn_m (t - middle)) at t = 0, 1, ..., steps - 1: a path a cluster.

    Of the first ``parted`` clusters each group of rays is a path of its own (the sub-clusters of Table 7.5-5). From the
    middle, t = m + d and t = m - d turn as far, forward and back, so half as many sines do, and the sums are small real
    matrix products.
    """
    d = torch.arange(steps // 2, steps, device=turn.device, dtype=turn.dtype) - (steps - 1) / 2
    quarter = (torch.pi / 2 * torch.arange(2, device=turn.device, dtype=turn.dtype)).repeat_interleave(len(d))
    left = torch.cat([rays.real, rays.imag], 1).transpose(1, 2)
    right = (turn[..., None] * d.repeat(2) - quarter).cos()  # cosines, then sines
    if parted:
        left = torch.cat([_by_group(left[:, :parted], groups), left[:, parted:]], 1)
        right = torch.cat([right[:, :parted].repeat_interleave(len(groups), 1), right[:, parted:]], 1)
    sums = (left @ right).unflatten(2, (2, -1)).unflatten(-1, (2, -1))
    re, im = sums.transpose(1, 3).unbind(2)  # [batch, pairs, paths, cos sin, d]
    cos, sin = torch.complex(re[..., 0, :], im[..., 0, :]), torch.complex(-im[..., 1, :], re[..., 1, :])
    return torch.cat([(cos - sin)[..., steps % 2 :].flip(-1), cos + sin], -1)


def _by_group(
    x: Float[Tensor, "batch clusters parts rays"], groups: Sequence[int]
) -> Float[Tensor, "batch paths parts rays"]:
    """Each cluster once for each group of its rays, with zeros in place of the others."""
    group = torch.arange(len(groups), device=x.device)
    of_ray = group.repeat_interleave(torch.tensor(groups, device=x.device))
    return (x[:, :, None] * (of_ray == group[:, None])[:, None]).flatten(1, 2)
