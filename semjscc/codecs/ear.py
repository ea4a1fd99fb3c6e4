"""An ear for a language: what was probably said, where what is heard is damaged."""

from collections import Counter
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from semjscc.codecs.base import TextCodec
from semjscc.codecs.packing import bits_to_bytes
from semjscc.codecs.text import NUL, Characters, latin1, read_corpus
from semjscc.types import Bits

RARELY = 0.002  # a character's highest bit that is 1 in so few texts of the corpus is taken for 0


class Ear(TextCodec):
    """Eight-bit characters, and a listener who knows which words follow each other in the texts of a corpus.

    Of a payload that is damaged, the text with the largest P(text) P(bits | text) is taken, where P(text) is that of
    pairs of words counted in the corpus and bits are wrong independently with a probability p; the search is Viterbi's,
    over words and their places. p is how often characters have their highest bit set, where those of the corpus have
    not; where none has, the text is taken as heard, so that nothing is lost of what arrives whole, be it in the corpus
    or not. Words of a damaged text that the corpus lacks are lost.

    Args:
        corpus: file of texts like those that will be sent, see :class:`~semjscc.codecs.text.Characters`; or the texts.
        max_characters: the budget.
        rare: count that a pair of words has which never follow each other in the corpus.

    Raises:
        FileNotFoundError: there is no such corpus.
        ValueError: the corpus has no text.
    """

    def __init__(self, corpus: str | list[str], max_characters: int = 174, rare: float = 1e-3):
        corpus = read_corpus(corpus) if isinstance(corpus, str) else corpus
        self.text = Characters(max_characters)
        highest = self.text.encode(corpus)[:, ::8]
        self.zeros = 8 * (highest.mean(0) <= RARELY).nonzero()[:, 0]
        texts = [latin1(text).split() for text in corpus]
        self.words = sorted({word for text in texts for word in text})
        self.follows = self._logarithms(texts, rare)
        self.ends: dict[int, list[int]] = {}
        for number, word in enumerate(self.words):
            self.ends.setdefault(len(word), []).append(number)

    def encode(self, texts: list[str]) -> Bits:
        return self.text.encode(texts)

    def decode(self, bits: Bits) -> list[str]:
        heard = self.text.decode(bits)
        rates = (bits.cpu()[:, self.zeros] > 0.5).double().mean(1).tolist()
        rows = bits_to_bytes(bits).cpu().numpy()
        return [self._meant(row, rate) if rate else text for row, rate, text in zip(rows, rates, heard, strict=True)]

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        return self.text.content_bits(bits)

    def _logarithms(self, texts: list[list[bytes]], rare: float) -> Float[np.ndarray, "words_and_start words_and_end"]:
        """log P(next word | word); the last row is the start, the last column the end."""
        number = {word: index for index, word in enumerate(self.words)}
        edge = len(self.words)
        counts = np.full((edge + 1, edge + 1), rare)
        paths = ([edge, *(number[word] for word in text), edge] for text in texts)
        for (a, b), count in Counter(pair for path in paths for pair in pairwise(path)).items():
            counts[a, b] += count
        return np.log(counts / counts.sum(1, keepdims=True))

    def _meant(self, row: np.ndarray, rate: float) -> str:
        """The likeliest text, of words parted by single blanks, then NULs up to the end of the budget.

        ``best[w, i]`` is the likelihood of the best text whose last word is w and ends before place i.
        """
        n, count = len(row), len(self.words)
        odds = np.log(rate / (1 - rate))
        costs = np.array([odds * n_bits for n_bits in np.bitwise_count(np.arange(256, dtype=np.uint8))])
        as_if = lambda byte: costs[row ^ byte]  # noqa: E731 (log-likelihood of one character at each place)
        blanks = as_if(ord(" "))
        silence = np.append(np.cumsum(as_if(NUL[0])[::-1])[::-1], 0.0)
        letters = {byte: as_if(byte) for byte in set(b"".join(self.words))}
        spelled = {size: self._spelled(size, letters, n) for size in self.ends if size <= n}
        best = np.full((count, n + 2), -np.inf)
        before = np.zeros((count, n + 2), int)
        for i in range(n):
            if i == 0:
                score, origin = self.follows[count, :count], np.full(count, count)
            else:  # place i - 1 is a blank
                reached = best[:, i - 1, None] + self.follows[:count, :count]
                origin = reached.argmax(0)
                score = reached[origin, np.arange(count)] + blanks[i - 1]
            for size, which in self.ends.items():
                if i + size <= n and size in spelled:
                    best[which, i + size] = score[which] + spelled[size][:, i]
                    before[which, i + size] = origin[which]
        final = best[:, : n + 1] + self.follows[:count, count, None] + silence
        word, place = np.unravel_index(final.argmax(), final.shape)
        said = []
        while word != count:
            said.append(self.words[word])
            word, place = before[word, place], place - len(self.words[word]) - 1
        return b" ".join(said[::-1]).decode("latin-1")

    def _spelled(self, size: int, letters: dict[int, np.ndarray], n: int) -> Float[np.ndarray, "words places"]:
        """Log-likelihood of each word of ``size`` letters at each place where it may begin."""
        words = [self.words[number] for number in self.ends[size]]
        return np.array([sum(letters[byte][k : n - size + 1 + k] for k, byte in enumerate(word)) for word in words])
