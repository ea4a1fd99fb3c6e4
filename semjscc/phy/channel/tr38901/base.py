"""What the ray-based channels share: two ends, a direction, and the way from paths to the grid."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.phy.channel.base import Channel, Normalization
from semjscc.phy.channel.paths import Paths
from semjscc.phy.channel.tr38901.arrays import Array
from semjscc.phy.channel.tr38901.geometry import End
from semjscc.phy.channel.tr38901.rays import Rays, mean_gain, path_gains
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import GLOBAL, PerImage, Randomness
from semjscc.types import Frames, Response

SPEED_OF_LIGHT = 299792458.0  # [m/s]
Direction = Literal["uplink", "downlink"]


AVERAGED = 1024  # drops that the average gain is that of


@dataclass(frozen=True)
class Scene:
    """One draw of users, clusters and rays."""

    bs: End
    ut: End
    single: list[Rays]  # lines of sight: paths of one ray
    rays: Rays
    velocity: Float[Tensor, "batch 3"]  # of the user [m/s]
    delays: Float[Tensor, "batch paths"]  # [s]; single rays first, then clusters
    strongest: int = 0  # so many of the first clusters are of three paths


class RayChannel(Channel):
    """A base station and a user who moves; either may send.

    Args:
        carrier_frequency: [Hz].
        bs_array, ut_array: of the base station and of the user's terminal.

    Raises:
        ValueError: on a carrier frequency outside of 0.5 to 100 GHz (Table 7.4.1-1), an unknown direction or, in
            ``sample``, frames of another number of antennas than the sender's.
    """

    max_frequency = 100e9  # [Hz]
    together = 1  # a scene has a multiple of so many rows

    def __init__(
        self,
        carrier_frequency: float,
        bs_array: Array,
        ut_array: Array,
        direction: Direction,
        normalization: Normalization,
    ):
        ends = {"uplink": (ut_array, bs_array), "downlink": (bs_array, ut_array)}
        if direction not in ends:
            raise ValueError(f"direction={direction!r} is none of {', '.join(ends)}")
        sent, heard = ends[direction]
        super().__init__(heard.size, normalization)
        if not 0.5e9 <= carrier_frequency <= self.max_frequency:
            limits = f"0.5 to {self.max_frequency / 1e9:g} GHz (TR 38.901, Table 7.4.1-1)"
            raise ValueError(f"{carrier_frequency=} Hz lies outside of {limits}")
        self.carrier_frequency, self.direction = carrier_frequency, direction
        self.bs_array, self.ut_array, self.num_tx = bs_array, ut_array, sent.size

    @property
    def wavelength(self) -> float:
        """[m]."""
        return SPEED_OF_LIGHT / self.carrier_frequency

    @abstractmethod
    def scene(self, batch: int, like: Tensor, rng: Randomness) -> Scene:
        """A draw of all that is random, with the device and precision of ``like``."""

    def paths(self, frames: Frames, grid: ResourceGrid, rng: Randomness = GLOBAL) -> Paths:
        """Gains at every OFDM symbol and delays of the paths, in the channel's own units."""
        if frames.shape[1] != self.num_tx:
            raise ValueError(f"frames of {frames.shape[1]} antennas, but {self.direction} sends from {self.num_tx}")
        scene = self.scene(len(frames), frames.real, rng)
        motion = scene.velocity / (self.wavelength * grid.subcarrier_spacing)
        parts = [*scene.single, scene.rays]
        gains = path_gains(parts, scene.bs, scene.ut, motion, grid.num_symbols, scene.strongest)
        return Paths(gains if self.direction == "uplink" else gains.transpose(1, 2), scene.delays)

    def draw(self, frames: Frames, grid: ResourceGrid, rng: Randomness) -> Response:
        return self.paths(frames, grid, rng).response(grid)

    @cached_property
    def average_gain(self) -> float:  # type: ignore[override]
        """E|h|^2 of the drops of a fixed seed; exact over the phases."""
        if self.normalization != "average":
            return 1.0
        batch = AVERAGED + -AVERAGED % self.together
        scene = self.scene(batch, torch.zeros((), dtype=torch.float64), PerImage([(0,)]))
        gains = [mean_gain(rays, scene.bs, scene.ut) for rays in (*scene.single, scene.rays)]
        return sum(gain.mean().item() for gain in gains)
