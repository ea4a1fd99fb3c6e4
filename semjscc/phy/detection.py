"""How a user of several antennas tells its own streams apart, carrier by carrier.

On the effective channel G = H F of its own streams, y = G x + G_others x_others + n with n ~ CN(0, N0 I); what a filter
W makes of it, W y, is x + e. The filters are computed in double precision: the last streams may be weak.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

Effective = Complex[Tensor, "drops carriers rx streams"]


@dataclass(frozen=True)
class Filter:
    """W, and the variance of e in each stream that the receiver expects."""

    weights: Complex[Tensor, "drops carriers streams rx"]
    noise_var: Float[Tensor, "drops carriers streams"]


class Detector(nn.Module, ABC):
    """A linear filter from what the receiver knows of its effective channel."""

    @abstractmethod
    def filter(
        self,
        own: Effective,
        others: Complex[Tensor, "drops carriers rx interferers"],
        noise_var: Float[Tensor, " drops"],
    ) -> Filter:
        """For unit-power symbols in all streams; ``noise_var`` is N0 at each antenna."""


class ZFDetector(Detector):
    """W = (G^H G)^-1 G^H (paper B, eq. 8, on the effective channel), e of N0 (G^H G)^-1; other users are overlooked.

    Raises:
        ValueError: in ``filter``, on more streams than antennas: G^H G is singular.
    """

    def filter(self, own, others, noise_var):
        rx, streams = own.shape[2:]
        if streams > rx:
            raise ValueError(f"zero forcing cannot separate {streams} streams with {rx} receive antennas")
        G = own.to(torch.complex128)
        C = torch.linalg.inv(G.mH @ G)
        return _filter(own, C @ G.mH, noise_var.double()[:, None, None] * _diagonal(C))


class MMSEDetector(Detector):
    """W = (G^H G + N0 I)^-1 G^H (paper B, eq. 9, on the effective channel); other users are overlooked.

    With C = (G^H G / N0 + I)^-1 and c = diag(C), stream s keeps 1 - c_s of its amplitude, and e has the variance c_s.

    Args:
        unbiased: divide by 1 - c_s, as demappers expect; e then has the variance c_s / (1 - c_s).
    """

    def __init__(self, unbiased: bool = False):
        super().__init__()
        self.unbiased = unbiased

    def filter(self, own, others, noise_var):
        G = own.to(torch.complex128)
        W = torch.linalg.solve(_loaded(G.mH @ G, noise_var), G.mH)
        kept = _diagonal(W @ G)
        return _filter(own, *(_unbiased(W, kept) if self.unbiased else (W, 1 - kept)))


class InterferenceAware(Detector):
    """The unbiased MMSE filter with R = N0 I + G_others G_others^H in place of N0 I: W = C G^H R^-1 with
    C = (G^H R^-1 G + I)^-1, divided by 1 - diag(C). The receiver knows how the other users' streams reach its antennas.
    """

    def filter(self, own, others, noise_var):
        G, G_others = own.to(torch.complex128), others.to(torch.complex128)
        L = torch.linalg.cholesky(_loaded(G_others @ G_others.mH, noise_var))
        white = torch.linalg.solve_triangular(L, G, upper=False)
        W = torch.linalg.solve(_loaded(white.mH @ white, torch.ones_like(noise_var)), white.mH)
        kept = _diagonal(W @ white)
        return _filter(own, *_unbiased(torch.linalg.solve_triangular(L, W, upper=False, left=False), kept))


def inverse_gains(own: Effective) -> Float[Tensor, "drops carriers streams"]:
    """diag((G^H G)^-1), in double precision: what zero forcing makes of noise of unit variance."""
    G = own.to(torch.complex128)
    return _diagonal(torch.linalg.inv(G.mH @ G))


def _unbiased(W: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Divided by the amplitude that each stream keeps; a stream that is not heard stays finite."""
    kept = kept.clamp_min(1e-30)
    return W / kept[..., None], (1 - kept) / kept


def _filter(own: Effective, W: Tensor, noise_var: Tensor) -> Filter:
    """In the precision of the channel."""
    tiny = torch.finfo(own.real.dtype).tiny
    return Filter(W.to(own.dtype), noise_var.to(own.real.dtype).clamp_min(tiny))


def _diagonal(C: Tensor) -> Tensor:
    return C.diagonal(dim1=-2, dim2=-1).real


def _loaded(A: Tensor, noise_var: Tensor) -> Tensor:
    """A + N0 I, with so much of N0 at least that a link without noise stays finite."""
    least = 4 * torch.finfo(A.real.dtype).eps * _diagonal(A).sum(-1)
    loading = torch.maximum(noise_var.to(A.real)[:, None], least).clamp_min(1e-30)
    return A + loading[..., None, None] * torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)
