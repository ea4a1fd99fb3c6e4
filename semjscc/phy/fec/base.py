"""The contract of the channel codes."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn


class Code(nn.Module, ABC):
    """A binary block code: ``k`` information bits go out as ``n`` coded bits, block by block along the last axis."""

    k: int
    n: int

    @abstractmethod
    def encode(self, bits: Float[Tensor, "*blocks k"]) -> Float[Tensor, "*blocks n"]:
        """Coded bits, 0.0 or 1.0."""

    @abstractmethod
    def decode(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks k"]:
        """Information bits, 0.0 or 1.0, from the logits log P(1)/P(0) of the coded bits.

        ``prior`` has those of the information bits before anything is heard; without it they are as likely 0 as 1.
        """
