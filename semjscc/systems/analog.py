"""Systems that send symbols straight."""

from collections.abc import Mapping
from typing import Any

import torch

from semjscc.codecs.base import SymbolCodec
from semjscc.phy.base import SymbolLink
from semjscc.phy.channel import Channel
from semjscc.rng import GLOBAL, Randomness
from semjscc.systems.base import System
from semjscc.types import SNR, Delivery, Images


class Analog(System):
    """A symbol codec over a symbol link, differentiable from end to end::

        images -> codec.encode -> symbols -> link -> symbols, noise_var -> codec.decode -> images

    Args:
        mismatched: whether weights may have been trained over another channel than the link's.

    Raises:
        ValueError: they were, and it may not be.
    """

    def __init__(self, codec: SymbolCodec, link: SymbolLink, mismatched: bool = False):
        super().__init__()
        self.codec, self.link = codec, link
        self.users, self.snr = link.users, link.snr
        if not mismatched:
            check_channel(codec.card, link)

    def forward(self, images: Images, snr_db: SNR, rng: Randomness = GLOBAL) -> Delivery:
        symbols = self.codec.encode(images, snr_db)
        with torch.autocast(images.device.type, enabled=False):  # the air is not of mixed precision
            received = self.link(symbols, snr_db, rng)
        n = symbols.shape[1]
        return Delivery(
            images=self.codec.decode(received, snr_db, (images.shape[2], images.shape[3])),
            payload_bits=0,
            channel_uses=self.link.channel_uses(n),
            data_uses=self.link.data_uses(n),
            duration=self.link.duration(n),
        )


def check_channel(card: Mapping[str, Any], link: SymbolLink) -> None:
    """Raises ``ValueError`` where the weights with this card were trained over another channel than the link's."""
    here, there = channel_of(link), card.get("channel")
    if there not in (None, here):
        raise ValueError(f"weights trained over {there} on a link over {here}: say mismatched: true to go on")


def channel_of(link: SymbolLink) -> str:
    """What a link's symbols cross, by name: "UMa, rx 2"; "AWGN, rx 1" where there is nothing but noise."""
    channels = [module for module in link.modules() if isinstance(module, Channel)]
    names = [f"{type(channel).__name__}, rx {channel.num_rx}" for channel in channels]
    return "; ".join(dict.fromkeys(names)) or "AWGN, rx 1"
