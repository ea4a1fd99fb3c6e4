"""Text <-> bits by Huffman's code, over characters or over a language model's tokens."""

from abc import ABC, abstractmethod
from collections import Counter
from heapq import heapify, heappop, heappush

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from semjscc.codecs.base import TextCodec
from semjscc.codecs.text import latin1, read_corpus
from semjscc.types import Bits


class Alphabet(ABC):
    """What texts are made of: symbols from 0 to ``size`` - 1. Every text has symbols, and all symbols are some text."""

    size: int

    @abstractmethod
    def split(self, text: str) -> list[int]:
        """Symbols of a text."""

    @abstractmethod
    def join(self, symbols: list[int]) -> str:
        """Text of any symbols."""


class Latin1(Alphabet):
    """Characters of ISO 8859-1; another one is sent as the nearest there is, or as ``?``."""

    size = 256

    def split(self, text: str) -> list[int]:
        return list(latin1(text))

    def join(self, symbols: list[int]) -> str:
        return bytes(symbols).decode("latin-1")


class Huffman(TextCodec):
    """A prefix code made for texts like those of ``corpus`` (D. A. Huffman, Proc. IRE 40, 1952).

    ::

        text --> split --> symbols, end --> code words, zeros --> bits
        text <-- join  <-- symbols      <-- code words        <-- bits

    The end of a text is a symbol too. Code words fill the tree, so any bits are some text; but one that is damaged has
    another length, and what follows is read from the wrong place until, by chance, both fall into step again. Damage
    behind the end goes unread. :class:`~semjscc.codecs.text.Checked` holds damaged texts back.

    Symbols that the corpus lacks have a code as well: all of them together are taken to be as likely as those that it
    has once (I. J. Good, Biometrika 40, 1953).

    Args:
        max_bits: the budget. Of a longer text as many symbols are sent as fit.
        corpus: file of texts, see :func:`~semjscc.codecs.text.read_corpus` for what it may raise.
        alphabet: characters of Latin-1 unless another is given.

    Raises:
        ValueError: the budget does not even hold the end of a text.
    """

    def __init__(self, max_bits: int, corpus: str, alphabet: Alphabet | None = None):
        self.max_bits = max_bits
        self.alphabet = alphabet or Latin1()
        self.end = self.alphabet.size
        self.words = code_words(self._weights(read_corpus(corpus)))
        self.symbols = {word: symbol for symbol, word in enumerate(self.words)}
        if max_bits < len(self.words[self.end]):
            raise ValueError(
                f"max_bits must be at least {len(self.words[self.end])}, the end of a text; got {max_bits}"
            )

    def encode(self, texts: list[str]) -> Bits:
        """``[batch, max_bits]``; a longer text is cut behind a symbol."""
        rows = [self._spell(text).ljust(self.max_bits, "0") for text in texts]
        bits = torch.from_numpy(np.array(rows, dtype=f"S{self.max_bits}").view(np.uint8) == ord("1"))
        return bits.reshape(len(texts), self.max_bits).float()

    def decode(self, bits: Bits) -> list[str]:
        """What is read up to the first end of a text, or to the last whole code word."""
        return [self.alphabet.join(symbols) for symbols, _ in self._read(bits)]

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        """Bits of all code words that are read, the end of the text included."""
        return torch.tensor([length for _, length in self._read(bits)], dtype=torch.long)

    def _weights(self, texts: list[str]) -> list[int]:
        """How likely each symbol is, and behind them the end of a text, in whole numbers."""
        counts = Counter(symbol for text in texts for symbol in [*self.alphabet.split(text), self.end])
        missing = self.alphabet.size + 1 - len(counts)
        once = max(1, sum(count == 1 for count in counts.values()))
        return [max(1, missing) * counts[symbol] or once for symbol in range(self.alphabet.size + 1)]

    def _spell(self, text: str) -> str:
        end = self.words[self.end]
        spelt, room = [], self.max_bits - len(end)
        for symbol in self.alphabet.split(text):
            room -= len(self.words[symbol])
            if room < 0:
                break
            spelt.append(self.words[symbol])
        return "".join([*spelt, end])

    def _read(self, bits: Bits) -> list[tuple[list[int], int]]:
        """Symbols of each payload, and how many bits they and the end take."""
        rows = np.where(bits.cpu().numpy() > 0.5, b"1", b"0")
        return [self._symbols(row.tobytes().decode("ascii")) for row in rows]

    def _symbols(self, bits: str) -> tuple[list[int], int]:
        symbols, word, length = [], "", 0
        for place, bit in enumerate(bits, 1):
            word += bit
            if (symbol := self.symbols.get(word)) is None:
                continue
            word, length = "", place
            if symbol == self.end:
                break
            symbols.append(symbol)
        return symbols, length


def code_words(weights: list[int]) -> list[str]:
    """A code word for each of at least two symbols, such that the weighted sum of their lengths is least.

    Words of one length follow each other in the order of the symbols, shorter words first ("canonical").
    """
    lengths = _lengths(weights)
    words, code, last = [""] * len(weights), 0, 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths)):
        code <<= length - last
        words[symbol] = f"{code:0{length}b}"
        code, last = code + 1, length
    return words


def _lengths(weights: list[int]) -> list[int]:
    """Depth of each symbol in a tree that joins the two lightest nodes again and again."""
    heap = [(weight, node) for node, weight in enumerate(weights)]
    heapify(heap)
    parents = list(range(2 * len(weights) - 1))
    for node in range(len(weights), len(parents)):
        (first, a), (second, b) = heappop(heap), heappop(heap)
        parents[a] = parents[b] = node
        heappush(heap, (first + second, node))
    depths = [0] * len(parents)
    for node in reversed(range(len(parents) - 1)):
        depths[node] = depths[parents[node]] + 1
    return depths[: len(weights)]


def token_bytes(texts: list[str], alphabet: Alphabet, special: int = 0) -> list[int]:
    """Size of each text [bytes] as paper B counts: 8 for each token id.

    It counts the ``special`` ids [CLS] and [SEP] in "a table with food" (48 bytes), and leaves them out of "a bus is
    driving down the street in the city" (80 bytes).
    """
    return [8 * (len(alphabet.split(text)) + special) for text in texts]
