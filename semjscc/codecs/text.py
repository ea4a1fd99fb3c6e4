"""Text <-> bits."""

import torch
from jaxtyping import Int
from torch import Tensor

from semjscc.codecs.base import TextCodec
from semjscc.codecs.packing import bits_to_bytes, bytes_to_bits
from semjscc.types import Bits

NUL = b"\0"


class Characters(TextCodec):
    """Characters of eight bits in ISO 8859-1 (Latin-1), ``max_characters`` of them whatever the text.

    A character outside Latin-1 is sent as ``?``. A text ends at its first NUL, and NULs fill the budget. So a damaged
    character is another character, except that one damaged into NUL cuts the text there; damage behind the end goes
    unread, but for the NUL that ends the text. The default of 174 characters is 1392 bits, one slot of paper A.
    """

    def __init__(self, max_characters: int = 174):
        self.max_characters = max_characters

    def encode(self, texts: list[str]) -> Bits:
        """``[batch, 8 * max_characters]``; a longer text is cut."""
        rows = [text.encode("latin-1", errors="replace")[: self.max_characters] for text in texts]
        data = torch.tensor([list(row.ljust(self.max_characters, NUL)) for row in rows], dtype=torch.uint8)
        return bytes_to_bits(data)

    def decode(self, bits: Bits) -> list[str]:
        """The characters before the first NUL of each payload; every byte is one, so every payload is a text."""
        rows = bits_to_bytes(bits).cpu().numpy()
        return [row.tobytes().partition(NUL)[0].decode("latin-1") for row in rows]

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        """Eight bits for each character before the first NUL."""
        return 8 * (bits_to_bytes(bits) != 0).long().cumprod(dim=1).sum(dim=1)
