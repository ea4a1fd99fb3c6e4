"""Spatial consistency: what chance decides alike for neighbours (TR 38.901, clause 7.6.3).

Users of a drop lie side by side in the batch; users of different drops know nothing of each other.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

INDOORS = 50.0  # [m], correlation distance of being indoors (Table 7.6.3.1-2)
JITTER = 1e-9  # of the variance is each user's own: users at one place would make a correlation singular


def drawn(draw: Callable, purpose: str, rows: int, size: int, numbers: int, like: Tensor) -> Float[Tensor, "rows n"]:
    """``numbers`` for each row by ``draw``, a method of :class:`Randomness`, which is asked for whole drops.

    Raises:
        ValueError: where rows do not fill drops of ``size`` users, or a drop would not lie within an image's slots.
    """
    if rows % size:
        raise ValueError(f"{rows} rows do not fill drops of {size} users")
    try:
        return draw(purpose, (rows // size, size, numbers), like).flatten(0, 1)
    except ValueError as error:
        raise ValueError(f"{rows} rows in drops of {size} users, each within an image's slots: {error}") from error


def consistent(
    normal: Float[Tensor, "batch fields"],
    location: Float[Tensor, "batch 3"],
    state: Int[Tensor, " batch"],
    distance: Float[Tensor, "batch fields"],
    size: int,
) -> Float[Tensor, "batch fields"]:
    """Independent normals become fields over the ground: among users of a drop and of one state their correlation is
    exp(-d / distance) (7.4-5), among others it is 0 (clause 7.6.3.4).

    Args:
        distance: of correlation [m], one for each state.
        size: users of a drop.
    """
    if size == 1:
        return normal
    place, states, reach, white = (
        x.unflatten(0, (-1, size)) for x in (location[:, :2].double(), state, distance.double(), normal)
    )
    apart = torch.cdist(place, place, compute_mode="donot_use_mm_for_euclid_dist")[:, None]
    alike = (states[:, :, None] == states[:, None])[:, None]
    covariance = (-apart / reach.mT[..., None]).exp() * alike  # [drops, fields, size, size]
    root = torch.linalg.cholesky(covariance + JITTER * torch.eye(size).to(covariance))
    return (root.to(white) @ white.mT[..., None])[..., 0].mT.flatten(0, 1)


def consistent_uniform(
    uniform: Float[Tensor, " batch"], location: Float[Tensor, "batch 3"], distance: float, size: int
) -> Float[Tensor, " batch"]:
    """Likewise, U(0, 1) whose normal quantiles are such a field of all users."""
    if size == 1:
        return uniform
    least = torch.finfo(uniform.dtype).eps
    normal = torch.special.ndtri(uniform.clamp_min(least))[:, None]
    same = torch.zeros_like(uniform, dtype=torch.long)
    field = consistent(normal, location, same, torch.full_like(normal, distance), size)[:, 0]
    return torch.special.ndtr(field).clamp_max(1 - least)
