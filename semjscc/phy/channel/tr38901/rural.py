"""RMa of TR 38.901: rural macrocells."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.phy.channel.base import Normalization
from semjscc.phy.channel.tr38901.arrays import Array
from semjscc.phy.channel.tr38901.base import SPEED_OF_LIGHT, Direction
from semjscc.phy.channel.tr38901.ranges import within
from semjscc.phy.channel.tr38901.system import SystemLevel
from semjscc.phy.channel.tr38901.tables import Version
from semjscc.phy.channel.tr38901.users import Drop, Users


class RMa(SystemLevel):
    """Rural macrocells, up to 30 GHz.

    Args:
        mast: height of the base station's array [m].
        buildings: average height of buildings [m].
        street: average width of streets [m].
        vehicle_loss: mean and deviation of the loss [dB] by the vehicles that all users outdoors sit in: (9, 5), or
            (20, 5) with a metal film on the windows (clause 7.4.3.2); (0, 0) leaves the users outside.

    All others are those of :class:`SystemLevel`; walls are of the low loss.
    """

    scenario = "RMa"
    max_frequency = 30e9
    heights = (1.0, 10.0)
    depth = 10.0
    sight_distance = 60.0

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
        downtilt: float = 0.0,
        version: Version = "V19.2",
        normalization: Normalization = "average",
        mast: float = 35.0,
        buildings: float = 5.0,
        street: float = 20.0,
        vehicle_loss: Sequence[float] = (9.0, 5.0),
    ):
        ends = (carrier_frequency, bs_array, ut_array, users, direction)
        super().__init__(*ends, sight, path_loss, shadowing, "low", downtilt, version, normalization)
        within("mast", (mast,), (10.0, 150.0))
        within("buildings", (buildings,), (5.0, 50.0))
        within("street", (street,), (5.0, 50.0))
        self.mast, self.buildings, self.street, self.vehicle_loss = mast, buildings, street, vehicle_loss

    def sight_probability(
        self, ground: Float[Tensor, " batch"], height: Float[Tensor, " batch"]
    ) -> Float[Tensor, " batch"]:
        return (-(ground - 10.0).clamp_min(0.0) / 1000.0).exp()

    def _kink(self, user: Drop) -> Float[Tensor, " batch"]:
        """d_BP [m]."""
        return 2 * math.pi * self.mast * user.height * self.carrier_frequency / SPEED_OF_LIGHT

    def basic_loss(self, user: Drop) -> Float[Tensor, " batch"]:
        d, kink = user.distance, self._kink(user)
        far = self._near_loss(kink) + 40 * (d / kink).log10()
        los = torch.where(user.ground <= kink, self._near_loss(d), far)
        return torch.where(user.sight, los, torch.maximum(los, self._hidden_loss(user)))

    def _near_loss(self, d: Tensor) -> Tensor:
        tall = self.buildings**1.72
        walls = min(0.03 * tall, 10.0) * d.log10() - min(0.044 * tall, 14.77)
        return 20 * (40 * math.pi * d * self.gigahertz / 3).log10() + walls + 0.002 * math.log10(self.buildings) * d

    def _hidden_loss(self, user: Drop) -> Tensor:
        up = math.log10(self.mast)
        town = 161.04 - 7.1 * math.log10(self.street) + 7.5 * math.log10(self.buildings)
        town -= (24.37 - 3.7 * (self.buildings / self.mast) ** 2) * up
        away = (43.42 - 3.1 * up) * (user.distance.log10() - 3) + 20 * math.log10(self.gigahertz)
        return town + away - (3.2 * (11.75 * user.height).log10() ** 2 - 4.97)

    def loss_db(self, user: Drop, normal: Float[Tensor, "batch 2"]) -> Float[Tensor, " batch"]:
        mean, deviation = self.vehicle_loss
        return super().loss_db(user, normal) + ~user.indoor * (mean + deviation * normal[:, 1])

    def shadowing_deviation(self, user: Drop, tabled: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
        beyond = (user.state == 0) & (user.ground > self._kink(user))
        return torch.where(beyond, 6.0, tabled)

    def zenith(self, user: Drop) -> tuple[Tensor, Tensor, Tensor]:  # Table 7.5-9
        sight, km, low = user.state == 0, user.ground / 1000.0, 0.01 * (user.height - 1.5)
        mean = torch.where(sight, 0.22 - 0.17 * km, 0.28 - 0.19 * km) - low
        offset = ((31.5 / user.ground).atan() - (33.5 / user.ground).atan()).rad2deg()
        return mean.clamp_min(-1.0), torch.where(sight, 0.34, 0.30), torch.where(sight, 0.0, offset)
