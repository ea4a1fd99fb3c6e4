"""The contract of the data sources."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Picture:
    """One picture and what is known of it."""

    image: Float[Tensor, "3 height width"]  # RGB in [0, 1]
    name: str
    captions: list[str] = field(default_factory=list)


class ImageSource(ABC):
    """Pictures by index, the same for ever. ``skipped`` names what could not be read, with the reason."""

    skipped: list[str]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, index: int) -> Picture: ...
