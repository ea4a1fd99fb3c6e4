"""From antennas back to symbols, element by element, for any number of antennas and streams.

The model is y = H x + n with unit-power streams x and n ~ CN(0, D), D diagonal: noise plus the error in H, whose
variance is summed over the streams. Both equalisers need no more than z = H^H D^-1 y and the Gram matrix H^H D^-1 H.
"""

from abc import ABC
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
    """Linear equaliser: with the Gram matrix A = H^H H, z = H^H y and C = (A / D + loading I)^-1,

        x_k = (C z / D)_k / (1 - loading c_k),  noise c_k / (1 - loading c_k),  c_k = C_kk.

    With one stream that is maximum ratio combining, whatever the loading.
    """

    loading: float

    def equalize(
        self,
        received: Complex[Tensor, "batch rx data_symbols carriers"],
        estimate: Estimate,
        noise_var: Float[Tensor, " batch"],
    ) -> Equalized:
        """Symbols at the data elements. A link without noise stays finite."""
        D = noise_var[:, None, None, None] + estimate.error_var.sum(2)
        D = D.clamp_min(torch.finfo(D.dtype).tiny ** 0.5)
        H, y, D = _white(estimate.response, received.unsqueeze(2), D)
        z = (H.conj() * y).sum(1)
        x, var = {1: _one, 2: _two}.get(z.shape[1], _many)(H, z, D, self.loading)
        return Equalized(x, var)


class ZF(Equalizer):
    """x = A^-1 z: no interference is left, at any price in noise.

    Raises:
        ValueError: in ``equalize``, on more streams than receive antennas: A is singular.
    """

    loading = 0.0

    def equalize(self, received, estimate, noise_var) -> Equalized:
        rx, streams = estimate.response.shape[1:3]
        if streams > rx:
            raise ValueError(f"zero forcing cannot separate {streams} streams with {rx} receive antennas")
        return super().equalize(received, estimate, noise_var)


class LMMSE(Equalizer):
    """diag(G H)^-1 G y with G = H^H (H H^H + D)^-1 and noise 1 / diag(G H) - 1, by the matrix inversion lemma."""

    loading = 1.0


def _white(H: Tensor, y: Tensor, D: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Antennas of unequal noise scaled to that of the quietest, and its variance ``[batch, 1, time, frequency]``."""
    if D.shape[1] == 1:
        return H, y, D
    least = D.amin(1, keepdim=True)
    scale = (least / D).sqrt().unsqueeze(2)
    return H * scale, y * scale, least


def _one(H: Tensor, z: Tensor, D: Tensor, loading: float) -> tuple[Tensor, Tensor]:
    """x = z / A, noise D / A."""
    inverse = 1 / _power(H)
    return z * inverse, D * inverse


def _two(H: Tensor, z: Tensor, D: Tensor, loading: float) -> tuple[Tensor, Tensor]:
    """The inverse written out, with A = [[a, c], [c*, b]] and B = b + loading D:

        x_1 = (B z_1 - c z_2) / (a B - |c|^2),  noise D B / (a B - |c|^2),

    and the other stream likewise. Nothing is divided by D, which may be very small.
    """
    A = _power(H)
    loaded = A.flip(1) + loading * D  # B of each stream
    c = (H[:, :, 0].conj() * H[:, :, 1]).sum(1)
    c = torch.stack([c, c.conj()], 1)
    inverse = 1 / (A * loaded - torch.view_as_real(c).square().sum(-1))
    return (loaded * z - c * z.flip(1)) * inverse, D * loaded * inverse


def _many(H: Tensor, z: Tensor, D: Tensor, loading: float) -> tuple[Tensor, Tensor]:
    """Any number of streams."""
    H, D = H.permute(0, 3, 4, 1, 2), D.permute(0, 2, 3, 1)
    C = torch.linalg.inv(H.mH @ H / D.unsqueeze(-1) + loading * torch.eye(H.shape[-1], device=H.device))
    c = C.diagonal(dim1=-2, dim2=-1).real
    x = (C @ (z.permute(0, 2, 3, 1) / D).unsqueeze(-1)).squeeze(-1)
    return (x / (1 - loading * c)).permute(0, 3, 1, 2), (c / (1 - loading * c)).permute(0, 3, 1, 2)


def _power(H: Complex[Tensor, "batch rx *any"]) -> Float[Tensor, "batch *any"]:
    """Sum over the antennas of |h|^2."""
    squares = torch.view_as_real(H).square().sum(1)
    return squares[..., 0] + squares[..., 1]
