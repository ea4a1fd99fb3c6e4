"""The analog half of a hybrid precoder: beams that all carriers share, from what the sender knows of the channel.

Joint spatial division and multiplexing (Adhikary, Nam, Ahn and Caire 2013) makes each user a group of its own. Its
beams are computed once a drop, in double precision.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

Channels = Sequence[Complex[Tensor, "drops carriers _rx tx"]]  # one a user; carriers may be 1 where they are alike
Directions = list[Complex[Tensor, "drops tx _streams"]]  # one a user
NOTHING = 1e-6  # of a user's power: less than that is left by rounding


class Beams(nn.Module, ABC):
    """As many beams for each user as it has streams."""

    @abstractmethod
    def beams(self, channels: Channels, streams: Sequence[int], noise_var: Float[Tensor, "drops users"]) -> Directions:
        """Columns of any length, strongest first; ``noise_var`` is N0 at each user's antennas."""


class BlockDiagonal(Beams):
    """The others' dominant directions are projected out, and of what is left each user gets its own dominant ones::

        R_u = V_u L_u V_u^H,  E = [V_v's first ``rank`` columns, v != u],  P = I - E (E^H E)^-1 E^H

    B_u has the dominant eigenvectors of P R_u P.

    Args:
        rank: directions of each user that the others must not use; ``None``: as many as it has streams.

    Raises:
        ValueError: in ``beams``, where users have so many directions in common that there is no null space: it names
            the users.
    """

    def __init__(self, rank: int | None = None):
        super().__init__()
        if rank is not None and rank < 1:
            raise ValueError(f"{rank=} must be at least 1")
        self.rank = rank

    @abstractmethod
    def covariance(self, channel: Complex[Tensor, "drops carriers rx tx"]) -> Complex[Tensor, "drops tx tx"]:
        """R_u."""

    def beams(self, channels, streams, noise_var):
        R = [self.covariance(H).to(torch.complex128) for H in channels]
        dominant = [_dominant(R_u, self.rank or S) for R_u, S in zip(R, streams, strict=True)]
        return [self._beams_of(u, R[u], S, dominant) for u, S in enumerate(streams)]

    def _beams_of(self, user: int, R: Tensor, streams: int, dominant: Directions) -> Tensor:
        E = torch.cat([V for v, V in enumerate(dominant) if v != user], 2)
        if E.shape[2] + streams > E.shape[1]:
            raise ValueError(
                f"user {user} has no null space left for {streams} streams: the other users keep {E.shape[2]} of "
                f"{E.shape[1]} directions to themselves"
            )
        eye = torch.eye(E.shape[2], device=E.device)
        E = E @ torch.linalg.solve(E.mH @ E + 10 * torch.finfo(E.dtype).eps * eye, E.mH)
        left = R - E @ R
        left = left - left @ E
        self._check(user, R, left, dominant)
        return _dominant(left, streams)

    def _check(self, user: int, R: Tensor, left: Tensor, dominant: Directions) -> None:
        power = R.diagonal(dim1=1, dim2=2).real.sum(1)
        gone = left.diagonal(dim1=1, dim2=2).real.sum(1) < NOTHING * power
        if gone.any():
            shared = [_power(R[gone], V[gone]) > 0.5 * power[gone] for V in dominant]
            others = [str(v) for v, share in enumerate(shared) if v != user and share.any()]
            whose = f"user(s) {', '.join(others)}" if others else "all the others together"
            raise ValueError(f"user {user} has no null space left: its directions are those of {whose}")


class CarrierAverage(BlockDiagonal):
    """From the mean channel over the carriers, R_u = H^H H, as the public example does that paper B follows.

    The mean keeps little but the paths that arrive with the first: the others' turn along frequency and cancel.
    """

    def covariance(self, channel):
        mean = channel.mean(1).to(torch.complex128)
        return mean.mH @ mean


class Covariance(BlockDiagonal):
    """From the covariance at the sender, R_u = mean_k H_u[k]^H H_u[k]: no path cancels another."""

    def covariance(self, channel):
        return _covariance(channel)


class LeastLeakage(Beams):
    """From the same covariances, but the others' are weighed against the noise, not projected out: B_u has the dominant
    x of

        R_u x = l (sum_{v != u} S_v / N_v R_v + S N0_u I) x,

    the directions of the largest ratio of signal to leakage and noise (Sadek, Tarighat and Sayed 2007). What leaks to
    the N_v antennas of user v reaches each of its S_v streams with one N_v-th of its power; each of all S streams is
    sent with one S-th of the power.
    """

    def beams(self, channels, streams, noise_var):
        R = [_covariance(H).to(torch.complex128) for H in channels]
        leaking = [S / H.shape[2] * R_u for S, H, R_u in zip(streams, channels, R, strict=True)]
        total = torch.stack(leaking).sum(0)
        tiny = torch.finfo(total.dtype).eps * total.diagonal(dim1=1, dim2=2).real.sum(1)
        eye = torch.eye(total.shape[1], dtype=total.dtype, device=total.device)
        beams = []
        for u, S in enumerate(streams):
            load = sum(streams) * noise_var[:, u].to(tiny) + tiny
            L = torch.linalg.cholesky(total - leaking[u] + load[:, None, None] * eye)
            half = torch.linalg.solve_triangular(L, R[u], upper=False)
            ratio = torch.linalg.solve_triangular(L, half.mH, upper=False)
            beams.append(torch.linalg.solve_triangular(L.mH, _dominant(ratio, S), upper=True))
        return beams


class UnitModulus(Beams):
    """The phases of other beams, for senders whose analog half can turn phases and nothing else."""

    def __init__(self, beams: Beams):
        super().__init__()
        self.of = beams

    def beams(self, channels, streams, noise_var):
        return [torch.polar(torch.ones_like(B.real), B.angle()) for B in self.of.beams(channels, streams, noise_var)]


def _covariance(channel: Complex[Tensor, "drops carriers rx tx"]) -> Complex[Tensor, "drops tx tx"]:
    """Mean over the carriers of H^H H."""
    rows = channel.flatten(1, 2)
    return rows.mH @ rows / channel.shape[1]


def _dominant(R: Complex[Tensor, "drops n n"], count: int) -> Complex[Tensor, "drops n count"]:
    """Eigenvectors of the largest eigenvalues, strongest first."""
    return torch.linalg.eigh(R).eigenvectors[..., -count:].flip(-1)


def _power(R: Complex[Tensor, "drops n n"], V: Complex[Tensor, "drops n r"]) -> Float[Tensor, " drops"]:
    """Of R in the directions V."""
    return (V.conj() * (R @ V)).real.sum((1, 2))
