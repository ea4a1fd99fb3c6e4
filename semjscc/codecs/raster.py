"""Pictures as bits: raw pixels, and picture files coded into a budget of bits."""

import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from PIL import Image
from PIL import ImageFile as PillowFile
from torch import Tensor

from semjscc.codecs.base import BitCodec
from semjscc.codecs.packing import bits_to_bytes, bytes_to_bits
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import Bits, Images

# An optimised JPEG must fit into one buffer, and Pillow's own guess of a byte per pixel is too little for noise.
PillowFile.MAXBLOCK = 2**24

# Pillow's save options at a quality of 1 to 100. JPEG and AVIF choose, picture by picture, between halved and full
# colour resolution. JPEG 2000 is a bare codestream, compressed 1000 to 1 times, in YCbCr (`mct`): Pillow's default is
# RGB, which costs 1 to 3.5 dB at the same size.
SETTINGS: dict[str, list[Callable[[int], dict[str, Any]]]] = {
    "JPEG": [
        lambda quality: {"quality": quality, "optimize": True, "subsampling": "4:2:0"},
        lambda quality: {"quality": quality, "optimize": True, "subsampling": "4:4:4"},
    ],
    "WEBP": [lambda quality: {"quality": quality}],
    "AVIF": [
        lambda quality: {"quality": quality, "speed": 8, "subsampling": "4:2:0"},
        lambda quality: {"quality": quality, "speed": 8, "subsampling": "4:4:4"},
    ],
    "JPEG2000": [
        lambda quality: {
            "quality_layers": [1000 ** (1 - quality / 100)],
            "irreversible": True,
            "mct": 1,
            "no_jp2": True,
        },
    ],
}


class RawPixels(BitCodec):
    """8-bit RGB without any coding: row by row, red, green and blue of a pixel side by side, 24 H W bits."""

    def encode(self, images: Images) -> Bits:
        return bytes_to_bits(_to_pixels(images).flatten(1))

    def decode(self, bits: Bits, size: tuple[int, int], rng: Randomness = GLOBAL) -> Images:
        return bits_to_bytes(bits).unflatten(1, (*size, 3)).movedim(-1, 1) / 255


class ImageFile(BitCodec):
    """The best picture file that fits a budget of bits, filled up with zeros.

    For each colour resolution of the format, and for the picture in full, half, quarter, ... size, bisection finds the
    highest quality that fits; of these files the one whose picture comes back with the least squared error is sent.
    A file that damage has made unreadable is shown as mid-grey, as is one whose header claims more pixels than the
    budget is for: such a file is not decoded.

    Args:
        format: "JPEG", "WEBP", "AVIF" or "JPEG2000"
        bits_per_pixel: the budget is ``floor(bits_per_pixel * height * width / 8)`` bytes for every picture
    """

    def __init__(self, format: Literal["JPEG", "WEBP", "AVIF", "JPEG2000"], bits_per_pixel: float):
        super().__init__()
        if not bits_per_pixel > 0:
            raise ValueError(f"bits_per_pixel must be positive, not {bits_per_pixel}")
        self.format, self.settings, self.bits_per_pixel = format, SETTINGS[format], bits_per_pixel

    def encode(self, images: Images) -> Bits:
        """Payload of each image; empty, and so undecodable, where even a thumbnail of lowest quality exceeds it."""
        budget = int(self.bits_per_pixel * images.shape[2] * images.shape[3] / 8)
        payloads = [self._best(Image.fromarray(pixels), budget) for pixels in _to_pixels(images).cpu().numpy()]
        data = torch.frombuffer(bytearray(b"".join(payloads)), dtype=torch.uint8)
        return bytes_to_bits(data.view(len(payloads), budget).to(images.device))

    def decode(self, bits: Bits, size: tuple[int, int], rng: Randomness = GLOBAL) -> Images:
        return torch.stack([self._shown(payload, size) for payload in _payloads(bits)]).to(bits.device)

    def undecodable(self, bits: Bits) -> Float[Tensor, " batch"]:
        """1.0 for each payload that is shown as mid-grey."""
        damaged = [self._picture(payload) is None for payload in _payloads(bits)]
        return torch.tensor(damaged, device=bits.device).float()

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        """The bits of each file, up to its last byte that is not zero: what follows cannot be told from the filling."""
        return torch.tensor([8 * len(payload.rstrip(b"\0")) for payload in _payloads(bits)], device=bits.device)

    def _best(self, picture: Image.Image, budget: int) -> bytes:
        """The payload that shows ``picture`` with the least squared error."""
        height, width = picture.height, picture.width
        writers = list(self._writers(picture))
        payloads = [file.ljust(budget, b"\0") for write in writers if (file := _largest(write, budget))]
        if not payloads:
            return bytes(budget)
        truth = _to_image(picture)
        return min(payloads, key=lambda payload: (self._shown(payload, (height, width)) - truth).square().sum())

    def _writers(self, picture: Image.Image) -> Iterator[Callable[[int], bytes]]:
        """Quality -> file, for each setting and each halving of ``picture`` down to 8 x 8."""
        while True:
            for settings in self.settings:
                yield partial(_write, picture, self.format, settings)
            if max(picture.size) <= 8:
                return
            picture = picture.resize([(side + 1) // 2 for side in picture.size], Image.Resampling.LANCZOS)

    def _shown(self, payload: bytes, size: tuple[int, int]) -> Float[Tensor, "3 height width"]:
        picture = self._picture(payload)
        if picture is None:
            return torch.full((3, *size), 0.5)
        return _to_image(picture.resize(size[::-1], Image.Resampling.BICUBIC))

    def _picture(self, payload: bytes) -> Image.Image | None:
        """The picture in ``payload``; None where it is damaged or claims more pixels than the budget is for."""
        most_pixels = 8 * (len(payload) + 1) / self.bits_per_pixel
        try:
            with warnings.catch_warnings(action="ignore"):
                picture = Image.open(BytesIO(payload), formats=[self.format])
                return picture.convert("RGB") if picture.width * picture.height <= most_pixels else None
        except Exception:  # Pillow's readers raise a dozen kinds on damage, and none of them is news
            return None


def _largest(write: Callable[[int], bytes], budget: int) -> bytes | None:
    """The file of highest quality, 1 to 100, that fits ``budget`` bytes; None where none fits."""
    quality = bisect_right(range(1, 101), budget, key=lambda quality: len(write(quality)))
    return write(quality) if quality else None


def _write(picture: Image.Image, format: str, settings: Callable[[int], dict[str, Any]], quality: int) -> bytes:
    file = BytesIO()
    picture.save(file, format, **settings(quality))
    return file.getvalue()


def _payloads(bits: Bits) -> list[bytes]:
    return [payload.tobytes() for payload in bits_to_bytes(bits).cpu().numpy()]


def _to_pixels(images: Images) -> UInt8[Tensor, "batch height width 3"]:
    return (images.clamp(0, 1) * 255).round().to(torch.uint8).movedim(1, -1)


def _to_image(picture: Image.Image) -> Float[Tensor, "3 height width"]:
    return torch.from_numpy(np.array(picture)).movedim(-1, 0) / 255
