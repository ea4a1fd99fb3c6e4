"""Single-bounce scattering around a user of a base station with a large array."""

import warnings
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from semjscc.phy.channel.base import Channel, Drawn, Normalization
from semjscc.phy.channel.phasors import ramp
from semjscc.phy.channel.tr38901.arrays import Array
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import Randomness
from semjscc.types import Frames

SPEED_OF_LIGHT = 299792458.0  # [m/s]
Range = float | tuple[float, float]  # a value, or (low, high): uniform between the two


@dataclass(frozen=True)
class Scatterers:
    """One draw: where the user and the scatterers around it are, seen from the base station, and what they reflect."""

    user: Float[Tensor, "batch 3"]  # [m]
    positions: Float[Tensor, "batch scatterers 3"]  # [m]
    gains: Complex[Tensor, "batch scatterers"]  # CN(0, 1)


class Scattering(Channel):
    """A downlink without line of sight, each path by way of one scatterer p (paper B, 5.2; Shiu et al. 2000):

        H[k] = sum_p g_p 10^(-FSPL(d_p) / 20) exp(-j 2 pi d_p / lambda) exp(-j 2 pi f_k tau_p) a_r a_t^T

    d_p is the length of the whole path and FSPL its loss in free space, (4 pi d_p / lambda)^2. The receiver's clock
    starts with its first path: tau_p = (d_p - min d) / c. Both arrays stand in the y-z plane and see plane waves,
    a = exp(j 2 pi r.u) for elements at r [wavelengths] and the unit vector u towards the scatterer. Scatterers are
    uniform in a cube around the user, drawn anew with it; nothing moves. Under the normalization ``"average"`` the path
    loss is left out, E|h|^2 = 1 over the g_p of each draw. What is drawn does not depend on the precision asked for.

    Args:
        tx_array, rx_array: of the base station and of the user, of one polarisation; elements are isotropic.
        carrier_frequency: [Hz].
        distance: of the user from the base station [m].
        azimuth, elevation: its direction [deg]; the base station's boresight is at (0, 0).
        spread: half the side of the scatterers' cube, in distances.
        prefix: the longest delay that the receiver can take [s], None for any; the first draw beyond it is warned of,
            but still answered as if the prefix were long enough.

    Raises:
        ValueError: without a scatterer, on a range that falls, a distance, spread or frequency that is not positive, or
            an array of several polarisations; in ``sample``, on frames of another number of antennas.
    """

    def __init__(
        self,
        tx_array: Array = Array(8, 16),  # noqa: B008 (frozen)
        rx_array: Array = Array(2, 4),  # noqa: B008 (frozen)
        num_scatterers: int = 100,
        carrier_frequency: float = 28e9,
        distance: Range = (50.0, 1000.0),
        azimuth: Range = (-180.0, 180.0),
        elevation: Range = (-90.0, 90.0),
        spread: float = 0.1,
        prefix: float | None = None,
        normalization: Normalization = "slot",
    ):
        super().__init__(rx_array.size, normalization)
        self.ranges = tuple(_range(r) for r in (distance, azimuth, elevation))
        if num_scatterers < 1 or carrier_frequency <= 0 or spread <= 0:
            raise ValueError(f"{num_scatterers=}, {carrier_frequency=} Hz and {spread=} must all be positive")
        if self.ranges[0][0] <= 0 or any(low > high for low, high in self.ranges):
            raise ValueError(f"{distance=} m must be positive, and no range may fall: {azimuth=}, {elevation=} deg")
        if len(tx_array.slants) + len(rx_array.slants) > 2:
            raise ValueError(f"scattering has one polarisation, not {tx_array.slants} to {rx_array.slants}")
        self.tx_array, self.rx_array, self.num_scatterers = tx_array, rx_array, num_scatterers
        self.wavelength = SPEED_OF_LIGHT / carrier_frequency
        self.spread, self.prefix, self.warned = spread, prefix, False

    def draw(self, frames: Frames, grid: ResourceGrid, rng: Randomness) -> Drawn:
        if frames.shape[1] != self.tx_array.size:
            raise ValueError(f"frames of {frames.shape[1]} antennas, but {self.tx_array.size} send")
        return self.response(self.scatterers(len(frames), frames, rng), grid, frames)

    def scatterers(self, batch: int, like: Tensor, rng: Randomness) -> Scatterers:
        """All that is random, in double precision on the device of ``like``: a thousand metres are 10^5 wavelengths."""
        like = like.real.new_empty((), dtype=torch.float64)
        low, high = torch.tensor(self.ranges, dtype=like.dtype, device=like.device).T
        distance, *angles = (low + (high - low) * rng.uniform("position", (batch, 3), like)).unbind(1)
        azimuth, elevation = (angle.deg2rad() for angle in angles)
        level = elevation.cos()
        user = torch.stack([azimuth.cos() * level, azimuth.sin() * level, elevation.sin()], 1) * distance[:, None]
        offsets = 2 * rng.uniform("scatterers", (batch, self.num_scatterers, 3), like) - 1
        positions = user[:, None] + self.spread * distance[:, None, None] * offsets
        return Scatterers(user, positions, rng.complex_normal("gains", (batch, self.num_scatterers), like))

    def response(
        self, drawn: Scatterers, grid: ResourceGrid, like: Tensor
    ) -> Complex[Tensor, "batch rx tx 1 frequency"]:
        """The formula: phases in double precision, and the sum over paths in that of ``like``."""
        there, u_t = _polar(drawn.positions)
        on, u_r = _polar(drawn.positions - drawn.user[:, None])
        d = there + on
        amplitude = self.wavelength / (4 * torch.pi * d)
        if self.normalization == "average":
            amplitude = amplitude / amplitude.norm(dim=1, keepdim=True)
        g = drawn.gains * amplitude * _phasor(-2 * torch.pi / self.wavelength * d)
        delays = (d - d.amin(1, keepdim=True)) / SPEED_OF_LIGHT
        self._compare_with_prefix(delays, amplitude)
        turns = ramp(-2 * torch.pi * grid.subcarrier_spacing * delays, grid.fft_size, grid.fft_size // 2).mT
        a_t, a_r = (
            _phasor(2 * torch.pi * u @ r.positions(d).mT) for u, r in ((u_t, self.tx_array), (u_r, self.rx_array))
        )
        arriving = (turns[:, :, None] * (g[..., None] * a_r).mT[:, None]).to(like.dtype)
        h = arriving.flatten(1, 2) @ a_t.to(like.dtype)
        return h.unflatten(1, arriving.shape[1:3]).movedim(1, 3).unsqueeze(3)

    def _compare_with_prefix(self, delays: Tensor, amplitude: Tensor) -> None:
        if self.warned or self.prefix is None:
            return
        late = delays > self.prefix
        if not late.any():
            return
        self.warned = True
        share = amplitude[late].square().sum() / amplitude.square().sum()
        warnings.warn(
            f"paths come up to {1e9 * delays.max():.0f} ns after the first, {share:.1%} of the power later than the "
            f"prefix of {1e9 * self.prefix:.0f} ns; the interference between symbols is left out",
            stacklevel=2,
        )


def _range(r: Range) -> tuple[float, float]:
    return r if isinstance(r, tuple) else (r, r)


def _polar(x: Float[Tensor, "batch n 3"]) -> tuple[Float[Tensor, "batch n"], Float[Tensor, "batch n 3"]]:
    """Lengths and directions."""
    length = x.norm(dim=-1)
    return length, x / length[..., None]


def _phasor(phase: Tensor) -> Tensor:
    return torch.complex(phase.cos(), phase.sin())
