"""The contracts of the codecs: images <-> bits, images <-> symbols, text <-> bits, text -> images."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from semjscc.rng import GLOBAL, Randomness
from semjscc.types import SNR, Bits, Captioner, Images, Received, Symbols

__all__ = ["BitCodec", "Captioner", "SymbolCodec", "TextCodec", "TextToImage"]


class BitCodec(nn.Module, ABC):
    """Images <-> bits; every image of a batch gets the same budget of bits."""

    @abstractmethod
    def encode(self, images: Images) -> Bits:
        """Payload of each image."""

    @abstractmethod
    def decode(self, bits: Bits, size: tuple[int, int], rng: Randomness = GLOBAL) -> Images:
        """Pictures of ``size`` = (height, width) from payloads, damaged ones too: it never raises on bits."""

    def fit(self, images: Images, bits: int) -> Bits:
        """Payload of each image, in at most ``bits`` bits, for codecs that trade bits for quality.

        The contract bends here: what such a codec makes of a picture is for the link to say, by what it can carry.

        Raises:
            ValueError: the codec has one size for everything, or none that is so small.
        """
        raise ValueError(f"{type(self).__name__} cannot be told how many bits to take: leave bandwidth_ratio out")

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        """How many bits of each payload carry the picture; the rest fills the budget."""
        return torch.full((bits.shape[0],), bits.shape[1])

    def read(self, bits: Bits) -> list[str]:
        """The words in each payload; an empty list for codecs that send none."""
        return []

    def prior(self, size: tuple[int, int]) -> Float[Tensor, " bits"] | None:
        """What is known of every payload before it is heard, the logit log P(1)/P(0) of each bit; None: nothing."""
        return None

    def undecodable(self, bits: Bits, size: tuple[int, int]) -> Tensor | None:
        """1.0 for each payload that yields no picture of ``size`` = (height, width), shape ``[batch]``; None where all
        of them do."""
        return None


class SymbolCodec(nn.Module, ABC):
    """Images <-> complex symbols, learned as one.

    Attributes:
        card: how its weights came about (data, steps, channel, figures); empty where there are none, or new ones.
    """

    card: Mapping[str, Any] = {}

    @abstractmethod
    def encode(self, images: Images, snr_db: SNR) -> Symbols:
        """Symbols of unit average power per image."""

    @abstractmethod
    def decode(self, received: Received, snr_db: SNR, size: tuple[int, int]) -> Images:
        """Pictures of ``size`` = (height, width) from what a link hands up."""


class TextCodec(ABC):
    """Text <-> bits, the same budget of bits for every text."""

    @abstractmethod
    def encode(self, texts: list[str]) -> Bits:
        """Payload of each text; text that does not fit the budget is cut."""

    @abstractmethod
    def decode(self, bits: Bits) -> list[str]:
        """*Some* text for any bits: damage shows in the text and is never raised."""

    @abstractmethod
    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        """How many bits of each payload carry text; the rest fills the budget."""

    def prior(self) -> Float[Tensor, " bits"] | None:
        """What is known of every payload before it is heard, the logit log P(1)/P(0) of each bit; None: nothing."""
        return None


class TextToImage(ABC):
    """Paints what it is told."""

    @abstractmethod
    def paint(self, texts: list[str], size: tuple[int, int], seeds: list[int]) -> Images:
        """One picture of ``size`` = (height, width) per text; equal texts and seeds give equal pictures."""
