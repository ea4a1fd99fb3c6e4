"""No fading: only noise."""

from semjscc.phy.channel.base import Channel, Drawn
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import Randomness
from semjscc.types import Frames


class AWGN(Channel):
    """h = 1 at each of ``num_rx`` antennas, each with noise of its own.

    Raises:
        ValueError: in ``sample``, on several streams: no receiver could tell them apart.
    """

    def __init__(self, num_rx: int = 1):
        super().__init__(num_rx, "none")

    def draw(self, frames: Frames, grid: ResourceGrid, rng: Randomness) -> Drawn:
        if frames.shape[1] != 1:
            raise ValueError(f"AWGN carries one stream, not {frames.shape[1]}: all antennas hear the same sum")
        return frames.new_ones(frames.shape[0], self.num_rx, 1, 1, 1)
