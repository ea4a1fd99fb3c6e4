"""Clustered delay lines of TR 38.901, clause 7.7.1."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.phy.channel.base import Normalization
from semjscc.phy.channel.tr38901.arrays import Array
from semjscc.phy.channel.tr38901.base import Direction, RayChannel, Scene
from semjscc.phy.channel.tr38901.geometry import End, rotation
from semjscc.phy.channel.tr38901.ranges import Range, between, checked_speed, heading
from semjscc.phy.channel.tr38901.rays import RAYS, Rays, line_of_sight, offsets
from semjscc.rng import Randomness
from semjscc.units import db_to_linear

TABLES = Path(__file__).with_name("tables")


class CDL(RayChannel):
    """Tables 7.7.1-1 to 7.7.1-5: clusters of 20 rays with fixed delays, powers and angles.

    The powers, line of sight included, sum to 1; E|h|^2 is what elements and polarisations make of that, and
    ``"average"`` divides by it. The line of sight of models D and E has a random phase, its own path, and no delay.

    Args:
        model: "A" to "E".
        delay_spread: rms [s]; it scales the delays (7.7-1).
        speed: of the user [m/s], or a (min, max) range from which each slot draws its own.
        travel: azimuth and zenith of the user's motion [deg]; an azimuth of None is drawn for each slot.
        bs_orientation, ut_orientation: bearing, downtilt and slant [deg].
        angle_spreads: of departure and arrival azimuths, then of zeniths [deg], where the tables' are not wanted
            (clause 7.7.5.1); "departure" is at the base station.

    Raises:
        ValueError: on an unknown model, a negative delay spread or speed, or what RayChannel refuses.
    """

    def __init__(
        self,
        model: Literal["A", "B", "C", "D", "E"],
        delay_spread: float,
        carrier_frequency: float,
        bs_array: Array,
        ut_array: Array,
        direction: Direction = "uplink",
        speed: Range = 0.0,
        travel: tuple[float | None, float] = (None, 90.0),
        bs_orientation: Sequence[float] = (0.0, 0.0, 0.0),
        ut_orientation: Sequence[float] = (180.0, 0.0, 0.0),
        angle_spreads: Sequence[float] | None = None,
        normalization: Normalization = "average",
    ):
        super().__init__(carrier_frequency, bs_array, ut_array, direction, normalization)
        if delay_spread < 0:
            raise ValueError(f"{delay_spread=} s must not be negative")
        self.speed, self.travel = checked_speed(speed), travel
        self.orientations = [torch.tensor(angles).deg2rad() for angles in (bs_orientation, ut_orientation)]
        clusters, (spreads,) = _rows("CDL.csv", model), _rows("CDL-clusters.csv", model)
        self.cluster_spreads, self.cross = spreads[:4], db_to_linear(-spreads[4]).sqrt()
        powers = db_to_linear(clusters[:, 1])
        self.powers, self.delays = powers / powers.sum(), delay_spread * clusters[:, 0]
        self.angles = clusters[:, 2:]  # [clusters, 4]: aod, aoa, zod, zoa [deg]
        if angle_spreads is not None:
            self.angles = scaled_angles(self.angles, self.powers, torch.tensor(angle_spreads, dtype=torch.float64))
        self.sight = int(model in "DE")  # clusters that are a line of sight

    def scene(self, batch: int, like: Tensor, rng: Randomness) -> Scene:
        turns = [rotation(angles.to(like)[None]).expand(batch, -1, -1) for angles in self.orientations]
        bs, ut = End(self.bs_array, turns[0]), End(self.ut_array, turns[1])
        single = [self._line_of_sight(batch, like, rng)] if self.sight else []
        delays = self.delays.to(like).expand(batch, -1)
        return Scene(bs, ut, single, self._rays(batch, like, rng), self._velocity(batch, like, rng), delays)

    def _rays(self, batch: int, like: Tensor, rng: Randomness) -> Rays:
        angles, powers = self.angles[self.sight :].to(like).deg2rad(), self.powers[self.sight :].to(like)
        away = offsets("coupling", batch, len(powers), 0, like, rng)
        spread = self.cluster_spreads.to(like).deg2rad()[:, None, None] * away
        aod, aoa, zod, zoa = (angles.mT[:, :, None] + spread).unbind(1)
        phases = 2 * math.pi * rng.uniform("phases", (batch, 4, len(powers), RAYS), like)
        cross = self.cross.to(like).expand(batch, len(powers), RAYS)
        return Rays(aod, zod, aoa, zoa, powers.expand(batch, -1), cross, phases)

    def _line_of_sight(self, batch: int, like: Tensor, rng: Randomness) -> Rays:
        angles = self.angles[0].to(like).deg2rad().expand(batch, -1)
        phase = 2 * math.pi * rng.uniform("line of sight", (batch,), like)
        return line_of_sight(angles[:, :2], angles[:, 2:], self.powers[0].to(like).expand(batch), phase)

    def _velocity(self, batch: int, like: Tensor, rng: Randomness) -> Float[Tensor, "{batch} 3"]:
        uniform = rng.uniform("motion", (batch, 2), like)
        azimuth, zenith = self.travel
        drawn = 360.0 * uniform[:, 1] if azimuth is None else torch.full_like(uniform[:, 1], azimuth)
        return heading(between(self.speed, uniform[:, 0]), drawn.deg2rad(), torch.full_like(drawn, zenith).deg2rad())


def scaled_angles(
    angles: Float[Tensor, "clusters 4"], powers: Float[Tensor, " clusters"], spreads: Float[Tensor, " 4"]
) -> Float[Tensor, "clusters 4"]:
    """(7.7-5): other spreads [deg] about the same means; means and spreads are those of a circle (Annex A)."""
    mean = powers.to(torch.complex128) @ torch.exp(1j * angles.deg2rad())
    spread = (-2 * mean.abs().log()).sqrt().rad2deg()
    centre = mean.angle().rad2deg()
    away = torch.remainder(angles - centre + 180.0, 360.0) - 180.0
    return centre + spreads / spread * away


def _rows(file: str, model: str) -> Float[Tensor, "rows columns"]:
    """A model's rows, without the column of the model."""
    with (TABLES / file).open() as lines:
        rows = [[float(value) for value in row[1:]] for row in csv.reader(lines) if row[0] == model]
    if not rows:
        raise ValueError(f"model={model!r} is none of A, B, C, D, E")
    return torch.tensor(rows, dtype=torch.float64)
