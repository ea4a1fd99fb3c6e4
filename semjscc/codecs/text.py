"""Text <-> bits."""

import unicodedata
from binascii import crc_hqx
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from semjscc.codecs.base import TextCodec
from semjscc.codecs.packing import bits_to_bytes, bytes_to_bits
from semjscc.hub import ROOT
from semjscc.types import Bits

NUL = b"\0"
TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def latin1(text: str) -> bytes:
    """ISO 8859-1, a byte for a character: outside it, letters lose their accents, a typographer's quotes and dashes
    become a typewriter's, and what is left is ``?``."""
    whole = unicodedata.normalize("NFC", text).translate(TYPOGRAPHY)
    return "".join(c if ord(c) < 256 else _plain(c) for c in whole).encode("latin-1", errors="replace")


def _plain(character: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))


class Characters(TextCodec):
    """Characters of eight bits in ISO 8859-1 (Latin-1), ``max_characters`` of them whatever the text.

    A character outside Latin-1 is sent as the nearest there is (:func:`latin1`), or as ``?``. A text ends at its first
    NUL, and NULs fill the budget. So a damaged character is another character, except that one damaged into NUL cuts
    the text there; damage behind the end goes unread, but for the NUL that ends the text. The default of 174 characters
    is 1392 bits, one slot of paper A.

    Args:
        max_characters: the budget.
        corpus: file of texts like those that will be sent, one a line, in UTF-8; a relative path is looked for in the
            current folder, then in the repository. How often each bit is 1 in them is what the receiver knows
            beforehand: that no character here has its highest bit set, and that the end of the budget is NULs.

    Raises:
        FileNotFoundError: there is no such corpus.
        ValueError: the corpus has no text.
    """

    def __init__(self, max_characters: int = 174, corpus: str | None = None):
        self.max_characters = max_characters
        self.known = self._logits(read_corpus(corpus)) if corpus else None

    def encode(self, texts: list[str]) -> Bits:
        """``[batch, 8 * max_characters]``; a longer text is cut."""
        rows = [latin1(text)[: self.max_characters] for text in texts]
        data = torch.tensor([list(row.ljust(self.max_characters, NUL)) for row in rows], dtype=torch.uint8)
        return bytes_to_bits(data)

    def decode(self, bits: Bits) -> list[str]:
        """The characters before the first NUL of each payload; every byte is one, so every payload is a text."""
        rows = bits_to_bytes(bits).cpu().numpy()
        return [row.tobytes().partition(NUL)[0].decode("latin-1") for row in rows]

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        """Eight bits for each character before the first NUL."""
        return 8 * (bits_to_bytes(bits) != 0).long().cumprod(dim=1).sum(dim=1)

    def prior(self) -> Float[Tensor, " bits"] | None:
        return self.known

    def _logits(self, texts: list[str]) -> Float[Tensor, " bits"]:
        """By Krichevsky and Trofimov's rule, half a text of each kind more than there is: nothing is certain."""
        ones = self.encode(texts).sum(0)
        return ((ones + 0.5) / (len(texts) - ones + 0.5)).log()


class Checked(TextCodec):
    """A text codec and a check sum: a text that is found damaged is delivered as an empty one, unread.

    16 bits in front of the payload are the CRC of the bits that carry text (x^16 + x^12 + x^5 + 1, their number first).
    Damage behind the end of the text is none; one damaged text in 65,536 passes.
    """

    def __init__(self, text: TextCodec):
        self.text = text

    def encode(self, texts: list[str]) -> Bits:
        bits = self.text.encode(texts)
        return torch.cat([self._sums(bits), bits], dim=1)

    def decode(self, bits: Bits) -> list[str]:
        texts = zip(self.text.decode(bits[:, 16:]), self.whole(bits), strict=True)
        return [text if whole else "" for text, whole in texts]

    def whole(self, bits: Bits) -> list[bool]:
        """Whether each payload's check sum is that of its text."""
        return ((bits[:, :16] > 0.5) == (self._sums(bits[:, 16:]) > 0.5)).all(1).tolist()

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        """Those of the text and of the check sum."""
        return 16 + self.text.content_bits(bits[:, 16:])

    def prior(self) -> Float[Tensor, " bits"] | None:
        """That of the text; a check sum is any."""
        known = self.text.prior()
        return known if known is None else torch.cat([known.new_zeros(16), known])

    def _sums(self, bits: Bits) -> Float[Tensor, "batch 16"]:
        rows, lengths = (bits > 0.5).cpu().numpy(), self.text.content_bits(bits).tolist()
        sums = [crc_hqx(np.packbits(row[:length]).tobytes(), length) for row, length in zip(rows, lengths, strict=True)]
        return bytes_to_bits(torch.tensor([[s >> 8, s & 255] for s in sums], dtype=torch.uint8)).to(bits)


def read_corpus(path: str) -> list[str]:
    """Texts of a file in UTF-8, one a line; a relative path is looked for in the current folder, then the repository.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file has no text.
    """
    places = [place / Path(path).expanduser() for place in (Path.cwd(), ROOT)]
    found = next((place for place in places if place.is_file()), None)
    if not found:
        raise FileNotFoundError(f"no corpus {' or '.join(map(str, dict.fromkeys(places)))}")
    if texts := [line for line in found.read_text(encoding="utf-8").splitlines() if line.strip()]:
        return texts
    raise ValueError(f"corpus {found} has no text: it should have one a line")
