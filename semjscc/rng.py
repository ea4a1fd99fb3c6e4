"""Where chance comes from: torch's own generator, or one stream per image.

A sweep must not depend on batch size, order or the number of machines, and rival systems must meet the same fades
and the same noise. So a sweep hands :class:`PerImage` down to the link: every image has a stream of its own for every
*purpose* ("fading", "noise", ...), and each purpose's stream is read in order, slot after slot. Two links that ask for
different numbers of slots see the same first slots; a link that streams its slots in chunks sees what it would have
seen at once. Training hands nothing down and draws from torch's global generator, on the tensor's device.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import torch
from torch import Tensor


class Randomness(ABC):
    """Draws for a batch: ``shape[0]`` is images, or images x slots with an image's slots side by side."""

    @abstractmethod
    def normal(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        """N(0, 1) of ``shape``, with the device and real precision of ``like``."""

    @abstractmethod
    def uniform(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        """U[0, 1) of ``shape``, with the device and real precision of ``like``."""

    @abstractmethod
    def seeds(self, batch: int) -> list[int]:
        """One 32-bit seed per image for a generator of pictures; the same at every operating point."""

    def complex_normal(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        """CN(0, 1) of ``shape``: variance 1/2 in each real dimension."""
        return torch.view_as_complex(self.normal(purpose, (*shape, 2), like)) * 0.5**0.5


class Global(Randomness):
    """torch's global generator, on the device of the tensor it answers for."""

    def normal(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        return torch.randn(tuple(shape), device=like.device, dtype=like.real.dtype)

    def uniform(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        return torch.rand(tuple(shape), device=like.device, dtype=like.real.dtype)

    def seeds(self, batch: int) -> list[int]:
        return torch.randint(2**32, (batch,)).tolist()


class PerImage(Randomness):
    """One family of streams per image, from its words (sweep seed, image index) and the operating point's (SNR).

    The numbers are drawn on the CPU, so that every device sees the same.
    """

    def __init__(self, images: Sequence[Sequence[int]], point: Sequence[int] = ()):
        self.images = [tuple(words) for words in images]
        self.point = tuple(point)
        self.streams: dict[str, list[np.random.Generator]] = {}

    def normal(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        return self._draw(purpose, shape, like, lambda stream, out: stream.standard_normal(out=out, dtype=out.dtype))

    def uniform(self, purpose: str, shape: Sequence[int], like: Tensor) -> Tensor:
        return self._draw(purpose, shape, like, lambda stream, out: stream.random(out=out, dtype=out.dtype))

    def seeds(self, batch: int) -> list[int]:
        if batch != len(self.images):
            raise ValueError(f"{batch} seeds asked for, but the streams are those of {len(self.images)} images")
        return [int(_sequence("seed", words).generate_state(1)[0]) for words in self.images]

    def _draw(self, purpose, shape, like, fill) -> Tensor:
        images = len(self.images)
        if shape[0] % images:
            raise ValueError(f"a batch of {shape[0]} cannot be shared by {images} images: each needs as many slots")
        draws = torch.empty((images, shape[0] // images, *shape[1:]), dtype=like.real.dtype)
        for stream, image in zip(self._family(purpose), draws.numpy(), strict=True):
            fill(stream, image)
        return draws.flatten(0, 1).to(like.device)

    def _family(self, purpose: str) -> list[np.random.Generator]:
        if purpose not in self.streams:
            sequences = [_sequence(purpose, (*words, *self.point)) for words in self.images]
            self.streams[purpose] = [np.random.Generator(np.random.SFC64(sequence)) for sequence in sequences]
        return self.streams[purpose]


def _sequence(purpose: str, words: Sequence[int]) -> np.random.SeedSequence:
    return np.random.SeedSequence([crc32(purpose.encode()), *(word % 2**64 for word in words)])


GLOBAL = Global()
