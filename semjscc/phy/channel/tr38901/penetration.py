"""Loss by walls: TR 38.901, clause 7.4.3.1."""

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from semjscc.phy.channel.tr38901.tables import Version

CONCRETE = (5.0, 4.0)  # loss of a material: constant [dB] and slope [dB/GHz] (Table 7.4.3-1)
INSIDE = 0.5  # [dB/m]


@dataclass(frozen=True)
class Wall:
    """A row of Table 7.4.3-2: a wall of glass and concrete, and what is behind it."""

    glass: dict[Version, tuple[float, float]]
    share: float  # of glass
    deviation: float  # [dB]

    def mean_loss(self, gigahertz: float, version: Version) -> float:
        """Of the wall itself [dB]."""
        shares = (self.share, 1 - self.share)
        losses = (constant + slope * gigahertz for constant, slope in (self.glass[version], CONCRETE))
        return 5 - 10 * math.log10(sum(s * 10 ** (-loss / 10) for s, loss in zip(shares, losses, strict=True)))

    def loss(
        self, gigahertz: float, version: Version, depth: Float[Tensor, " batch"], normal: Float[Tensor, " batch"]
    ) -> Float[Tensor, " batch"]:
        """To a user so many metres behind it [dB]."""
        return self.mean_loss(gigahertz, version) + INSIDE * depth + self.deviation * normal


WALLS = {
    "low": Wall({"V19.2": (2.0, 0.2), "V16.1": (2.0, 0.2)}, 0.3, 4.4),
    "high": Wall({"V19.2": (25.4, 0.11), "V16.1": (23.0, 0.3)}, 0.7, 6.5),
}
