"""The contract of the systems."""

from abc import ABC, abstractmethod

from torch import nn

from semjscc.rng import GLOBAL, Randomness
from semjscc.types import SNR, Delivery, Images


class System(nn.Module, ABC):
    """Images through the air: a codec and a link.

    ``users`` rows of a batch, side by side, share the air; a batch has whole groups of them. ``snr`` names what its SNR
    is (:data:`semjscc.units.SNR_DEFINITIONS`).
    """

    users: int = 1
    snr: str = "rx"

    @abstractmethod
    def forward(self, images: Images, snr_db: SNR, rng: Randomness = GLOBAL) -> Delivery:
        """What arrives of each image at its own SNR [dB]."""
