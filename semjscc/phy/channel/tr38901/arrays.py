"""Antenna elements and arrays of TR 38.901, clause 7.3."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.units import db_to_linear


class Element(ABC):
    """What an antenna element radiates; the x axis is its boresight."""

    @abstractmethod
    def gain(self, direction: Float[Tensor, "batch 3 rays"]) -> Float[Tensor, "batch rays"]:
        """Power gain (linear) in the directions of unit vectors of the array's own coordinates."""


@dataclass(frozen=True)
class Omni(Element):
    """0 dBi everywhere."""

    def gain(self, direction: Float[Tensor, "batch 3 rays"]) -> Float[Tensor, "batch rays"]:
        return torch.ones_like(direction[:, 0])


@dataclass(frozen=True)
class Directional(Element):
    """Table 7.3-1: -min(12 ((theta - 90)/65)^2, 30) and the same over azimuth, together at least -30 dB.

    Args:
        beamwidth: over which the gain falls by 3 dB [deg].
        front_to_back: largest attenuation A_max = SLA_V [dB].
        max_gain: at boresight [dBi].
    """

    beamwidth: float = 65.0
    front_to_back: float = 30.0
    max_gain: float = 8.0

    def gain(self, direction: Float[Tensor, "batch 3 rays"]) -> Float[Tensor, "batch rays"]:
        x, y, z = direction.unbind(1)
        elevation = torch.rad2deg(torch.asin(z.clamp(-1.0, 1.0)))
        loss = self._loss(elevation) + self._loss(torch.rad2deg(torch.atan2(y, x)))
        return db_to_linear(self.max_gain - loss.clamp_max(self.front_to_back))

    def _loss(self, off_boresight: Tensor) -> Tensor:
        return (12 * (off_boresight / self.beamwidth).square()).clamp_max(self.front_to_back)


@dataclass(frozen=True)
class Array:
    """A uniform panel in the y-z plane, centred, of ``rows`` along z and ``columns`` along y (clause 7.3).

    An antenna is an element with a polarisation. They are counted polarisation first, then by columns, then by rows
    from below.

    Args:
        spacing: between rows and between columns, in wavelengths.
        slants: the angles zeta of polarisation, of model 2 in clause 7.3.2 [deg]. ``(0,)``: vertical; ``(-45, 45)``:
            crossed.

    Raises:
        ValueError: on an array without an element or without a polarisation.
    """

    rows: int = 1
    columns: int = 1
    spacing: Sequence[float] = (0.5, 0.5)
    slants: Sequence[float] = (0.0,)
    element: Element = field(default_factory=Omni)

    def __post_init__(self):
        if min(self.rows, self.columns, len(self.slants)) < 1:
            counts = f"rows={self.rows}, columns={self.columns}, slants={tuple(self.slants)}"
            raise ValueError(f"{counts}: an array has at least one element")

    @property
    def size(self) -> int:
        """Antennas."""
        return self.rows * self.columns * len(self.slants)

    def positions(self, like: Tensor) -> Float[Tensor, "elements 3"]:
        """Where the elements are, in wavelengths."""
        z, y = (self._steps(axis, count, like) for axis, count in enumerate((self.rows, self.columns)))
        return torch.cartesian_prod(torch.zeros_like(z[:1]), z, y)[:, [0, 2, 1]]

    def _steps(self, axis: int, count: int, like: Tensor) -> Float[Tensor, "{count}"]:
        steps = torch.arange(count, device=like.device, dtype=like.real.dtype) - (count - 1) / 2
        return self.spacing[axis] * steps

    def turned(self, like: Tensor) -> Float[Tensor, "slants 2 2"]:
        """Rotations by the slants: of a vertical element's field (F_theta, F_phi) to each polarisation's."""
        zeta = torch.tensor([math.radians(slant) for slant in self.slants], device=like.device, dtype=like.real.dtype)
        cos, sin = zeta.cos(), zeta.sin()
        return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
