"""Coefficients as whole numbers of steps: how likely each number is, and what it leaves open."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from constriction import stream
from jaxtyping import Float, Int
from torch import Tensor

ROUNDED_UP = 0.35  # a coefficient is the next level from 0.65 steps above the last one on: less of them are not zero
MOST = 2047  # levels, up or down; what lies beyond is left open
OCTAVE, LOWEST, HIGHEST = 4, -48, 64  # variances are told apart in quarters of octaves, 2^-12 to 2^16 squared steps
SELDOM = 1e-4  # levels that are this seldom anything but zero are not told


@dataclass(frozen=True)
class Tables:
    """Of Laplacian coefficients whose variance is a row's, and of the sizes 0..MOST of their levels; in steps."""

    bits: Float[Tensor, "rows sizes"]  # to tell a level, with its sign
    middle: Float[Tensor, "rows sizes"]  # mean of the coefficient's size
    left: Float[Tensor, "rows sizes"]  # variance of what the level leaves open
    open: Float[Tensor, " rows"]  # mean of that over all levels
    rank: Int[Tensor, " rows"]  # in it, the least first
    told: int  # the first row whose levels are worth telling


def rows_of(variance_log2: Float[Tensor, "*any"], step: float) -> Int[Tensor, "*any"]:
    """Rows of the tables for variances by their binary logarithms."""
    octaves = variance_log2 - 2 * math.log2(step)
    return (OCTAVE * octaves).round().clamp(LOWEST, HIGHEST).int() - LOWEST


def quantised(coefficients: Float[Tensor, "*any"], step: float) -> Int[Tensor, "*any"]:
    """Levels in -MOST..MOST."""
    size = (coefficients.abs() / step + ROUNDED_UP).floor().clamp(max=MOST)
    return torch.copysign(size, coefficients).int()


@lru_cache(maxsize=8)
def tables(device: torch.device) -> Tables:
    """Masses and moments of a Laplacian in each cell, in closed form."""
    variance = 2.0 ** (torch.arange(LOWEST, HIGHEST + 1, dtype=torch.double)[:, None] / OCTAVE)
    b, sizes = (variance / 2).sqrt(), torch.arange(MOST + 1, dtype=torch.double)
    start = (sizes - ROUNDED_UP).clamp_min(0)
    width = torch.where(sizes > 0, 1.0, 1.0 - ROUNDED_UP)
    beyond = (-width / b).exp()  # share of what lies above a cell's start that lies above its end
    inside = 1 - beyond
    first = b - width * beyond / inside  # moments about the start
    second = 2 * b**2 - (2 * b * width + width**2) * beyond / inside
    mass = (-start / b).exp() * inside
    middle = torch.where(sizes > 0, start + first, 0.0)
    left = torch.where(sizes > 0, second - first**2, second).clamp_min(1e-9)
    shares = mass.clamp_min(2.0**-24)  # the least that the range coder knows
    bits = -(shares / shares.sum(1, keepdim=True)).log2() + (sizes > 0)
    opened = (mass * left).sum(1)
    told = int((1 - mass[:, 0] > SELDOM).int().argmax())
    bits, middle, left, opened = (x.float().to(device) for x in (bits, middle, left, opened))
    return Tables(bits, middle, left, opened, opened.argsort(stable=True).argsort(), told)


@lru_cache(maxsize=256)
def model(row: int) -> Any:
    """Of ``level + MOST`` for the range coder."""
    shares = 2.0 ** -tables(torch.device("cpu")).bits[row].double().numpy()
    return stream.model.Categorical(np.concatenate([shares[:0:-1], shares]), perfect=False)
