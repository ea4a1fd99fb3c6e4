"""Users dropped in a cell: where they are, how they move, whether a wall is in between."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semjscc.phy.channel.tr38901.consistency import INDOORS, consistent_uniform
from semjscc.phy.channel.tr38901.ranges import Range, as_range, between, checked_speed, heading

UNIFORMS = 14  # that a drop takes


@dataclass(frozen=True)
class Users:
    """Who is served: each row has a user of its own, dropped uniformly over the area of a sector of a ring.

    Args:
        distance: least and largest, on the ground from the mast [m].
        sector: opening of the sector [deg], around the x axis, towards which the mast's array looks.
        height: of the terminal [m], or a (min, max) range.
        indoor: probability of a user in a building.
        speed: [m/s], or a (min, max) range; users move level, in any direction.
        tilted: with downtilt and slant of the terminal uniform in +-90 degrees; else it is upright. Its bearing is any.
        drop: users of one drop, side by side in the batch and within an image's slots: near ones are alike in whether
            they are indoors and have a line of sight, and in their large-scale parameters (clauses 7.4.4, 7.6.3.1 and
            7.6.3.3). Their clusters and rays are their own.

    Raises:
        ValueError: on a range that falls, a distance or speed below zero, what is no probability, or a drop of nobody.
    """

    distance: Sequence[float]
    sector: float = 120.0
    height: Range = 1.5
    indoor: float = 0.0
    speed: Range = 0.0
    tilted: bool = False
    drop: int = 1

    def __post_init__(self):
        checked_speed(self.speed)
        low, high = self.distance
        if not 0 < low <= high:
            raise ValueError(f"distance={self.distance} m must be positive and not fall")
        if not 0 <= self.indoor <= 1:
            raise ValueError(f"indoor={self.indoor} is no probability")
        if as_range(self.height)[0] > as_range(self.height)[1]:
            raise ValueError(f"height={self.height} m must not fall")
        if self.drop < 1:
            raise ValueError(f"drop={self.drop} must have at least one user")


@dataclass(frozen=True)
class Drop:
    """One user a row. The mast stands at the origin and the ground is level."""

    mast: float  # height of the base station's array [m]
    location: Float[Tensor, "batch 3"]  # of the terminal [m]
    velocity: Float[Tensor, "batch 3"]  # [m/s]
    orientation: Float[Tensor, "batch 3"]  # bearing, downtilt, slant [rad]
    depth: Float[Tensor, " batch"]  # of the user in a building, on the ground [m]; 0 outdoors
    indoor: Bool[Tensor, " batch"]
    chance: Float[
        Tensor, "batch 3"
    ]  # U[0, 1) for what the scenario decides: line of sight, and the environment's height
    sight: Bool[Tensor, " batch"]  # whether there is a line of sight, up to the wall

    @cached_property
    def ground(self) -> Float[Tensor, " batch"]:
        """Distance on the ground, d_2D [m]."""
        return torch.linalg.vector_norm(self.location[:, :2], dim=1)

    @cached_property
    def distance(self) -> Float[Tensor, " batch"]:
        """d_3D [m]."""
        return (self.ground.square() + (self.height - self.mast).square()).sqrt()

    @property
    def height(self) -> Float[Tensor, " batch"]:
        """h_UT [m]."""
        return self.location[:, 2]

    @property
    def state(self) -> Int[Tensor, " batch"]:
        """0: line of sight, 1: none, 2: indoors."""
        return torch.where(self.indoor, 2, (~self.sight).long())

    @property
    def azimuths(self) -> Float[Tensor, "batch 2"]:
        """Of the straight line, at the base station and at the user [rad]."""
        azimuth = torch.atan2(self.location[:, 1], self.location[:, 0])
        return torch.stack([azimuth, azimuth + math.pi], 1)

    @property
    def zeniths(self) -> Float[Tensor, "batch 2"]:
        """Likewise."""
        zenith = torch.atan2(self.ground, self.height - self.mast)
        return torch.stack([zenith, math.pi - zenith], 1)


def drop(users: Users, mast: float, depth: float, uniform: Float[Tensor, "batch uniforms"]) -> Drop:
    """Users, of whom those indoors are up to ``depth`` [m] behind the wall: the lesser of two uniform draws
    (clause 7.4.3.1). Nobody has a line of sight yet.
    """
    u = uniform.unbind(1)
    low, high = users.distance
    ground = (low**2 + (high**2 - low**2) * u[0]).sqrt()
    azimuth = math.radians(users.sector) * (u[1] - 0.5)
    location = torch.stack([ground * azimuth.cos(), ground * azimuth.sin(), between(users.height, u[2])], 1)
    velocity = heading(between(users.speed, u[3]), 2 * math.pi * u[4], torch.full_like(u[4], math.pi / 2))
    tilt = math.pi * (uniform[:, 6:8] - 0.5) * users.tilted
    orientation = torch.cat([2 * math.pi * uniform[:, 5:6], tilt], 1)
    indoor = consistent_uniform(u[8], location, INDOORS, users.drop) < users.indoor
    behind = torch.where(indoor, depth * torch.minimum(u[9], u[10]), 0.0)
    return Drop(mast, location, velocity, orientation, behind, indoor, uniform[:, 11:], torch.zeros_like(indoor))
