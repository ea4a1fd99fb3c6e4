"""What the receiver knows of the channel, at the data elements of the grid.

All estimates are of the *effective* channel, from a unit-power symbol of a stream to an antenna: H / sqrt(streams).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from semjscc.phy.grid import ResourceGrid
from semjscc.types import Response


@dataclass(frozen=True)
class Estimate:
    """The effective channel at the data elements, and the variance of the error in it."""

    response: Complex[Tensor, "batch rx tx data_symbols carriers"]
    error_var: Float[Tensor, "batch #rx tx data_symbols carriers"]  # rx is 1 where all antennas have the same


class Estimator(nn.Module, ABC):
    """Estimates the channel from a received slot."""

    @abstractmethod
    def estimate(
        self,
        received: Complex[Tensor, "batch rx time frequency"],
        grid: ResourceGrid,
        noise_var: Float[Tensor, " batch"],
        response: Response,
    ) -> Estimate:
        """An estimate from what was received; ``response`` is the truth, for those who may look."""


@dataclass(frozen=True)
class Guess:
    """What a decoder makes of a slot's data: symbols, and how far to trust them."""

    symbols: Complex[Tensor, "batch data_symbols carriers"]  # of a single stream, each a point of the constellation
    trust: Float[Tensor, " batch"]  # r = mean of E[x* x_guess] / |x_guess|^2 in (0, 1]: 1 where all are right


class Refinable(Estimator):
    """An estimator that can make use of decided data as well."""

    @abstractmethod
    def refine(
        self,
        received: Complex[Tensor, "batch rx time frequency"],
        grid: ResourceGrid,
        noise_var: Float[Tensor, " batch"],
        guess: Guess,
    ) -> Estimate:
        """An estimate from the pilots and from the data as they were guessed; ``grid`` has a single stream.

        A guess x of a data element makes it a pilot: y / x = h r + noise of variance N0 / |x|^2 + P (1 - r^2), P being
        the power of h.
        """


class PerfectCSI(Estimator):
    """Looks."""

    def estimate(self, received, grid, noise_var, response) -> Estimate:
        h = grid.at_data(response) * grid.num_streams**-0.5
        return Estimate(h, torch.zeros_like(h.real[:, :1]))


class LeastSquares(Estimator):
    """h = y / p at the pilots, then linear interpolation along frequency, then along time; straight on at the edges.

    Distance along frequency is counted in effective carriers: the DC null is no step. The variance of the error is
    that of the noise, N0 / |p|^2 at a pilot and carried along with the squared weights of the interpolation;
    what interpolation misses of a channel that bends between its pilots is not in it.
    """

    def estimate(self, received, grid, noise_var, response) -> Estimate:
        if not grid.pilot_symbols:
            raise ValueError("least squares needs a grid with pilot symbols, and this one has none")
        y, p = grid.at_pilots(received).unsqueeze(2), grid.pilots(received)
        A_f, A_t = (torch.as_tensor(A, device=y.device, dtype=y.real.dtype) for A in _interpolation(grid))
        h = _along(torch.view_as_real(y * (p.conj() / grid.num_streams)), A_f, A_t)
        error = _along((p.abs().square() / grid.num_streams**2)[..., None], A_f**2, A_t**2).squeeze(-1)
        return Estimate(torch.view_as_complex(h), noise_var[:, None, None, None, None] * error)


def _along(
    x: Float[Tensor, "*batch tx pilot_symbols carriers parts"], A_f: Tensor, A_t: Tensor
) -> Float[Tensor, "*batch tx data_symbols carriers parts"]:
    """From the pilots to the data elements, real and imaginary parts alike: along frequency, a matrix per stream (one
    stream has pilots on all carriers), then along time.
    """
    if len(A_f) > 1:
        x = A_f[:, None] @ x
    return (A_t @ x.flatten(-2)).unflatten(-1, x.shape[-2:])


@lru_cache(maxsize=16)
def _interpolation(grid: ResourceGrid) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the pilots: along frequency ``[tx, carriers, carriers]``, zero off a comb; along time
    ``[data_symbols, pilot_symbols]``.
    """
    carriers = np.arange(len(grid.carriers))
    along_frequency = np.zeros((grid.num_streams, len(carriers), len(carriers)))
    for stream, weights in enumerate(along_frequency):
        comb = carriers[stream :: grid.num_streams]
        weights[:, comb] = _linear(comb, carriers)
    return along_frequency, _linear(np.array(grid.pilot_symbols), np.array(grid.data_symbols))


def _linear(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights ``[wanted, known]`` of straight lines through neighbours, drawn on past the first and the last one;
    a single known point stands for all.
    """
    if len(known) == 1:
        return np.ones((len(wanted), 1))
    right = np.searchsorted(known, wanted).clip(1, len(known) - 1)
    t = (wanted - known[right - 1]) / (known[right] - known[right - 1])
    unit = np.eye(len(known))
    return (1 - t)[:, None] * unit[right - 1] + t[:, None] * unit[right]
