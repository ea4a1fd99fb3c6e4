"""System-level channels of TR 38.901, clause 7.5: users dropped in a cell, each with clusters of its own."""

import math
from abc import abstractmethod
from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.phy.channel.base import Normalization
from semjscc.phy.channel.tr38901.arrays import Array
from semjscc.phy.channel.tr38901.base import Direction, RayChannel, Scene
from semjscc.phy.channel.tr38901.clusters import LargeScale, Parameters
from semjscc.phy.channel.tr38901.consistency import consistent, consistent_uniform, drawn
from semjscc.phy.channel.tr38901.geometry import End, rotation
from semjscc.phy.channel.tr38901.penetration import WALLS, Wall
from semjscc.phy.channel.tr38901.ranges import as_range, within
from semjscc.phy.channel.tr38901.rays import line_of_sight
from semjscc.phy.channel.tr38901.small_scale import STRONGEST, draw_rays
from semjscc.phy.channel.tr38901.tables import CORRELATED, Table, Version
from semjscc.phy.channel.tr38901.users import UNIFORMS, Drop, Users, drop
from semjscc.rng import Randomness
from semjscc.units import db_to_linear


class SystemLevel(RayChannel):
    """Every slot has a user: a line of sight or none, large-scale parameters, clusters, rays.

    ``"none"`` leaves path loss, shadowing, penetration and element gains in the response. ``"average"`` leaves path
    loss, shadowing and penetration out, and divides by the mean of what elements, polarisations and removed clusters
    make of the clusters' unit power.

    Args:
        sight: whether links have a line of sight; None draws it (Table 7.4.2-1).
        path_loss, shadowing: whether ``"none"`` has them in; penetration goes with the path loss.
        walls: "low" or "high" penetration loss (Table 7.4.3-2).
        downtilt: of the base station's array [deg].
        version: of the tables of parameters.

    Raises:
        ValueError: where the model does not hold: frequency, distance, heights; clause and limits are named.
    """

    scenario: str
    mast = 25.0  # [m]
    reach = (10.0, 5000.0)  # [m] on the ground
    heights = (1.5, 22.5)  # of terminals [m]
    depth = 25.0  # of users in buildings, at most [m]
    sight_distance = 50.0  # [m], of correlation of lines of sight (Table 7.6.3.1-2)
    lowest = 0.0  # frequency that parameters change with [GHz]; below, they are those of this one
    shift = 0.0  # [GHz], see Table

    def __init__(
        self,
        carrier_frequency: float,
        bs_array: Array,
        ut_array: Array,
        users: Users,
        direction: Direction = "uplink",
        sight: bool | None = None,
        path_loss: bool = True,
        shadowing: bool = True,
        walls: Literal["low", "high"] = "low",
        downtilt: float = 0.0,
        version: Version = "V19.2",
        normalization: Normalization = "average",
    ):
        super().__init__(carrier_frequency, bs_array, ut_array, direction, normalization)
        self.users, self.sight, self.downtilt, self.together = users, sight, downtilt, users.drop
        self.has_path_loss, self.has_shadowing = path_loss, shadowing
        if walls not in WALLS:
            raise ValueError(f"walls={walls!r} is none of {', '.join(WALLS)}")
        self.wall: Wall = WALLS[walls]
        self.version = version
        self.table = Table(self.scenario, version, max(self.gigahertz, self.lowest), self.shift)
        self.clusters = int(self.table.values[:, self.table.columns["clusters"]].max())
        within("distance", users.distance, self.reach)
        within("height", as_range(users.height), self.heights)

    @property
    def gigahertz(self) -> float:
        """Carrier frequency [GHz]."""
        return self.carrier_frequency / 1e9

    @abstractmethod
    def sight_probability(self, ground: Float[Tensor, " batch"], height: Float[Tensor, " batch"]) -> Tensor:
        """Table 7.4.2-1, for distances on the ground outside of buildings and terminal heights [m]."""

    @abstractmethod
    def basic_loss(self, user: Drop) -> Float[Tensor, " batch"]:
        """Path loss up to the wall [dB] (Table 7.4.1-1)."""

    @abstractmethod
    def zenith(self, user: Drop) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and deviation of log10 of the zenith spread of departure [deg], and the offset of its zeniths [deg]."""

    def shadowing_deviation(self, user: Drop, tabled: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
        """[dB]."""
        return tabled

    def drop(self, batch: int, like: Tensor, rng: Randomness) -> Drop:
        """Users, with or without a line of sight."""
        uniform = drawn(rng.uniform, "drop", batch, self.users.drop, UNIFORMS, like)
        return self.seen(drop(self.users, self.mast, self.depth, uniform))

    def seen(self, user: Drop) -> Drop:
        """Given users, with or without a line of sight."""
        probability = self.sight_probability(user.ground - user.depth, user.height)
        chance = consistent_uniform(user.chance[:, 0], user.location, self.sight_distance, self.users.drop)
        sight = chance < probability
        return replace(user, sight=sight if self.sight is None else torch.full_like(sight, self.sight))

    def loss_db(self, user: Drop, normal: Float[Tensor, "batch 2"]) -> Float[Tensor, " batch"]:
        """Path loss with penetration of walls [dB] (clause 7.4.3); the second normal is for vehicles."""
        return self.basic_loss(user) + user.indoor * self.wall.loss(
            self.gigahertz, self.version, user.depth, normal[:, 0]
        )

    def scene(self, batch: int, like: Tensor, rng: Randomness) -> Scene:
        return self.around(self.drop(batch, like, rng), rng)

    def around(self, user: Drop, rng: Randomness) -> Scene:
        """What surrounds given users."""
        p, like, batch = self.tabled(user), user.location, len(user.location)
        large = self.large_scale(user, p, rng)
        k, gain = db_to_linear(large.k_db) * (user.state == 0)[:, None], self._gain(large)
        phase = (-2 * math.pi / self.wavelength) * user.distance
        los = line_of_sight(user.azimuths, user.zeniths, (gain * k / (k + 1))[:, 0], phase)
        delays, rays = draw_rays(user, p, large, gain / (k + 1), self.clusters, rng)
        tilt = like.new_tensor([[0.0, math.radians(self.downtilt), 0.0]])
        bs = End(self.bs_array, rotation(tilt).expand(batch, -1, -1))
        ut = End(self.ut_array, rotation(user.orientation))
        return Scene(bs, ut, [los], rays, user.velocity, delays, STRONGEST)

    def large_scale(self, user: Drop, p: Parameters, rng: Randomness) -> LargeScale:
        """Steps 3 and 4: fields over the ground, mixed at each user (WINNER II channel models, 3.3.1)."""
        size, like = self.users.drop, user.location
        normal = drawn(rng.normal, "large scale", len(like), size, len(CORRELATED) + 2, like)
        own, others = normal.split([len(CORRELATED), 2], 1)
        distance = torch.cat([p[f"distance {name}"] for name in CORRELATED], 1)
        field = consistent(own, like, user.state, distance, size)
        return LargeScale.of(p, self.loss_db(user, others), self.table.correlate(field, user.state))

    def tabled(self, user: Drop) -> Parameters:
        """What the tables hold for each link."""
        p = self.table.at(user.state, user.location)
        mean, deviation, offset = (value[:, None].to(user.location) for value in self.zenith(user))
        p |= {"mu ZSD": mean, "sigma ZSD": deviation, "offset": offset, "c ZSD": 0.375 * 10.0**mean}
        return p | {"sigma SF": self.shadowing_deviation(user, p["sigma SF"][:, 0])[:, None]}

    def _gain(self, large: LargeScale) -> Float[Tensor, "batch 1"]:
        """Power gain of path loss and shadowing, where the response keeps them."""
        kept = self.normalization == "none"
        gain_db = large.shadowing_db * (kept and self.has_shadowing) - large.loss_db * (kept and self.has_path_loss)
        return db_to_linear(gain_db)
