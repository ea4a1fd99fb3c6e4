"""How frames cross a channel: element by element in frequency, or sample by sample in time.

In frequency, y = H X + n, every symbol meets a channel that stands still, and a prefix that is long enough. In time, a
channel that moves within a symbol makes carriers interfere with each other, and paths later than the prefix make
symbols interfere.
"""

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn

from semjscc.phy.channel import Channel, apply
from semjscc.phy.channel.base import scaled
from semjscc.phy.channel.phasors import phasor
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import Frames, Response


@dataclass(frozen=True)
class Carried:
    """What arrives: y = H X + noise, and the variance of the noise that the receiver is told."""

    received: Complex[Tensor, "batch rx time frequency"]
    response: Response
    noise_var: Float[Tensor, " batch"]


class Waveform(nn.Module, ABC):
    """Carries frames through a channel."""

    @abstractmethod
    def carry(
        self,
        frames: Frames,
        channel: Channel,
        grid: ResourceGrid,
        noise_var: Float[Tensor, " batch"],
        rng: Randomness = GLOBAL,
    ) -> Carried:
        """One channel drawn for each row, and noise of ``noise_var`` on each element."""


class InFrequency(Waveform):
    """y = H X + n."""

    def carry(self, frames, channel, grid, noise_var, rng=GLOBAL) -> Carried:
        response = channel.sample(frames, grid, rng)
        return Carried(apply(frames, response, noise_var, rng), response, noise_var)


class InTime(Waveform):
    """y(n) = sum_l a_l(n) x(n - tau_l) + noise at every sample, from a channel that tells its paths.

    ::

        X -> each path's delay -> IFFT -> cyclic prefix -> a_l(n) --+--> without prefix -> FFT -> y
                                                     other paths ---+

    x is the sum of its carriers, switched from symbol to symbol: delays need not be whole samples, and y = H X + n
    holds exactly where the prefix covers the channel and the channel stands still. H is the mean of the channel over a
    symbol, less what comes too late; the rest of y is interference. The gain that the channel's normalization asks for
    is that of the channel without a loss. Nothing is sent before the first symbol of a slot.

    Args:
        prefix: [samples] of 1 / (fft_size subcarrier_spacing).
        counted: whether the receiver counts the power of the interference, its mean over the data elements of each
            slot, as noise.

    Raises:
        ValueError: on a negative prefix.
    """

    def __init__(self, prefix: int, counted: bool = True):
        super().__init__()
        if prefix < 0:
            raise ValueError(f"{prefix=} samples must not be negative")
        self.prefix = prefix
        self.counted = counted
        self.warned = False

    def carry(self, frames, channel, grid, noise_var, rng=GLOBAL) -> Carried:
        clock = self._clock(grid)
        paths = channel.paths(frames[..., :1, :1].expand(-1, -1, clock.num_symbols, -1), clock, rng)
        a = paths.gains.unflatten(-1, (grid.num_symbols, -1))[..., self.prefix :]
        age = self._age(paths.delays, a.abs().square().mean((1, 2, 4, 5)), grid)
        turn = phasor(-2 * torch.pi * paths.delays[..., None] * grid.frequencies(frames))
        now = x = _to_time(frames.unsqueeze(2) * turn[:, None, :, None])
        for j in range(1, int(age.max()) + 1):
            before = torch.cat([torch.zeros_like(now[..., :j, :]), now[..., :-j, :]], -2).roll(-j * self.prefix, -1)
            x = torch.where((age == j)[:, None, :, None], before, x)
        y = _to_frequency(torch.einsum("brslmn,bslmn->brmn", a, x))
        whole, kept = (
            m.mT @ turn[:, None, None] for m in (a.mean(-1), (a * (age == 0)[:, None, None, :, None]).mean(-1))
        )
        gain = channel.scale(whole)
        y, H = scaled(y, gain), scaled(kept, gain)
        interference = grid.at_data(y - (H * frames.unsqueeze(1)).sum(2)).abs().square().mean((1, 2, 3))
        n = rng.complex_normal("noise", y.shape, y) * noise_var.sqrt()[:, None, None, None]
        return Carried(y + n, H, noise_var + interference if self.counted else noise_var)

    def _clock(self, grid: ResourceGrid) -> ResourceGrid:
        """The grid on which the channel's paths are asked for: a symbol for every sample, prefixes included."""
        instants = grid.num_symbols * (grid.fft_size + self.prefix)
        rate = grid.fft_size * grid.subcarrier_spacing
        return ResourceGrid(1, instants, rate, (0, 0), dc_null=False, pilot_symbols=())

    def _age(
        self, delays: Float[Tensor, "batch paths"], power: Float[Tensor, "batch paths"], grid: ResourceGrid
    ) -> Int[Tensor, "batch paths samples"]:
        """How many symbols ago a path's signal at each sample of a symbol was sent: 0 is what the prefix is for."""
        N, G = grid.fft_size, self.prefix
        delay = delays * (N * grid.subcarrier_spacing)
        longest = delay.max().item()
        if longest > G and not self.warned:
            self.warned = True
            share = (power * (delay > G)).sum() / power.sum()
            warnings.warn(
                f"the prefix of {G} samples is shorter than the channel of {longest:.1f}, of whose power "
                f"{share:.1%} comes later than the prefix; symbols interfere",
                stacklevel=3,
            )
        excess = delay[..., None] - G - torch.arange(N, device=delay.device)
        return ((excess - 1e-3) / (N + G)).ceil().clamp_min(0).long()  # a float's last digits are no delay


def _to_time(X: Complex[Tensor, "*any frequency"]) -> Complex[Tensor, "*any samples"]:
    return torch.fft.ifft(torch.fft.ifftshift(X, dim=-1), norm="ortho")


def _to_frequency(x: Complex[Tensor, "*any samples"]) -> Complex[Tensor, "*any frequency"]:
    return torch.fft.fftshift(torch.fft.fft(x, norm="ortho"), dim=-1)
