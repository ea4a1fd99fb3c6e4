"""Pictures as bits: raw pixels, and picture files coded into a budget of bits."""

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from PIL import Image
from torch import Tensor

from semjscc.codecs.base import BitCodec
from semjscc.codecs.formats import FORMATS, Pixels, halved
from semjscc.codecs.packing import bits_to_bytes, bytes_to_bits
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import Bits, Images


class RawPixels(BitCodec):
    """8-bit RGB without any coding: row by row, red, green and blue of a pixel side by side, 24 H W bits."""

    def encode(self, images: Images) -> Bits:
        return bytes_to_bits(_to_pixels(images).flatten(1))

    def decode(self, bits: Bits, size: tuple[int, int], rng: Randomness = GLOBAL) -> Images:
        return bits_to_bytes(bits).unflatten(1, (*size, 3)).movedim(-1, 1) / 255


class ImageFile(BitCodec):
    """The best picture file that fits a budget of bits, filled up with zeros.

    For each setting of the format (:mod:`semjscc.codecs.formats`), and for the picture in full, half, quarter, ... size
    as long as that makes it better, bisection finds the highest quality that fits; of these files the one whose
    picture comes back with the least squared error is sent.

    A damaged file is shown as far as it decodes: a JPEG to its end, with what its reader makes of wrong bits. One that
    does not decode at all is shown as mid-grey, as is one whose header claims more pixels than the picture has: such a
    file is not decoded. A picture of which not even the smallest file fits is sent as nothing but zeros, and so is
    undecodable.

    Args:
        format: "JPEG", "JPEG2000", "WEBP", "AVIF" or "HEVC" (intra, the codec inside BPG)
        bits_per_pixel: the budget of :meth:`encode` is ``floor(bits_per_pixel * height * width)`` bits for every
            picture; None for a codec that is only told budgets (:meth:`fit`)
        charge_header: whether the file is sent whole. Otherwise what the receiver can know of it beforehand, container
            and tables, is left out of the payload and put back on arrival (:meth:`Format.strip`).
    """

    def __init__(self, format: str, bits_per_pixel: float | None = None, charge_header: bool = True):
        super().__init__()
        if format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}; got {format!r}")
        if bits_per_pixel is not None and not bits_per_pixel > 0:
            raise ValueError(f"bits_per_pixel must be positive, not {bits_per_pixel}")
        self.format, self.bits_per_pixel, self.charge_header = FORMATS[format], bits_per_pixel, charge_header

    def encode(self, images: Images) -> Bits:
        """Payload of each image, in ``bits_per_pixel``; raises ``ValueError`` where none are set."""
        if self.bits_per_pixel is None:
            raise ValueError("a picture file without bits_per_pixel must be told its budget: give the system a ratio")
        return self.fit(images, int(self.bits_per_pixel * images.shape[2] * images.shape[3]))

    def fit(self, images: Images, bits: int) -> Bits:
        """Payload of each image, as many whole bytes as ``bits`` hold; raises ``ValueError`` where they hold none."""
        if bits < 8:
            raise ValueError(f"a picture file of at most {bits} bits: 8, a byte, is the least")
        payloads = [self._best(Image.fromarray(pixels), bits // 8) for pixels in _to_pixels(images).cpu().numpy()]
        data = torch.frombuffer(bytearray(b"".join(payloads)), dtype=torch.uint8)
        return bytes_to_bits(data.view(len(payloads), bits // 8).to(images.device))

    def decode(self, bits: Bits, size: tuple[int, int], rng: Randomness = GLOBAL) -> Images:
        return torch.stack([self._shown(payload, size) for payload in _payloads(bits)]).to(bits.device)

    def undecodable(self, bits: Bits, size: tuple[int, int]) -> Float[Tensor, " batch"]:
        """1.0 for each payload that is shown as mid-grey."""
        damaged = [self._picture(payload, size) is None for payload in _payloads(bits)]
        return torch.tensor(damaged, device=bits.device).float()

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        """The bits of each file, up to its last byte that is not zero: what follows cannot be told from the filling."""
        return torch.tensor([8 * len(payload.rstrip(b"\0")) for payload in _payloads(bits)], device=bits.device)

    def _best(self, picture: Image.Image, budget: int) -> bytes:
        """The payload that shows ``picture`` with the least squared error."""
        best, least, truth = bytes(budget), math.inf, _to_image(picture)
        for halvings, smaller in enumerate(map(Pixels, _halvings(picture))):
            files = [self._largest(smaller, setting, halvings, budget) for setting in range(len(self.format.settings))]
            payloads = [file.ljust(budget, b"\0") for file in files if file]
            shown = [self._shown(payload, (picture.height, picture.width)) for payload in payloads]
            errors = [(image - truth).square().sum().item() for image in shown]
            if errors and min(errors) >= least:
                break
            if errors:
                best, least = payloads[errors.index(min(errors))], min(errors)
        return best

    def _largest(self, picture: Pixels, setting: int, halvings: int, budget: int) -> bytes | None:
        """What is sent of the file of highest quality that fits ``budget`` bytes; None where none fits."""

        def payload(level: int) -> bytes:
            if self.charge_header:
                return self.format.write(picture, setting, level)
            return self.format.strip(picture, setting, halvings, level)

        level = bisect_right(range(1, self.format.levels + 1), budget, key=lambda level: len(payload(level)))
        return payload(level) if level else None

    def _shown(self, payload: bytes, size: tuple[int, int]) -> Float[Tensor, "3 height width"]:
        picture = self._picture(payload, size)
        if picture is None:
            return torch.full((3, *size), 0.5)
        return _to_image(picture.resize(size[::-1], Image.Resampling.BICUBIC))

    def _picture(self, payload: bytes, size: tuple[int, int]) -> Image.Image | None:
        """The picture in ``payload``; None where there is none to be had."""
        file = payload if self.charge_header else self.format.restore(payload, size[::-1])
        return self.format.read(file, size) if file else None


def _halvings(picture: Image.Image) -> Iterator[Image.Image]:
    """``picture``, and its halvings down to 8 x 8."""
    whole = picture.size
    for times in count():
        yield picture
        if max(picture.size) <= 8:
            return
        picture = picture.resize(halved(whole, times + 1), Image.Resampling.LANCZOS)


def _payloads(bits: Bits) -> list[bytes]:
    return [payload.tobytes() for payload in bits_to_bytes(bits).cpu().numpy()]


def _to_pixels(images: Images) -> UInt8[Tensor, "batch height width 3"]:
    return (images.clamp(0, 1) * 255).round().to(torch.uint8).movedim(1, -1)


def _to_image(picture: Image.Image) -> Float[Tensor, "3 height width"]:
    return torch.from_numpy(np.array(picture)).movedim(-1, 0) / 255
