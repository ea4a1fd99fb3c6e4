"""Sums of rotating phasors, of which every channel with paths is made.

In single precision on a CPU, and without gradients, they are compiled (:mod:`semjscc.compiled.phasors`).
"""

from collections.abc import Sequence
from itertools import groupby

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from semjscc.compiled import kernels


def phasor(phase: Float[Tensor, "*any"]) -> Complex[Tensor, "*any"]:
    """exp(j phase), of phases in [rad]."""
    compiled = kernels("phasors", phase)
    if compiled and phase.numel() >= compiled.LANES:
        return compiled.phasors(phase)
    return torch.complex(phase.cos(), phase.sin())


def ramp(turn: Float[Tensor, "*any"], count: int, origin: int = 0) -> Complex[Tensor, "*any {count}"]:
    """exp(j turn k) at k = -origin, 1 - origin, ..., as products of coarse and fine steps: few sines for many k."""
    fine = 1 << ((count - 1).bit_length() + 1) // 2
    coarse = fine * torch.arange(-(-count // fine), device=turn.device, dtype=turn.dtype) - origin
    steps = torch.arange(fine, device=turn.device, dtype=turn.dtype)
    first, second = (phasor(turn[..., None] * k) for k in (coarse, steps))
    return (first[..., None] * second[..., None, :]).flatten(-2)[..., :count]


def sum_over_paths(
    gains: Complex[Tensor, "batch pairs paths time"], turn: Float[Tensor, "batch paths"], size: int
) -> Complex[Tensor, "batch pairs time {size}"]:
    """sum_l gains_l exp(j turn_l k) at k = -(size // 2), ..., one carrier after the other."""
    if compiled := kernels("phasors", gains, turn):
        return compiled.responses(gains, turn, size)
    return gains.mT @ ramp(turn, size, size // 2)[:, None]


def sum_over_time(
    rays: Complex[Tensor, "batch pairs rays"], turn: Float[Tensor, "batch rays"], steps: int, counts: Sequence[int]
) -> Complex[Tensor, "batch pairs paths {steps}"]:
    """sum_m A_m exp(j turn_m (t - middle)) at t = 0, 1, ..., steps - 1, for each path of so many rays.

    From the middle, t = m + d and t = m - d turn as far, forward and back, so half as many sines do, and the sums are
    small real matrix products.
    """
    if compiled := kernels("phasors", rays, turn):
        return compiled.sums(rays, turn, steps, counts)
    d = torch.arange(steps // 2, steps, device=turn.device, dtype=turn.dtype) - (steps - 1) / 2
    quarter = (torch.pi / 2 * torch.arange(2, device=turn.device, dtype=turn.dtype)).repeat_interleave(len(d))
    waves = (turn[..., None] * d.repeat(2) - quarter).cos()  # cosines, then sines
    alike = [(count, len(list(run))) for count, run in groupby(counts)]
    widths = [count * paths for count, paths in alike]
    parts = zip(alike, torch.cat([rays.real, rays.imag], 1).split(widths, 2), waves.split(widths, 1), strict=True)
    sums = [x.unflatten(2, (n, -1)).transpose(1, 2) @ wave.unflatten(1, (n, -1)) for (_, n), x, wave in parts]
    re, im = torch.cat(sums, 1).transpose(1, 2).unflatten(-1, (2, -1)).chunk(2, 1)
    cos, sin = torch.complex(re[..., 0, :], im[..., 0, :]), torch.complex(-im[..., 1, :], re[..., 1, :])
    return torch.cat([(cos - sin)[..., steps % 2 :].flip(-1), cos + sin], -1)


def sum_of_phasors(
    phases: Float[Tensor, "batch pairs rays"], turn: Float[Tensor, "batch rays"], steps: int, counts: Sequence[int]
) -> Complex[Tensor, "batch pairs paths {steps}"]:
    """sum_m exp(j (phases_m + turn_m t)), likewise."""
    if compiled := kernels("phasors", phases, turn):
        return compiled.started(phases, turn, steps, counts)
    return sum_over_time(phasor(phases + (steps - 1) / 2 * turn[:, None]), turn, steps, counts)
