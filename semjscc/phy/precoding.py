"""How a base station with many antennas sends streams to users of several antennas each, carrier by carrier.

The sender knows H_u[k] of every user. Each user's strongest singular directions, as many as it has streams, stand for
its antennas: with H_u = U Sigma V^H, its rows of T are those of U^H H_u. Weights F have columns of equal length, one a
stream, and a total power of 1 on every carrier: each of S streams is sent with 1/S of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from semjscc.phy.beams import Beams, Channels

Weights = Complex[Tensor, "drops carriers tx streams"]


class Precoder(nn.Module, ABC):
    """Weights of all users' streams, in the users' order."""

    @abstractmethod
    def weights(self, channels: Channels, streams: Sequence[int], noise_var: Float[Tensor, "drops users"]) -> Weights:
        """F from what the sender knows; ``noise_var`` is N0 at each user's antennas, for a transmit power of 1.

        Raises:
            ValueError: on more streams than antennas or RF chains.
        """


class MatchedFilter(Precoder):
    """F = T^H: each stream along its own right singular vector, whatever reaches the others."""

    def weights(self, channels, streams, noise_var):
        return _equal_power(_strongest(channels, streams).mH)


class ZeroForcing(Precoder):
    """F = T^H (T T^H)^-1: no stream is heard in another's direction, at any price in power."""

    def weights(self, channels, streams, noise_var):
        return _inverted(_strongest(channels, streams), torch.zeros_like(noise_var[:, :1]))


class RegularizedZF(Precoder):
    """F = T^H (T T^H + S diag(N0))^-1: what is heard in the others' directions is weighed against the noise (Peel,
    Hochwald and Swindlehurst 2005).
    """

    def weights(self, channels, streams, noise_var):
        N0 = torch.cat([noise_var[:, u, None].expand(-1, S) for u, S in enumerate(streams)], 1)
        return _inverted(_strongest(channels, streams), sum(streams) * N0)


class JSDM(Precoder):
    """F_u[k] = B_u V_u[k] with the right singular vectors V_u[k] of H_u[k] B_u: each user on its own beams.

    Joint spatial division and multiplexing with processing per group (Adhikary, Nam, Ahn and Caire 2013; Li, Han and
    Molisch 2016), each user a group; what the beams leak from user to user stays.

    Args:
        rf_chains: that the sender has; each beam takes one.
    """

    def __init__(self, beams: Beams, rf_chains: int = 16):
        super().__init__()
        self.beams, self.rf_chains = beams, rf_chains

    def weights(self, channels, streams, noise_var):
        _check_chains(self.rf_chains, streams)
        beams = [_orthonormal(B, channels[0]) for B in self.beams.beams(channels, streams, noise_var)]
        singular = [torch.linalg.svd(H @ B, full_matrices=False).Vh.mH for H, B in zip(channels, beams, strict=True)]
        return _equal_power(torch.cat([B @ V for B, V in zip(beams, singular, strict=True)], 3))


class JointJSDM(Precoder):
    """F[k] = B D[k] with the beams B of all users and the weights D[k] of another precoder on the channels H_u[k] B:
    processing of all groups together.
    """

    def __init__(self, beams: Beams, precoder: Precoder, rf_chains: int = 16):
        super().__init__()
        self.beams, self.precoder, self.rf_chains = beams, precoder, rf_chains

    def weights(self, channels, streams, noise_var):
        _check_chains(self.rf_chains, streams)
        B = _orthonormal(torch.cat(self.beams.beams(channels, streams, noise_var), 2), channels[0])
        return B @ self.precoder.weights([H @ B for H in channels], streams, noise_var)


def _orthonormal(B: Complex[Tensor, "drops tx beams"], like: Tensor) -> Complex[Tensor, "drops 1 tx beams"]:
    """A basis of the same space, for all carriers: digital weights behind it reach what they reach behind B."""
    return torch.linalg.qr(B).Q.to(like.dtype).unsqueeze(1)


def _strongest(channels: Channels, streams: Sequence[int]) -> Complex[Tensor, "drops carriers streams tx"]:
    """T: each user's rows, strongest first."""
    num_tx = channels[0].shape[3]
    if sum(streams) > num_tx:
        raise ValueError(f"{sum(streams)} streams cannot be sent from {num_tx} antennas")
    rows = []
    for H, S in zip(channels, streams, strict=True):
        U = torch.linalg.eigh(H @ H.mH).eigenvectors[..., -S:].flip(-1)
        rows.append(U.mH @ H)
    return torch.cat(rows, 2)


def _inverted(T: Complex[Tensor, "drops carriers streams tx"], loading: Float[Tensor, "drops #streams"]) -> Weights:
    """T^H (T T^H + diag(loading))^-1, the inverse in double precision."""
    A = (T @ T.mH).to(torch.complex128)
    A = A + loading.to(A.real).expand(-1, A.shape[2])[:, None].diag_embed()
    return _equal_power(T.mH @ torch.linalg.inv(A).to(T.dtype))


def _equal_power(F: Weights) -> Weights:
    """Columns of length 1/sqrt(S)."""
    length = (F.real.square() + F.imag.square()).sum(2, keepdim=True).sqrt()
    return F / (F.shape[3] ** 0.5 * length.clamp_min(torch.finfo(length.dtype).tiny))


def _check_chains(rf_chains: int, streams: Sequence[int]) -> None:
    if sum(streams) > rf_chains:
        raise ValueError(f"{sum(streams)} streams need as many RF chains, and the sender has rf_chains={rf_chains}")
