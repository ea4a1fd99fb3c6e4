"""UMa and UMi of TR 38.901: base stations above the roofs, and in street canyons."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.phy.channel.tr38901.base import SPEED_OF_LIGHT
from semjscc.phy.channel.tr38901.system import SystemLevel
from semjscc.phy.channel.tr38901.users import Drop


class UMa(SystemLevel):
    """Urban macrocells, with the mast's array 25 m above the ground.

    Its arguments are those of :class:`SystemLevel`.
    """

    scenario = "UMa"
    lowest = 6.0

    def sight_probability(
        self, ground: Float[Tensor, " batch"], height: Float[Tensor, " batch"]
    ) -> Float[Tensor, " batch"]:
        far = ground.clamp_min(18.0)
        high = ((height - 13.0).clamp_min(0.0) / 10.0) ** 1.5
        probability = 18.0 / far + (-far / 63.0).exp() * (1 - 18.0 / far)
        return probability * (1 + 1.25 * high * (far / 100.0) ** 3 * (-far / 150.0).exp())

    def basic_loss(self, user: Drop) -> Float[Tensor, " batch"]:
        d, rise, log_f = user.distance, self.mast - user.height, math.log10(self.gigahertz)
        around = self._environment(user)
        kink = 4 * (self.mast - around) * (user.height - around) * self.carrier_frequency / SPEED_OF_LIGHT
        near = 28.0 + 22 * d.log10() + 20 * log_f
        far = 28.0 + 40 * d.log10() + 20 * log_f - 9 * (kink**2 + rise**2).log10()
        los = torch.where(user.ground <= kink, near, far)
        nlos = 13.54 + 39.08 * d.log10() + 20 * log_f - 0.6 * (user.height - 1.5)
        return torch.where(user.sight, los, torch.maximum(los, nlos))

    def _environment(self, user: Drop) -> Float[Tensor, " batch"]:
        """Effective height of the environment h_E [m]: 1, or for high users at random one of 12, 15, ..., h_UT - 1.5
        (Table 7.4.1-1, note 1).
        """
        far = torch.where(user.ground > 18.0, user.ground, 0.0)
        g = 1.25 * (far / 100.0) ** 3 * (-far / 150.0).exp()
        low = user.chance[:, 1] < 1 / (1 + g * ((user.height - 13.0).clamp_min(0.0) / 10.0) ** 1.5)
        choices = ((user.height - 13.5) / 3.0).floor().clamp_min(0.0) + 1
        return torch.where(low, 1.0, 12.0 + 3.0 * (choices * user.chance[:, 2]).floor())

    def zenith(self, user: Drop) -> tuple[Tensor, Tensor, Tensor]:  # Table 7.5-7
        fall = -2.1 * user.ground / 1000.0 - 0.01 * (user.height - 1.5)
        mean = (fall + torch.where(user.sight, 0.75, 0.9)).clamp_min(-0.5)
        log_f = math.log10(max(self.gigahertz, self.lowest))
        power = (0.208 * log_f - 0.782) * user.ground.clamp_min(25.0).log10() - 0.13 * log_f + 2.03
        offset = 7.66 * log_f - 5.96 - 10.0 ** (power - 0.07 * (user.height - 1.5))
        return mean, torch.where(user.sight, 0.40, 0.49), torch.where(user.sight, 0.0, offset)


class UMi(SystemLevel):
    """Urban street canyons, with the mast's array 10 m above the ground.

    Its arguments are those of :class:`SystemLevel`.
    """

    scenario = "UMi"
    mast = 10.0
    lowest = 2.0
    shift = 1.0

    def sight_probability(
        self, ground: Float[Tensor, " batch"], height: Float[Tensor, " batch"]
    ) -> Float[Tensor, " batch"]:
        far = ground.clamp_min(18.0)
        return 18.0 / far + (-far / 36.0).exp() * (1 - 18.0 / far)

    def basic_loss(self, user: Drop) -> Float[Tensor, " batch"]:
        d, rise, log_f = user.distance, self.mast - user.height, math.log10(self.gigahertz)
        kink = 4 * (self.mast - 1.0) * (user.height - 1.0) * self.carrier_frequency / SPEED_OF_LIGHT
        near = 32.4 + 21 * d.log10() + 20 * log_f
        far = 32.4 + 40 * d.log10() + 20 * log_f - 9.5 * (kink**2 + rise**2).log10()
        los = torch.where(user.ground <= kink, near, far)
        nlos = 22.4 + 35.3 * d.log10() + 21.3 * log_f - 0.3 * (user.height - 1.5)
        return torch.where(user.sight, los, torch.maximum(los, nlos))

    def zenith(self, user: Drop) -> tuple[Tensor, Tensor, Tensor]:  # Table 7.5-8
        rise, km = user.height - self.mast, user.ground / 1000.0
        los = (-14.8 * km + 0.01 * rise.abs() + 0.83).clamp_min(-0.21)
        nlos = (-3.1 * km + 0.01 * rise.clamp_min(0.0) + 0.2).clamp_min(-0.5)
        offset = -(10.0 ** (-1.5 * user.ground.clamp_min(10.0).log10() + 3.3))
        mean = torch.where(user.sight, los, nlos)
        return mean, torch.full_like(mean, 0.35), torch.where(user.sight, 0.0, offset)
