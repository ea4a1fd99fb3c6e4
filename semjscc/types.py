"""What flows between the parts of semjscc: tensors with named axes, and three small frozen results."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from jaxtyping import Complex, Float, Int
from torch import Tensor

Images = Float[Tensor, "batch 3 height width"]  # RGB in [0, 1]
Bits = Float[Tensor, "batch bits"]  # 0.0 or 1.0, rectangular: every image has the same budget
LLRs = Float[Tensor, "batch bits"]  # logits, log P(1) / P(0)
Symbols = Complex[Tensor, "batch symbols"]  # E|x|^2 = 1 per image
Frames = Complex[Tensor, "batch antennas time frequency"]
Response = Complex[Tensor, "batch rx tx time frequency"]  # E|h|^2 = 1 per antenna pair
SNR = Float[Tensor, " batch"]  # dB, received Es/N0 per antenna and resource element, one value per image


@dataclass(frozen=True)
class Pictures:
    """What a data source hands out: pictures of one size, and what is known of them."""

    images: Images
    names: list[str]
    captions: list[list[str]]  # reference captions of each picture; empty lists where there are none


@dataclass(frozen=True)
class Received:
    """What a symbol link hands up: equalised symbols and the noise variance that is left in each."""

    symbols: Symbols
    noise_var: Float[Tensor, "batch symbols"]


@dataclass(frozen=True)
class Transported:
    """What a bit link hands up: the bits heard, and which code blocks arrived whole."""

    bits: Bits
    block_errors: Float[Tensor, "batch blocks"]  # 1.0 where any bit of the block differs from what was sent
    channel_uses: int  # complex resource elements per image, pilots included
    data_uses: int  # the same without pilots
    duration: float  # [s] time on the air per image; its clock is the link's (docs/CONVENTIONS.md)


@dataclass(frozen=True)
class Delivery:
    """What a system hands to the metrics, for one batch of images."""

    images: Images  # delivered pictures
    payload_bits: int  # bits of payload per image (0 where symbols are sent straight)
    channel_uses: int  # complex resource elements per image, pilots included
    data_uses: int  # the same without pilots
    duration: float  # [s] time on the air per image
    content_bits: Int[Tensor, " batch"] | None = None  # bits that carry the picture, before padding to the budget
    sent_bits: Bits | None = None
    heard_bits: Bits | None = None
    block_errors: Float[Tensor, "batch blocks"] | None = None
    sent: list[str] = field(default_factory=list)  # captions, where the system has them
    heard: list[str] = field(default_factory=list)
    undecodable: Float[Tensor, " batch"] | None = None  # 1.0 where the picture could not be decoded


class Captioner(ABC):
    """Says what it sees. Both a caption codec and the semantic metrics listen to one."""

    @abstractmethod
    def caption(self, images: Images) -> list[str]:
        """One caption per image."""
