"""The contract of the links that carry symbols."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.rng import GLOBAL, Randomness
from semjscc.types import SNR, Received, Symbols


class SymbolLink(nn.Module, ABC):
    """Complex symbols through the air, differentiable from end to end.

    ``snr`` names what its SNR is (:data:`semjscc.units.SNR_DEFINITIONS`).
    """

    snr: str = "rx"

    @property
    def users(self) -> int:
        """Rows of a batch, side by side, that share the air; a batch is a multiple of them."""
        return 1

    @property
    @abstractmethod
    def symbols_per_slot(self) -> int:
        """Payload symbols between two draws of the channel; a payload sent in parts of whole slots fares as at once."""

    @abstractmethod
    def forward(self, symbols: Symbols, snr_db: SNR, rng: Randomness = GLOBAL) -> Received:
        """Any number of symbols per image; one SNR [dB] per image."""

    @abstractmethod
    def channel_uses(self, num_symbols: int) -> int:
        """Resource elements that ``num_symbols`` take, pilots and padding included."""

    @abstractmethod
    def data_uses(self, num_symbols: int) -> int:
        """The same without pilots."""

    @abstractmethod
    def duration(self, num_symbols: int) -> float:
        """Time on the air [s], without cyclic prefixes."""

    def capacity(self, num_symbols: int, snr_db: SNR, rng: Randomness = GLOBAL) -> Float[Tensor, " batch"]:
        """Bits that so many symbols carry with a code that no noise gets through, log2(1 + 1/N) each (Shannon 1948).

        N is the noise that the receiver is left with; links that know better say so. The same ``rng`` gives the same
        fades as to :meth:`forward`.
        """
        symbols = torch.ones(len(snr_db), num_symbols, dtype=torch.complex64, device=snr_db.device)
        return torch.log2(1 + 1 / self(symbols, snr_db, rng).noise_var.double()).sum(1)
