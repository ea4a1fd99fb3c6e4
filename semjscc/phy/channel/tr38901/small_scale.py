"""The rays of a drop: steps 5 to 10 of TR 38.901, clause 7.5, put together."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.phy.channel.tr38901.clusters import LargeScale, Parameters, draw_angles, draw_clusters
from semjscc.phy.channel.tr38901.rays import RAYS, Rays, offsets
from semjscc.phy.channel.tr38901.users import Drop
from semjscc.rng import Randomness
from semjscc.units import db_to_linear

STRONGEST = 2  # clusters with sub-clusters
STEPS = (0.0, 1.28, 2.56)  # delays of the sub-clusters, in cluster delay spreads (7.5-26)


def draw_rays(
    user: Drop, p: Parameters, large: LargeScale, power: Float[Tensor, "batch 1"], count: int, rng: Randomness
) -> tuple[Float[Tensor, "batch paths"], Rays]:
    """The strongest of ``count`` clusters first; and the delays of all paths, with that of the line of sight before.

    Args:
        power: of all clusters together.
    """
    like, batch, sight = user.location, len(user.location), (user.state == 0)[:, None]
    uniform = rng.uniform("clusters", (batch, 5, count), like)
    normal = rng.normal("spread of clusters", (batch, 5, count), like)
    clusters = draw_clusters(p, large, sight, uniform[:, 0], normal[:, 0])
    angles = draw_angles(p, large, sight, clusters, uniform[:, 1:], normal[:, 1:]) + _towards(user, p)
    order = clusters.powers.argsort(1, descending=True)
    angles = angles.gather(2, order[:, None].expand_as(angles))
    spread = torch.stack([p["c ASD"], p["c ASA"], p["c ZSD"], p["c ZSA"]], 1)[..., None]
    away = spread * offsets("coupling", batch, count, STRONGEST, like, rng)
    aod, aoa, zod, zoa = (angles[..., None] + away).deg2rad().unbind(1)
    xpr_db = p["mu XPR"][..., None] + p["sigma XPR"][..., None] * rng.normal("xpr", (batch, count, RAYS), like)
    phases = 2 * math.pi * rng.uniform("phases", (batch, 4, count, RAYS), like)
    powers = power * clusters.powers.gather(1, order)
    rays = Rays(aod, zod, aoa, zoa, powers, db_to_linear(-xpr_db / 2), phases)
    return _delays(clusters.delays.gather(1, order), p), rays


def _towards(user: Drop, p: Parameters) -> Float[Tensor, "batch 4 1"]:
    """Means of AOD, AOA, ZOD and ZOA [deg]: the straight line's, but for zeniths of departure, and indoors."""
    (aod, aoa), (zod, zoa) = user.azimuths.rad2deg().unbind(1), user.zeniths.rad2deg().unbind(1)
    zoa = torch.where(user.indoor, 90.0, zoa)
    return torch.stack([aod, aoa, zod + p["offset"][:, 0], zoa], 1)[..., None]


def _delays(delays: Float[Tensor, "batch clusters"], p: Parameters) -> Float[Tensor, "batch paths"]:
    """The line of sight's 0, those of the sub-clusters of the strongest, all others'."""
    steps = 1e-9 * p["c DS"] * delays.new_tensor(STEPS)
    parted = (delays[:, :STRONGEST, None] + steps[:, None]).flatten(1)
    return torch.cat([torch.zeros_like(delays[:, :1]), parted, delays[:, STRONGEST:]], 1)
