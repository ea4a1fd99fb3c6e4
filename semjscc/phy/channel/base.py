"""What a channel is: it *draws* a response; one function, y = H x + n, applies it."""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from semjscc.phy.channel.paths import Paths
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import Frames, Response

Drawn = Complex[Tensor, "batch rx tx #time #frequency"]  # time and frequency may be 1 where a response is flat
Normalization = Literal["slot", "average", "none"]
_SCALE = {
    "slot": lambda h, average_gain: h.shape[1:].numel() ** 0.5 / _norm(h),
    "average": lambda h, average_gain: average_gain**-0.5,
    "none": lambda h, average_gain: 1.0,
}


class Channel(nn.Module, ABC):
    """Draws responses, independent from slot to slot, with the device and precision of the frames it answers for.

    Args:
        num_rx: receive antennas.
        normalization: which gain is 1. ``"slot"``: the mean of |h|^2 over the slot and all antenna pairs, in each
            realisation; ``"average"``: E|h|^2, so that slots fade; ``"none"``: path loss and element gains stay in.

    Raises:
        ValueError: on another normalization, or no antenna.
    """

    average_gain: float = 1.0  # E|h|^2 of what `draw` returns

    def __init__(self, num_rx: int, normalization: Normalization):
        super().__init__()
        if normalization not in _SCALE:
            raise ValueError(f"normalization={normalization!r} is none of {', '.join(_SCALE)}")
        if num_rx < 1:
            raise ValueError(f"num_rx={num_rx}: a receiver has at least one antenna")
        self.num_rx = num_rx
        self.normalization = normalization

    @abstractmethod
    def draw(self, frames: Frames, grid: ResourceGrid, rng: Randomness) -> Drawn:
        """A response in the channel's own units, which may be overwritten.

        Each purpose of ``rng`` is asked once a call: slots can then be streamed in chunks (:mod:`semjscc.rng`).
        """

    def paths(self, frames: Frames, grid: ResourceGrid, rng: Randomness) -> Paths:
        """Gains at every OFDM symbol of ``grid``, in the channel's own units, and delays, for the waveform in time."""
        raise NotImplementedError(f"{type(self).__name__} draws its response in one piece: it has no paths to follow")

    def sample(self, frames: Frames, grid: ResourceGrid, rng: Randomness = GLOBAL) -> Response:
        """One response per row of ``frames``, over the whole grid, normalised."""
        h = self.draw(frames, grid, rng)
        own = h.is_contiguous() and not h.requires_grad
        return scaled(h, self.scale(h), own).expand(-1, -1, -1, *frames.shape[2:])

    def normalized(self, response: Drawn) -> Drawn:
        """A response in the channel's own units, with the gain that the normalization asks for."""
        return scaled(response, self.scale(response))

    def scale(self, response: Drawn) -> Float[Tensor, " batch"] | float:
        """The factors that give a response in the channel's own units the gain that the normalization asks for."""
        return _SCALE[self.normalization](response, self.average_gain)


def apply(
    frames: Frames, response: Response, noise_var: Float[Tensor, " batch"], rng: Randomness = GLOBAL
) -> Complex[Tensor, "batch rx time frequency"]:
    """y = H x + n on every resource element, with n ~ CN(0, N0) and one N0 per row."""
    y = response * frames.unsqueeze(1)
    y = y.squeeze(2) if frames.shape[1] == 1 else y.sum(2)
    n = torch.view_as_real(rng.complex_normal("noise", y.shape, y))
    return torch.view_as_complex(torch.view_as_real(y).addcmul(n, noise_var.sqrt().reshape(-1, 1, 1, 1, 1)))


def scaled(
    x: Complex[Tensor, "batch *any"], scale: Float[Tensor, " batch"] | float, overwrite: bool = False
) -> Complex[Tensor, "batch *any"]:
    """A real factor for all rows or one for each, without making it complex first."""
    if isinstance(scale, float) and scale == 1.0:
        return x
    factors = torch.as_tensor(scale, device=x.device, dtype=x.real.dtype).reshape(-1, *x.ndim * [1])
    reals = torch.view_as_real(x)
    return torch.view_as_complex(reals.mul_(factors) if overwrite else reals * factors)


def _norm(x: Complex[Tensor, "batch *any"]) -> Float[Tensor, " batch"]:
    return torch.linalg.vector_norm(torch.view_as_real(x).flatten(1), dim=1)
