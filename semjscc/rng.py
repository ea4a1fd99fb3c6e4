"""Where chance comes from: torch's own generator, or one stream per image.

A sweep must not depend on batch size, order or the number of machines, and rival systems must meet the same fades
and the same noise. So a sweep hands :class:`PerImage` down to the link: every image has a stream of its own for every
*purpose* ("fading", "noise", ...), and each purpose's stream is read in order, slot after slot. Two links that ask for
different numbers of slots see the same first slots; a link that streams its slots in chunks sees what it would have
seen at once. Training hands nothing down and draws from torch's global generator, on the tensor's device.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from semjscc import counting


class Randomness(ABC):
    """Draws for a batch: ``shape[0]`` is images, or images x slots with an image's slots side by side."""

    @abstractmethod
    def uniform(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        """U[0, 1) of ``shape``, with the device and real precision of ``like``."""

    @abstractmethod
    def complex_normal(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        """CN(0, 1) of ``shape``: variance 1/2 in each real dimension."""

    @abstractmethod
    def seeds(self, batch: int) -> list[int]:
        """One 32-bit seed per image for a generator of pictures; the same at every operating point."""

    def normal(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        """N(0, 1) of ``shape``, with the device and real precision of ``like``."""
        return self.complex_normal(purpose, shape, like).real * 2**0.5


class Global(Randomness):
    """torch's global generator, on the device of the tensor it answers for; on a CPU it draws the key of a stream."""

    def uniform(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        if like.device.type != "cpu":
            return torch.rand(tuple(shape), device=like.device, dtype=like.real.dtype)
        return counting.uniform(_key(), 0, math.prod(shape), like).reshape(tuple(shape))

    def complex_normal(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        if like.device.type != "cpu":
            return torch.randn(tuple(shape), device=like.device, dtype=like.real.dtype.to_complex())
        return counting.complex_normal(_key(), 0, math.prod(shape), like).reshape(tuple(shape))

    def seeds(self, batch: int) -> list[int]:
        return torch.randint(2**32, (batch,)).tolist()


class PerImage(Randomness):
    """One family of streams per image, from its words (sweep seed, image index) and the operating point's (SNR).

    The numbers are counted (:mod:`semjscc.counting`), on the device that asks; every device and precision sees the
    same, up to rounding.
    """

    def __init__(self, images: Sequence[Sequence[int]], point: Sequence[int] = ()):
        self.images = [tuple(words) for words in images]
        self.point = tuple(point)
        words = [[_signed(word) for word in (*words, *self.point)] for words in self.images]
        self.keys = counting.fold(torch.tensor(words, dtype=torch.long))
        self.drawn: dict[str, int] = {}  # numbers of each image, by purpose

    def uniform(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        return counting.uniform(*self._stretch(purpose, shape, like), like).reshape(tuple(shape))

    def complex_normal(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        return counting.complex_normal(*self._stretch(purpose, shape, like), like).reshape(tuple(shape))

    def seeds(self, batch: int) -> list[int]:
        if batch != len(self.images):
            raise ValueError(f"{batch} seeds asked for, but the streams are those of {len(self.images)} images")
        purpose = crc32(b"seed")
        sequences = (np.random.SeedSequence([purpose, *(word % 2**64 for word in words)]) for words in self.images)
        return [int(sequence.generate_state(1)[0]) for sequence in sequences]

    def _stretch(self, purpose: str, shape: Sequence[int], like: Tensor) -> tuple[Tensor, int, int]:
        """Keys of the images' streams, where to go on in them, and how many numbers to take of each."""
        images = len(self.images)
        if shape[0] % images:
            raise ValueError(f"a batch of {shape[0]} cannot be shared by {images} images: each needs as many slots")
        start, count = self.drawn.get(purpose, 0), math.prod(shape) // images
        self.drawn[purpose] = start + count
        keys = counting.bits(self.keys, crc32(purpose.encode()), 1).squeeze(1)  # each image's own stream has them
        return keys.to(like.device), start, count


def _key() -> Int[Tensor, "1"]:
    return torch.randint(-(2**63), 2**63 - 1, (1,))


def _signed(word: int) -> int:
    return (word + 2**63) % 2**64 - 2**63


GLOBAL = Global()
