"""The contracts of the channel codes."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn


class Codes(nn.Module, ABC):
    """A code for every size of payload; of a single code's, each payload is padded to whole blocks."""

    @abstractmethod
    def for_payload(self, bits: int) -> "Code":
        """The code that carries a payload of so many bits, in as many blocks as it takes."""

    @abstractmethod
    def payload_bits(self, coded_bits: int) -> int:
        """The largest payload that takes at most so many coded bits."""


class Code(Codes):
    """A binary block code: ``k`` information bits go out as ``n`` coded bits, block by block along the last axis."""

    k: int
    n: int

    def for_payload(self, bits: int) -> "Code":
        return self

    def payload_bits(self, coded_bits: int) -> int:
        return coded_bits // self.n * self.k

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

    def coded(
        self, llrs: Float[Tensor, "*blocks n"], prior: Float[Tensor, "*blocks k"] | None = None
    ) -> Float[Tensor, "*blocks n"]:
        """Logits of the coded bits after decoding, for a receiver that looks at the channel once more."""
        raise NotImplementedError(f"{type(self).__name__} tells information bits only: it refines no estimate")
