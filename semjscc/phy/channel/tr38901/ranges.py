"""Numbers that may be ranges, and motion."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Range = float | Sequence[float]


def as_range(limits: Range) -> tuple[float, float]:
    """A number is a range of one value."""
    low, high = (limits, limits) if isinstance(limits, int | float) else limits
    return float(low), float(high)


def between(limits: Range, uniform: Float[Tensor, " batch"]) -> Float[Tensor, " batch"]:
    """From U[0, 1) to a uniform value within ``(min, max)``, or a constant."""
    low, high = as_range(limits)
    return low + (high - low) * uniform


def checked_speed(speed: Range) -> Range:
    """The speed [m/s] itself; a ValueError where it is negative or the range falls."""
    low, high = as_range(speed)
    if not 0 <= low <= high:
        raise ValueError(f"{speed=} m/s must not be negative, nor fall")
    return speed


def heading(
    speed: Float[Tensor, " batch"], azimuth: Float[Tensor, " batch"], zenith: Float[Tensor, " batch"]
) -> Float[Tensor, "batch 3"]:
    """Velocity [m/s] of (7.5-25), from angles in [rad]."""
    level = zenith.sin()
    return speed[:, None] * torch.stack([level * azimuth.cos(), level * azimuth.sin(), zenith.cos()], 1)


def within(name: str, values: Sequence[float], limits: tuple[float, float]) -> None:
    """A ValueError where the model does not hold."""
    low, high = limits
    if not low <= min(values) <= max(values) <= high:
        given = ", ".join(f"{value:g}" for value in values)
        raise ValueError(f"{name}={given} m is not within {low:g} to {high:g} m (TR 38.901, Table 7.4.1-1)")
