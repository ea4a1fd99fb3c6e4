"""What no digital link over a channel can do better."""

import torch
from torch import Tensor

from semjscc.codecs.base import BitCodec
from semjscc.phy.base import SymbolLink
from semjscc.rng import GLOBAL, Randomness
from semjscc.systems.base import System
from semjscc.systems.digital import symbols_afforded
from semjscc.types import SNR, Bits, Delivery, Images


class AtCapacity(System):
    """A bit codec at the Shannon rate of the channel that each image meets: every bit arrives, none is spared.

    ::

        link.capacity --> bits
                           |
        images --> codec.fit --> codec.decode --> images

    The sender knows each image's fades before it encodes, and the receiver needs no pilots; no link adaptation, code
    or modulation can do better with this codec. A picture has a budget of its own, so there is no payload size.

    Args:
        bandwidth_ratio: payload symbols per 3 H W, as in :class:`semjscc.systems.digital.Digital`.
    """

    def __init__(self, codec: BitCodec, link: SymbolLink, bandwidth_ratio: float):
        super().__init__()
        self.codec, self.link, self.bandwidth_ratio = codec, link, bandwidth_ratio
        self.users, self.snr = link.users, link.snr

    def forward(self, images: Images, snr_db: SNR, rng: Randomness = GLOBAL) -> Delivery:
        size = (images.shape[2], images.shape[3])
        symbols = symbols_afforded(self.bandwidth_ratio, size)
        budgets = self.link.capacity(symbols, snr_db, rng).long().tolist()
        sent = [self._payload(image[None], budget) for image, budget in zip(images, budgets, strict=True)]
        return Delivery(
            images=torch.cat([self.codec.decode(bits, size, rng) for bits in sent]),
            payload_bits=0,
            channel_uses=self.link.channel_uses(symbols),
            data_uses=self.link.data_uses(symbols),
            duration=self.link.duration(symbols),
            content_bits=torch.cat([self.codec.content_bits(bits) for bits in sent]),
            undecodable=_joined([self.codec.undecodable(bits, size) for bits in sent]),
        )

    def _payload(self, image: Images, budget: int) -> Bits:
        return self.codec.fit(image, max(8, budget))


def _joined(parts: list[Tensor | None]) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known) if known else None
