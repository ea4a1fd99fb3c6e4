"""Flat block fading."""

from semjscc.phy.channel.base import Channel, Drawn, Normalization
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import Randomness
from semjscc.types import Frames


class Rayleigh(Channel):
    """h ~ CN(0, 1), one coefficient per slot and antenna pair, the same on all its resource elements.

    Under the normalization ``"slot"`` with one antenna pair, only the phase is left to chance.
    """

    def __init__(self, num_rx: int = 1, normalization: Normalization = "average"):
        super().__init__(num_rx, normalization)

    def draw(self, frames: Frames, grid: ResourceGrid, rng: Randomness) -> Drawn:
        batch, num_tx = frames.shape[:2]
        return rng.complex_normal("fading", (batch, self.num_rx, num_tx, 1, 1), frames)
