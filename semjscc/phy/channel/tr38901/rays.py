"""Rays, and what they sum up to: steps 8 to 11 of TR 38.901, clause 7.5."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from semjscc.phy.channel.phasors import sum_over_time
from semjscc.phy.channel.tr38901.geometry import Directions, End
from semjscc.rng import Randomness

# Table 7.5-3, the rays of the three sub-clusters of Table 7.5-5 one after the other
HALVES = (0.0447, 0.1413, 0.2492, 0.3715, 2.1551, 0.5129, 0.6797, 1.5195, 0.8844, 1.1481)
OFFSETS = tuple(sign * half for half in HALVES for sign in (1.0, -1.0))
SUB_CLUSTERS = (10, 6, 4)  # rays
RAYS = len(OFFSETS)
POOL = 8192  # permutations that random coupling chooses from


@dataclass(frozen=True)
class Rays:
    """What step 11 asks for. Angles [rad] are those at the base station and at the user, whoever of them sends."""

    bs_azimuth: Float[Tensor, "batch clusters rays"]
    bs_zenith: Float[Tensor, "batch clusters rays"]
    ut_azimuth: Float[Tensor, "batch clusters rays"]
    ut_zenith: Float[Tensor, "batch clusters rays"]
    powers: Float[Tensor, "batch clusters"]  # each ray has a share of 1 / rays
    cross: Float[Tensor, "batch clusters rays"]  # sqrt(1 / kappa), the amplitude of the two cross-polar phasors
    phases: Float[Tensor, "batch 4 clusters rays"]  # [rad] theta-theta, theta-phi, phi-theta, phi-phi; BS first

    @property
    def amplitudes(self) -> Float[Tensor, "batch clusters rays"]:
        """Of each ray."""
        return (self.powers / self.cross.shape[2]).sqrt()[..., None].expand_as(self.cross)


def line_of_sight(azimuths: Tensor, zeniths: Tensor, power: Tensor, phase: Tensor) -> Rays:
    """The one ray of (7.5-29): no cross-polar part, and the phi-phi part negative.

    Args:
        azimuths: at base station and user [rad], ``[batch, 2]``; likewise ``zeniths``.
        power, phase: ``[batch]``.
    """
    angles = [angle[:, None, None] for pair in (azimuths, zeniths) for angle in pair.unbind(1)]
    phases = phase[:, None] + torch.tensor([0.0, 0.0, 0.0, math.pi], device=phase.device, dtype=phase.dtype)
    cross = torch.zeros_like(angles[0])
    return Rays(angles[0], angles[2], angles[1], angles[3], power[:, None], cross, phases[:, :, None, None])


def offsets(
    purpose: str, batch: int, clusters: int, strongest: int, like: Tensor, rng: Randomness
) -> Float[Tensor, "batch 4 clusters rays"]:
    """Offset angles of Table 7.5-3 [in cluster spreads], coupled at random between four kinds of angle (step 8).

    The ``strongest`` first clusters couple within their sub-clusters. The first kind keeps its order: that rays of a
    cluster are drawn alike leaves nothing else to chance.
    """
    pick = (POOL * rng.uniform(purpose, (batch, 3, clusters), like)).long()
    whole, parted = (_pool(groups, like.dtype, like.device) for groups in ((RAYS,), SUB_CLUSTERS))
    coupled = torch.cat([parted[pick[..., :strongest]], whole[pick[..., strongest:]]], 2)
    return torch.cat([like.new_tensor(OFFSETS).expand(batch, 1, clusters, -1), coupled], 1)


@cache
def _pool(groups: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Float[Tensor, "pool rays"]:
    """Permuted offsets, within groups. Those of opposite sign come in pairs, so that each place has zero mean."""
    generator = torch.Generator().manual_seed(0)
    parts = torch.tensor(OFFSETS, dtype=torch.float64).split(groups)
    order = [torch.rand(POOL // 2, len(part), generator=generator).argsort(-1) for part in parts]
    permuted = torch.cat([part[indices] for part, indices in zip(parts, order, strict=True)], -1)
    return torch.cat([permuted, -permuted]).to(device, dtype)


def path_gains(
    parts: Sequence[Rays], bs: End, ut: End, motion: Float[Tensor, "batch 3"], steps: int, strongest: int = 0
) -> Complex[Tensor, "batch bs_antennas ut_antennas paths {steps}"]:
    """(7.5-22) at times 0, 1, ..., steps - 1, summed over the rays: a path a cluster, part by part.

    Args:
        motion: of the user, in wavelengths a time step.
        strongest: so many of the last part's first clusters are split into sub-clusters, three paths each (7.5-27).
    """
    at_bs = Directions.at(_all(parts, "bs_azimuth"), _all(parts, "bs_zenith"))
    at_ut = Directions.at(_all(parts, "ut_azimuth"), _all(parts, "ut_zenith"))
    turn = 2 * math.pi * motion[:, None] @ at_ut.outwards
    A = _polarised(parts, (steps - 1) / 2 * turn, bs.fields(at_bs), ut.fields(at_ut))[:, None, :, None]
    A = bs.phasors(at_bs)[:, :, None, None, None] * (ut.phasors(at_ut)[:, None, None, :, None] * A)
    counts = [count for rays in parts for count in rays.cross.shape[1] * rays.cross.shape[2:]]
    clusters = len(counts) - parts[-1].cross.shape[1]
    counts[clusters : clusters + strongest] = strongest * SUB_CLUSTERS
    return sum_over_time(A.flatten(1, 4), turn[:, 0], steps, counts).unflatten(1, (bs.array.size, ut.array.size))


def _all(parts: Sequence[Rays], name: str) -> Float[Tensor, "batch *any rays"]:
    """Something of all rays, cluster by cluster."""
    flat = [getattr(rays, name).flatten(-2) for rays in parts]
    return torch.cat(flat, -1) if len(flat) > 1 else flat[0]


def mean_gain(rays: Rays, bs: End, ut: End) -> Float[Tensor, " batch"]:
    """E|h|^2 over the phases, on average over the antenna pairs."""
    at_bs = Directions.at(rays.bs_azimuth.flatten(1), rays.bs_zenith.flatten(1))
    at_ut = Directions.at(rays.ut_azimuth.flatten(1), rays.ut_zenith.flatten(1))
    first, second = bs.fields(at_bs).square().mean(1), ut.fields(at_ut).square().mean(1)
    own, cross = (first * second).sum(1), (first * second.flip(1)).sum(1)
    share = rays.amplitudes.flatten(1).square()
    return (share * (own + rays.cross.flatten(1).square() * cross)).sum(1)


def _polarised(
    parts: Sequence[Rays], turn: Tensor, bs: Tensor, ut: Tensor
) -> Complex[Tensor, "batch bs_slants ut_slants rays"]:
    """F^T Phi F, with the rays' amplitudes and turned by an angle [rad]."""
    fields = bs[:, :, None, :, None] * ut[:, None, :, None]
    phases = (_all(parts, "phases") + turn).unflatten(1, (1, 1, 2, 2))
    own = _all(parts, "amplitudes")[:, None, None]
    cross = own * _all(parts, "cross")[:, None, None]

    def mixed(x: Tensor) -> Tensor:
        return own * (x[..., 0, 0, :] + x[..., 1, 1, :]) + cross * (x[..., 0, 1, :] + x[..., 1, 0, :])

    return torch.complex(mixed(fields * phases.cos()), mixed(fields * phases.sin()))
