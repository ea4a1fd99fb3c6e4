"""Pilots as independent modes: the eigenvectors of their covariances along time and along frequency.

For statistics that are separable in time and frequency, least squares at the pilots, z, falls apart into

    c = V^H z U*,    c_pl = sqrt(P mu_p lambda_l) CN(0, 1) + CN(0, N0)

with the eigenvalues mu along time and lambda along frequency; lambda is the power over delay, seen by the pilots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float, Num
from torch import Tensor

from semjscc.phy.correlation import DelayProfile, DopplerSpectrum
from semjscc.phy.grid import ResourceGrid

FLOOR = 1e-9  # eigenvalues below that share of the largest are rounding


@dataclass(frozen=True)
class Modes:
    """One axis. The eigenvectors U are those of a mean covariance of the hypotheses, in which concentrated ones weigh
    more, by sum lambda^2; each hypothesis q gives them powers of its own, diag(U^H R_q U). Profiles that fall with
    delay have nearly the same eigenvectors, and a single hypothesis has its own.
    """

    into: Num[Tensor, "*streams pilots modes"]  # U*
    onto: Num[Tensor, "*streams data modes"]  # R U / lambda, the continuation of the eigenvectors to the data
    powers: Float[Tensor, "hypotheses *streams modes"]
    missed: Float[Tensor, "hypotheses *streams data"]  # error of `onto` without noise


def least_squares(
    received: Complex[Tensor, "batch rx time frequency"], grid: ResourceGrid, noise_var: Float[Tensor, " batch"]
) -> tuple[Complex[Tensor, "batch rx tx pilot_symbols carriers"], Float[Tensor, " batch"]]:
    """z, the effective channel at the pilots, zero off a stream's comb; and the variance of the noise in it."""
    if not grid.pilot_symbols:
        raise ValueError("channel estimation needs a grid with pilot symbols, and this one has none")
    z = grid.at_pilots(received).unsqueeze(2) * (grid.pilots(received).conj() / grid.num_streams)
    return z, noise_var / grid.num_streams


@lru_cache(maxsize=16)
def along_time(spectra: tuple[DopplerSpectrum, ...], grid: ResourceGrid, known: tuple[int, ...] | None = None) -> Modes:
    """To the data symbols, from the pilot symbols or from whichever are ``known``."""
    known = tuple(grid.pilot_symbols) if known is None else known
    pilots, data = (np.array(t) / grid.subcarrier_spacing for t in (known, grid.data_symbols))
    return _modes([s.correlation for s in spectra], pilots, data)


@lru_cache(maxsize=16)
def along_frequency(profiles: tuple[DelayProfile, ...], grid: ResourceGrid) -> Modes:
    """From each stream's comb to all carriers; a stream of a shorter comb has modes without power at its end."""
    f, S = np.array(grid.carriers) * grid.subcarrier_spacing, grid.num_streams
    combs = [_modes([profile.correlation for profile in profiles], f[s::S], f) for s in range(S)]
    into = torch.zeros(S, len(f), len(combs[0].into), dtype=torch.complex128)
    for s, comb in enumerate(combs):
        into[s, s::S, : len(comb.into)] = comb.into
    onto, powers = (
        torch.stack([F.pad(x, (0, into.shape[-1] - x.shape[-1])) for x in xs], axis)
        for xs, axis in (([c.onto for c in combs], 0), ([c.powers for c in combs], 1))
    )
    return Modes(into, onto, powers, torch.stack([comb.missed for comb in combs], 1))


def _modes(correlations: Sequence, pilots: np.ndarray, data: np.ndarray) -> Modes:
    R = np.stack([r(pilots[:, None] - pilots) for r in correlations])
    R_dp = np.stack([r(data[:, None] - pilots) for r in correlations])
    weight = (np.abs(R) ** 2).mean((1, 2))
    weight = weight / weight.sum()
    lam, U = np.linalg.eigh(np.tensordot(weight, R, 1))
    inner = U.conj().T @ R @ U
    powers = np.diagonal(inner, axis1=1, axis2=2).real
    powers = np.where(lam > FLOOR * lam[-1], powers.clip(0), 0)
    cross = R_dp @ U
    power = weight @ powers
    onto = np.where(power > 0, np.tensordot(weight, cross, 1) / np.where(power > 0, power, 1), 0)
    seen = 2 * (onto.conj() * cross).sum(-1).real - ((onto @ inner) * onto.conj()).sum(-1).real
    return Modes(*(torch.as_tensor(x) for x in (U.conj(), onto, powers, (1 - seen).clip(0))))


def like(x: Tensor, of: Tensor) -> Tensor:
    """Real or complex as it is, with the device and precision of another."""
    return x.to(of.device, of.dtype.to_complex() if x.is_complex() else of.real.dtype)
