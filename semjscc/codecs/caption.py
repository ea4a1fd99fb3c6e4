"""Say what is seen, paint what is heard."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from semjscc.codecs.base import BitCodec, TextCodec, TextToImage
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import Bits, Captioner, Images


class CaptionCodec(BitCodec):
    """The semantic codec of both papers::

        images --> captioner --> text.encode --> bits
        images <-- painter   <-- text.decode <-- bits

    A sweep hears the same words at many operating points, so a picture is painted once for each text, seed and size,
    and the last ``remembered`` pictures are kept in main memory, 12 x height x width bytes each.

    Args:
        max_bits: as many whole words of a caption are sent as the text codec puts in so many bits of content; None
            leaves it to the text codec's budget, which may end within a word.
    """

    def __init__(
        self,
        captioner: Captioner,
        painter: TextToImage,
        text: TextCodec,
        remembered: int = 1024,
        max_bits: int | None = None,
    ):
        super().__init__()
        self.max_bits = max_bits
        self.captioner = captioner
        self.painter = painter
        self.text = text
        self.remembered = remembered
        self.pictures: dict[tuple, Tensor] = {}  # least recently used first

    def encode(self, images: Images) -> Bits:
        return self.text.encode([self._brief(said) for said in self.captioner.caption(images)]).to(images.device)

    def decode(self, bits: Bits, size: tuple[int, int], rng: Randomness = GLOBAL) -> Images:
        heard = [(text, seed, *size) for text, seed in zip(self.read(bits), rng.seeds(len(bits)), strict=True)]
        known = {key: self.pictures.pop(key) for key in dict.fromkeys(heard) if key in self.pictures}
        known |= self._paint([key for key in dict.fromkeys(heard) if key not in known], size)
        self._remember(known)
        return torch.stack([known[key] for key in heard]).to(bits.device)

    def content_bits(self, bits: Bits) -> Int[Tensor, " batch"]:
        return self.text.content_bits(bits)

    def prior(self, size: tuple[int, int]) -> Float[Tensor, " bits"] | None:
        return self.text.prior()

    def read(self, bits: Bits) -> list[str]:
        return self.text.decode(bits)

    def _brief(self, said: str) -> str:
        if self.max_bits is None:
            return said
        words = said.split()
        shorter = [" ".join(words[:length]) for length in range(len(words) + 1)]
        sizes = self.text.content_bits(self.text.encode(shorter)).tolist()
        if sizes[0] > self.max_bits:
            raise ValueError(f"max_bits must be at least {sizes[0]}, what an empty text takes; got {self.max_bits}")
        return [text for text, size in zip(shorter, sizes, strict=True) if size <= self.max_bits][-1]

    def _paint(self, keys: list[tuple], size: tuple[int, int]) -> dict[tuple, Tensor]:
        if not keys:
            return {}
        pictures = self.painter.paint([text for text, *_ in keys], size, [seed for _, seed, *_ in keys])
        return {key: picture.cpu().clone() for key, picture in zip(keys, pictures, strict=True)}

    def _remember(self, pictures: dict[tuple, Tensor]) -> None:
        self.pictures |= pictures
        while len(self.pictures) > self.remembered:
            del self.pictures[next(iter(self.pictures))]
