"""Ways to damage files, each a function of a number."""

import io
import struct
import zlib
from random import Random

import numpy as np
from PIL import Image

FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "TIFF": "tif", "BMP": "bmp", "AVIF": "avif"}
ROTATED = 6  # EXIF's orientation for a quarter turn


def cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data))]


def flipped(data: bytes, chance: Random, first: int = 0, last: int | None = None) -> bytes:
    """Up to sixteen bits of the bytes from ``first`` to ``last``."""
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 16)):
        damaged[chance.randrange(first, min(len(data), last or len(data)))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def zeroed(data: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + bytes(len(data) - start)


def noise(data: bytes, chance: Random) -> bytes:
    """The beginning, and then anything."""
    return data[:16] + chance.randbytes(len(data) - 16)


def picture(chance: Random) -> tuple[bytes, str]:
    """A good picture of any kind, and its suffix."""
    format, suffix = chance.choice(list(FORMATS.items()))
    pixels = np.random.default_rng(chance.randrange(2**32)).integers(0, 256, (24, 40, 3), np.uint8)
    image, file = Image.fromarray(pixels), io.BytesIO()
    if format == "JPEG" and chance.random() < 0.5:
        image = image.convert("CMYK")
    elif format in ("PNG", "TIFF") and chance.random() < 0.5:
        image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)  # 16 bits
    more = {}
    if format in ("GIF", "WEBP") and chance.random() < 0.5:
        more = {"save_all": True, "append_images": [image.transpose(Image.Transpose.ROTATE_180)]}
    elif format in ("JPEG", "WEBP") and chance.random() < 0.5:
        more["exif"] = exif = Image.Exif()
        exif[0x0112] = ROTATED
    image.save(file, format, **more)
    return file.getvalue(), suffix


def gigantic(chance: Random) -> bytes:
    """A PNG of a few bytes that says it has millions or billions of pixels."""
    header = struct.pack(">IIBBBBB", chance.choice((10**4, 10**5, 2**31 - 1)), 10**5, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    body = (struct.pack(">I", len(d)) + name + d + struct.pack(">I", zlib.crc32(name + d)) for name, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def damaged_picture(number: int) -> tuple[bytes, str]:
    """One whole, cut, of flipped bits, of zeros, of noise, empty, gigantic or under another format's suffix."""
    chance = Random(number)
    data, suffix = picture(chance)
    match number % 8:
        case 0:
            return data, suffix
        case 1:
            return cut(data, chance), suffix
        case 2:
            return flipped(data, chance), suffix
        case 3:
            return zeroed(data, chance), suffix
        case 4:
            return noise(data, chance), suffix
        case 5:
            return b"", suffix
        case 6:
            return gigantic(chance), "png"
        case _:
            return data, chance.choice(list(FORMATS.values()))
