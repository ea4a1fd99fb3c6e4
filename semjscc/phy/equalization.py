"""From antennas back to symbols, element by element, for any number of antennas and streams.

The model is y = H x + n with unit-power streams x and n ~ CN(0, D), D diagonal: noise plus the error in H, whose
variance is summed over the streams. Both equalisers need no more than z = H^H D^-1 y and the Gram matrix H^H D^-1 H.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from semjscc.phy.estimation import Estimate


@dataclass(frozen=True)
class Equalized:
    """Unbiased symbols, x + e, and the variance of e in each."""

    symbols: Complex[Tensor, "batch streams data_symbols carriers"]
    noise_var: Float[Tensor, "batch streams data_symbols carriers"]


class Equalizer(nn.Module, ABC):
    """Linear equaliser; with one stream there is but one, maximum ratio combining."""

    def equalize(
        self,
        received: Complex[Tensor, "batch rx data_symbols carriers"],
        estimate: Estimate,
        noise_var: Float[Tensor, " batch"],
    ) -> Equalized:
        """Symbols at the data elements. A link without noise stays finite."""
        D = noise_var[:, None, None, None] + estimate.error_var.sum(2)
        D = D.clamp_min(torch.finfo(D.dtype).tiny ** 0.5).unsqueeze(2)
        H, y = estimate.response, received.unsqueeze(2)
        z = (H.conj() * y / D).sum(1)
        if H.shape[2] == 1:
            A = (H.abs().square() / D).sum(1)
            return Equalized(z / A, 1 / A)
        H, D = H.permute(0, 3, 4, 1, 2), D.permute(0, 3, 4, 1, 2)
        x, var = self.separate(z.permute(0, 2, 3, 1), H.mH @ (H / D))
        return Equalized(x.permute(0, 3, 1, 2), var.permute(0, 3, 1, 2))

    @abstractmethod
    def separate(
        self, z: Complex[Tensor, "*elements streams"], A: Complex[Tensor, "*elements streams streams"]
    ) -> tuple[Complex[Tensor, "*elements streams"], Float[Tensor, "*elements streams"]]:
        """Unbiased symbols and their noise variance from the matched filter's outputs and the Gram matrix."""


class ZF(Equalizer):
    """x = A^-1 z, noise diag(A^-1): no interference is left, at any price in noise.

    Raises:
        ValueError: in ``equalize``, on more streams than receive antennas: A is singular.
    """

    def equalize(self, received, estimate, noise_var) -> Equalized:
        rx, streams = estimate.response.shape[1:3]
        if streams > rx:
            raise ValueError(f"zero forcing cannot separate {streams} streams with {rx} receive antennas")
        return super().equalize(received, estimate, noise_var)

    def separate(self, z, A):
        C = torch.linalg.inv(A)
        return _times(C, z), _diagonal(C)


class LMMSE(Equalizer):
    """With C = (A + I)^-1 the error covariance: x_k = (C z)_k / (1 - c_k), noise c_k / (1 - c_k), c_k = C_kk.

    This is diag(G H)^-1 G y with G = H^H (H H^H + D)^-1 and noise 1 / diag(G H) - 1, by the matrix inversion lemma.
    """

    def separate(self, z, A):
        C = torch.linalg.inv(A + torch.eye(A.shape[-1], device=A.device))
        c = _diagonal(C)
        return _times(C, z) / (1 - c), c / (1 - c)


def _times(C: Tensor, z: Tensor) -> Tensor:
    return (C @ z.unsqueeze(-1)).squeeze(-1)


def _diagonal(C: Tensor) -> Tensor:
    return C.diagonal(dim1=-2, dim2=-1).real
