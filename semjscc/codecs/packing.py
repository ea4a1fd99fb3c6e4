"""Bytes <-> bits, most significant bit first: what the text and raster codecs share."""

import torch
from jaxtyping import UInt8
from torch import Tensor

from semjscc.types import Bits

PLACES = torch.arange(7, -1, -1, dtype=torch.uint8)  # most significant first


def bytes_to_bits(data: UInt8[Tensor, "batch bytes"]) -> Bits:
    """Eight bits per byte, ``[batch, 8 * bytes]``."""
    return (data.unsqueeze(-1) >> PLACES.to(data.device) & 1).flatten(1).float()


def bits_to_bytes(bits: Bits) -> UInt8[Tensor, "batch bytes"]:
    """The inverse of :func:`bytes_to_bits`, for a whole number of bytes; anything above one half reads as a 1.

    Raises ``ValueError`` when the bits do not fill their last byte.
    """
    if bits.shape[1] % 8:
        raise ValueError(f"{bits.shape[1]} bits are not a whole number of bytes")
    ones = (bits > 0.5).to(torch.uint8).unflatten(1, (-1, 8))
    return (ones << PLACES.to(bits.device)).sum(-1, dtype=torch.uint8)
