"""Coordinates of TR 38.901, clause 7.1: directions, orientations, and what an array hears from where."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from semjscc.phy.channel.phasors import phasor
from semjscc.phy.channel.tr38901.arrays import Array


@dataclass(frozen=True)
class Directions:
    """Cosines and sines of azimuths and of zeniths."""

    x: Float[Tensor, "batch rays"]
    y: Float[Tensor, "batch rays"]
    up: Float[Tensor, "batch rays"]
    level: Float[Tensor, "batch rays"]

    @classmethod
    def at(cls, azimuth: Float[Tensor, "batch rays"], zenith: Float[Tensor, "batch rays"]) -> "Directions":
        """Angles in [rad]; zeniths outside of 0..pi are folded back into it, as in step 7 of clause 7.5."""
        return cls(azimuth.cos(), azimuth.sin(), zenith.cos(), zenith.sin().abs())

    @cached_property
    def outwards(self) -> Float[Tensor, "batch 3 rays"]:
        """Unit vectors (7.1-6)."""
        return torch.stack([self.level * self.x, self.level * self.y, self.up], 1)


def rotation(orientation: Float[Tensor, "batch 3"]) -> Float[Tensor, "batch 3 3"]:
    """R of (7.1-4), by bearing, downtilt and slant [rad]: from an array's own coordinates to the world's."""
    (ca, cb, cc), (sa, sb, sc) = orientation.cos().unbind(1), orientation.sin().unbind(1)
    rows = [
        torch.stack([ca * cb, ca * sb * sc - sa * cc, ca * sb * cc + sa * sc], 1),
        torch.stack([sa * cb, sa * sb * sc + ca * cc, sa * sb * cc - ca * sc], 1),
        torch.stack([-sb, cb * sc, cb * cc], 1),
    ]
    return torch.stack(rows, 1)


@dataclass(frozen=True)
class End:
    """An array with an orientation: one end of the links of a batch."""

    array: Array
    turn: Float[Tensor, "batch 3 3"]

    def phasors(self, rays: Directions) -> Complex[Tensor, "batch elements rays"]:
        """exp(j 2 pi r . d / lambda): by how much each element is ahead of the array's centre."""
        positions = self.array.positions(rays.outwards) @ self.turn.mT
        return phasor(2 * math.pi * (positions @ rays.outwards))

    def fields(self, rays: Directions) -> Float[Tensor, "batch slants 2 rays"]:
        """F_theta and F_phi of each polarisation, in the world's coordinates (7.1-11).

        The field of a vertical element points against its own z axis, as far as that is across the ray: this is
        exp(j psi) of (7.1-15) without psi.
        """
        x, y, z = self.turn[:, :, 2].split(1, 1)
        zenithwards = rays.up * (x * rays.x + y * rays.y) - z * rays.level
        across = -torch.stack([zenithwards, y * rays.x - x * rays.y], 1)
        across = across * across.square().sum(1, keepdim=True).clamp_min(1e-18).rsqrt()
        fields = self.array.turned(across) @ across[:, None]
        return fields * self.array.element.gain(self.turn.mT @ rays.outwards).sqrt()[:, None, None]
