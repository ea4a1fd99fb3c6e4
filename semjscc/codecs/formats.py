"""Picture files as Pillow writes and reads them, and what a receiver knows of a file before it comes."""

import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from io import BytesIO
from typing import Any

from PIL import Image
from PIL import ImageFile as PillowFile

# An optimised JPEG must fit into one buffer, and Pillow's own guess of a byte per pixel is too little for noise.
PillowFile.MAXBLOCK = 2**24

Options = dict[str, Any]
RECIPE = 2  # bytes ahead of a stripped file: its setting and how often its picture was halved; its level
LONGEST_HEADER = 2**14  # [bytes] a header that claims more is damaged


class Pixels:
    """A picture that is equal to any other with the same pixels."""

    def __init__(self, image: Image.Image):
        self.image = image.convert("RGB")
        self.identity = self.image.size, blake2b(self.image.tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pixels) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


@dataclass(frozen=True)
class Format:
    """One file format.

    Args:
        name: Pillow's.
        settings: each gives Pillow's options at a level of quality; a file is written with one of them.
        levels: of quality: 1 is the lowest, this the highest.
        start: what the picture's own data begin with, or follow after; all before that is the header.
        end: put behind a damaged file by the reader, so that it shows what it has.
    """

    name: str
    settings: tuple[Callable[[int], Options], ...]
    levels: int
    start: bytes
    end: bytes = b""

    def write(self, picture: Pixels, setting: int, level: int) -> bytes:
        """The file; it is remembered, for other budgets that the same picture is to fit."""
        return _write(self, setting, level, picture)

    def read(self, file: bytes, size: tuple[int, int]) -> Image.Image | None:
        """The picture in ``file``; None where it is damaged or claims more pixels than ``size``, and is not decoded."""
        _know(self.name)
        try:
            with warnings.catch_warnings(action="ignore"):
                picture = Image.open(BytesIO(file + self.end), formats=[self.name])
                return picture.convert("RGB") if picture.width * picture.height <= size[0] * size[1] else None
        except Exception:  # Pillow's readers raise a dozen kinds on damage, and none of them is news
            return None

    def strip(self, picture: Pixels, setting: int, halvings: int, level: int) -> bytes:
        """The file without what :meth:`restore` knows: two bytes of recipe, what is news in the header, the data.

        The header is deflated (RFC 1951) with that of a grey picture as dictionary: of a container's boxes 10 to 15
        bytes are left, of a JPEG its own Huffman tables.
        """
        file = self.write(picture, setting, level)
        cut = self._cut(file)
        squeeze = zlib.compressobj(9, wbits=-15, zdict=_known(self, setting, level, picture.image.size))
        return bytes([16 * setting + halvings, level]) + squeeze.compress(file[:cut]) + squeeze.flush() + file[cut:]

    def restore(self, payload: bytes, size: tuple[int, int]) -> bytes | None:
        """The file that was stripped, of a picture of ``size`` = (width, height); None where that cannot be."""
        if len(payload) < RECIPE:
            return None
        (setting, halvings), level = divmod(payload[0], 16), payload[1]
        if setting >= len(self.settings) or not 1 <= level <= self.levels or halvings > max(size).bit_length():
            return None
        expand = zlib.decompressobj(wbits=-15, zdict=_known(self, setting, level, halved(size, halvings)))
        try:
            header = expand.decompress(payload[RECIPE:], LONGEST_HEADER)
        except zlib.error:
            return None
        return header + expand.unused_data if expand.eof else None

    def _cut(self, file: bytes) -> int:
        """Where the header ends; where that is changes the length of what is stripped, never the file."""
        return max(0, file.find(self.start)) + len(self.start)


def halved(size: tuple[int, int], times: int) -> tuple[int, int]:
    """(width, height) after so many halvings, rounded up."""
    return -(-size[0] // 2**times), -(-size[1] // 2**times)


@lru_cache(maxsize=4096)
def _write(form: Format, setting: int, level: int, picture: Pixels) -> bytes:
    _know(form.name)
    file = BytesIO()
    picture.image.save(file, form.name, **form.settings[setting](level))
    return file.getvalue()


@lru_cache(maxsize=4096)
def _known(form: Format, setting: int, level: int, size: tuple[int, int]) -> bytes:
    """The header of a grey picture."""
    file = form.write(Pixels(Image.new("RGB", size, (128, 128, 128))), setting, level)
    return file[: form._cut(file)]


@lru_cache(maxsize=8)
def _know(name: str) -> None:
    """Pillow knows HEIF, which has HEVC in it, by plug-in only."""
    if name == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()


def _jpeg(subsampling: str, progressive: bool) -> Callable[[int], Options]:
    return lambda level: {
        "quality": level,
        "optimize": True,
        "progressive": progressive,
        "subsampling": subsampling,
    }


def _jpeg2000(level: int) -> Options:
    """A bare codestream in YCbCr (``mct``): Pillow's default is RGB, which costs 1 to 3.5 dB at the same size."""
    return {"quality_layers": [1000 ** (1 - level / 250)], "irreversible": True, "mct": 1, "no_jp2": True}


def _avif(subsampling: str) -> Callable[[int], Options]:
    return lambda level: {
        "quality": level,
        "speed": 6,
        "subsampling": subsampling,
        "max_threads": 1,
        "advanced": {"tune": "psnr"},
    }


def _hevc(subsampling: str) -> Callable[[int], Options]:
    """Without threads: files then do not depend on the machine, and a busy one takes a fifth of the time."""
    threads = {"x265:frame-threads": "1", "x265:wpp": "0"}
    return lambda level: {"quality": level, "subsampling": subsampling, "enc_params": {"tune": "psnr"} | threads}


# A picture is written with every setting, and the best is sent: which colour resolution that is depends on the picture,
# and whether several scans pay for their Huffman tables on its size. AVIF and HEVC are tuned for squared error.
HALF, FULL = "4:2:0", "4:4:4"
FORMATS = {
    "JPEG": Format(
        "JPEG",
        tuple(_jpeg(chroma, progressive) for chroma in (HALF, FULL) for progressive in (False, True)),
        levels=100,
        start=b"\xff\xda",
        end=b"\xff\xd9",
    ),
    "JPEG2000": Format("JPEG2000", (_jpeg2000,), levels=250, start=b"\xff\x93"),
    "WEBP": Format("WEBP", (lambda level: {"quality": level, "method": 6},), levels=100, start=b"VP8 "),
    "AVIF": Format("AVIF", (_avif(HALF), _avif(FULL)), levels=100, start=b"mdat"),
    "HEVC": Format("HEIF", (_hevc(HALF), _hevc(FULL)), levels=100, start=b"mdat"),
}
