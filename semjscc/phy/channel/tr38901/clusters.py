"""Clusters: steps 4 to 7 of TR 38.901, clause 7.5."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from semjscc.phy.channel.tr38901.tables import CORRELATED
from semjscc.units import db_to_linear

WEAKEST_DB = -25.0  # of the strongest; weaker clusters are removed
Parameters = dict[str, Float[Tensor, "batch 1"]]


@dataclass(frozen=True)
class LargeScale:
    """Steps 3 and 4: losses, and spreads in [s] and [deg]."""

    loss_db: Float[Tensor, "batch 1"]  # of path and penetration
    shadowing_db: Float[Tensor, "batch 1"]  # positive: more power
    k_db: Float[Tensor, "batch 1"]
    delay_spread: Float[Tensor, "batch 1"]
    asd: Float[Tensor, "batch 1"]
    asa: Float[Tensor, "batch 1"]
    zsd: Float[Tensor, "batch 1"]
    zsa: Float[Tensor, "batch 1"]

    @classmethod
    def of(cls, p: Parameters, loss_db: Float[Tensor, " batch"], correlated: Float[Tensor, "batch 7"]) -> "LargeScale":
        """From correlated normals; azimuth spreads are at most 104, zenith spreads at most 52 degrees."""
        mean = torch.cat([p.get(f"mu {name}", torch.zeros_like(p["sigma SF"])) for name in CORRELATED], 1)
        sigma = torch.cat([p[f"sigma {name}"] for name in CORRELATED], 1)
        sf, k, *spreads = (mean + sigma * correlated).split(1, 1)
        ds, asd, asa, zsd, zsa = (10.0**spread for spread in spreads)
        asd, asa, zsd, zsa = asd.clamp_max(104.0), asa.clamp_max(104.0), zsd.clamp_max(52.0), zsa.clamp_max(52.0)
        return cls(loss_db[:, None], sf, k, ds, asd, asa, zsd, zsa)


@dataclass(frozen=True)
class Clusters:
    """Clusters without the line of sight; those removed have no power."""

    delays: Float[Tensor, "batch clusters"]  # [s]
    powers: Float[Tensor, "batch clusters"]
    first: Bool[Tensor, "batch clusters"]  # the cluster of no delay

    def weakness(self, k: Float[Tensor, "batch 1"]) -> Float[Tensor, "batch clusters"]:
        """-ln(P / max P), with the line of sight's power K / (K + 1) counted in the first cluster (7.5-8)."""
        powers = (self.powers + k * self.first) / (k + 1)
        return -(powers / powers.amax(1, keepdim=True)).clamp_min(1e-6).log()


def draw_clusters(
    p: Parameters,
    large: LargeScale,
    sight: Bool[Tensor, "batch 1"],
    uniform: Float[Tensor, "batch clusters"],
    normal: Float[Tensor, "batch clusters"],
) -> Clusters:
    """Steps 5 and 6: exponential delays, powers that fall with them, and shadowing of each cluster."""
    used = torch.arange(uniform.shape[1], device=uniform.device) < p["clusters"]
    x = -torch.where(used, 1.0 - uniform, 1.0).log().where(used, -torch.inf)  # in units of r_tau DS
    first = x.amin(1, keepdim=True)
    x, is_first = (x - first).where(used, 0.0), (x == first) & used
    powers = (-x * (p["r tau"] - 1)).exp() * db_to_linear(-p["zeta"] * normal) * used
    powers = powers / powers.sum(1, keepdim=True)
    powers = powers * (powers >= db_to_linear(powers.new_tensor(WEAKEST_DB)) * powers.amax(1, keepdim=True))
    k = large.k_db
    shrunk = torch.where(sight, 0.7705 - 0.0433 * k + 0.0002 * k**2 + 0.000017 * k**3, 1.0)  # (7.5-3)
    return Clusters(p["r tau"] * large.delay_spread * x / shrunk, powers, is_first)


def draw_angles(
    p: Parameters,
    large: LargeScale,
    sight: Bool[Tensor, "batch 1"],
    clusters: Clusters,
    uniform: Float[Tensor, "batch 4 clusters"],
    normal: Float[Tensor, "batch 4 clusters"],
) -> Float[Tensor, "batch 4 clusters"]:
    """Step 7: by how much the clusters' AOD, AOA, ZOD and ZOA [deg] differ from their means.

    Inverse Gaussian in azimuth (7.5-9), inverse Laplacian in zenith (7.5-14), of random sign, and a Gaussian part.
    With a line of sight the first cluster comes from there.
    """
    k = large.k_db
    weakness = clusters.weakness(db_to_linear(k) * sight)
    c_phi = p["C phi"] * torch.where(sight, 1.1035 - 0.028 * k - 0.002 * k**2 + 0.0001 * k**3, 1.0)
    c_theta = p["C theta"] * torch.where(sight, 1.3086 + 0.0339 * k - 0.0077 * k**2 + 0.0002 * k**3, 1.0)
    azimuth, zenith = 2 / 1.4 * weakness.sqrt() / c_phi, weakness / c_theta
    shape = torch.stack([azimuth, azimuth, zenith, zenith], 1)
    spread = torch.stack([large.asd, large.asa, large.zsd, large.zsa], 1)
    away = spread * (torch.where(uniform < 0.5, -shape, shape) + normal / 7)
    at_first = (away * clusters.first[:, None]).sum(2, keepdim=True)
    return away - at_first * sight[:, None]
