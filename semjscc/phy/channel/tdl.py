"""Tapped delay lines of 3GPP TR 38.901, clause 7.7.2."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Complex
from torch import Tensor

from semjscc.phy.channel.base import Channel, Normalization
from semjscc.phy.channel.paths import Paths
from semjscc.phy.channel.phasors import phasor, sum_of_phasors
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import Randomness
from semjscc.types import Frames, Response
from semjscc.units import db_to_linear

SPEED_OF_LIGHT = 299792458.0  # [m/s]
LOS_DOPPLER = 0.7  # of the largest shift: clause 7.7.2, for TDL-D and TDL-E


@dataclass(frozen=True)
class Profile:
    """One of Tables 7.7.2-1 to 7.7.2-5: tap delays in delay spreads, and powers [dB] of fading and line of sight."""

    delays: tuple[float, ...]
    powers_db: tuple[float, ...]
    los_db: float = -math.inf


# fmt: off
PROFILES = {
    "A": Profile(
        (0.0, 0.3819, 0.4025, 0.5868, 0.4610, 0.5375, 0.6708, 0.5750, 0.7618, 1.5375, 1.8978, 2.2242, 2.1718, 2.4942,
         2.5119, 3.0582, 4.0810, 4.4579, 4.5695, 4.7966, 5.0066, 5.3043, 9.6586),
        (-13.4, 0.0, -2.2, -4.0, -6.0, -8.2, -9.9, -10.5, -7.5, -15.9, -6.6, -16.7, -12.4, -15.2,
         -10.8, -11.3, -12.7, -16.2, -18.3, -18.9, -16.6, -19.9, -29.7)),
    "B": Profile(
        (0.0, 0.1072, 0.2155, 0.2095, 0.2870, 0.2986, 0.3752, 0.5055, 0.3681, 0.3697, 0.5700, 0.5283, 1.1021, 1.2756,
         1.5474, 1.7842, 2.0169, 2.8294, 3.0219, 3.6187, 4.1067, 4.2790, 4.7834),
        (0.0, -2.2, -4.0, -3.2, -9.8, -1.2, -3.4, -5.2, -7.6, -3.0, -8.9, -9.0, -4.8, -5.7,
         -7.5, -1.9, -7.6, -12.2, -9.8, -11.4, -14.9, -9.2, -11.3)),
    "C": Profile(
        (0.0, 0.2099, 0.2219, 0.2329, 0.2176, 0.6366, 0.6448, 0.6560, 0.6584, 0.7935, 0.8213, 0.9336, 1.2285, 1.3083,
         2.1704, 2.7105, 4.2589, 4.6003, 5.4902, 5.6077, 6.3065, 6.6374, 7.0427, 8.6523),
        (-4.4, -1.2, -3.5, -5.2, -2.5, 0.0, -2.2, -3.9, -7.4, -7.1, -10.7, -11.1, -5.1, -6.8,
         -8.7, -13.2, -13.9, -13.9, -15.8, -17.1, -16.0, -15.7, -21.6, -22.8)),
    "D": Profile(
        (0.0, 0.035, 0.612, 1.363, 1.405, 1.804, 2.596, 1.775, 4.042, 7.937, 9.424, 9.708, 12.525),
        (-13.5, -18.8, -21.0, -22.8, -17.9, -20.1, -21.9, -22.9, -27.8, -23.6, -24.8, -30.0, -27.7),
        los_db=-0.2),
    "E": Profile(
        (0.0, 0.5133, 0.5440, 0.5630, 0.5440, 0.7112, 1.9092, 1.9293, 1.9589, 2.6426, 3.7136, 5.4524, 12.0034, 20.6519),
        (-22.03, -15.8, -18.1, -19.8, -22.9, -22.4, -18.6, -20.8, -22.6, -22.3, -25.6, -20.2, -29.8, -29.2),
        los_db=-0.03),
}
# fmt: on


class TDL(Channel):
    """h(t, f) = sum_l a_l(t) exp(-j 2 pi f tau_l): taps that fade with the classical (Jakes) Doppler spectrum.

    The antenna pairs fade independently; the line of sight of models D and E reaches all of them in phase. The taps'
    powers, line of sight included, sum to 1.

    Args:
        model: of Tables 7.7.2-1 ("A") to 7.7.2-5 ("E").
        delay_spread: rms [s]; it scales the tap delays.
        carrier_frequency: [Hz].
        speed: [m/s], or a (min, max) range from which each slot draws its own.
        num_sinusoids: of which each fading tap is a sum.

    Raises:
        ValueError: on an unknown model, or a negative delay spread or speed.
    """

    def __init__(
        self,
        model: Literal["A", "B", "C", "D", "E"],
        delay_spread: float,
        carrier_frequency: float,
        speed: float | tuple[float, float] = 0.0,
        num_rx: int = 1,
        normalization: Normalization = "average",
        num_sinusoids: int = 20,
    ):
        super().__init__(num_rx, normalization)
        if model not in PROFILES:
            raise ValueError(f"model={model!r} is none of {', '.join(PROFILES)}")
        self.speed = speed if isinstance(speed, tuple) else (speed, speed)
        if delay_spread < 0 or not 0 <= self.speed[0] <= self.speed[1]:
            raise ValueError(f"{delay_spread=} s must not be negative, and {speed=} m/s neither, nor fall")
        self.carrier_frequency = carrier_frequency
        self.num_sinusoids = num_sinusoids
        profile = PROFILES[model]
        self.delays = delay_spread * torch.tensor(profile.delays, dtype=torch.float64)
        powers = db_to_linear(torch.tensor((*profile.powers_db, profile.los_db), dtype=torch.float64))
        self.powers, self.los_power = (powers / powers.sum()).split([len(profile.delays), 1])

    def draw(self, frames: Frames, grid: ResourceGrid, rng: Randomness) -> Response:
        return self.paths(frames, grid, rng).response(grid)

    def paths(self, frames: Frames, grid: ResourceGrid, rng: Randomness) -> Paths:
        """Gains at every OFDM symbol of ``grid``, and delays of the taps, the same in all slots."""
        return Paths(self.path_gains(frames, grid, rng), self.delays.to(frames.real).expand(len(frames), -1))

    def path_gains(
        self, frames: Frames, grid: ResourceGrid, rng: Randomness
    ) -> Complex[Tensor, "batch rx tx taps time"]:
        """a_l(t): sqrt(P_l / N) sum_n exp(j (w t cos(alpha_n) + phi_n)), the first tap with its line of sight.

        The angles alpha_n of arrival are drawn one from each of N equal sectors, so that E a(0)* a(t) = P_l J_0(w t)
        for any N; w [rad/s] is the largest Doppler shift.
        """
        (batch, num_tx), taps, N = frames.shape[:2], len(self.delays), self.num_sinusoids
        sector = torch.arange(N, device=frames.device) + rng.uniform("angles", (batch, taps, N), frames)
        phi = rng.uniform("fading", (batch, self.num_rx * num_tx, taps * N), frames).mul_(2 * torch.pi)
        doppler = self._doppler(frames, rng)[:, None]
        turn = (doppler / grid.subcarrier_spacing)[..., None] * torch.cos(2 * torch.pi / N * sector)
        gains = sum_of_phasors(phi, turn.flatten(1), grid.num_symbols, taps * [N])
        gains = gains.unflatten(1, (self.num_rx, num_tx))
        gains *= (self.powers.to(frames.real) / N).sqrt().to(frames.dtype)[:, None]
        if self.los_power > 0:
            gains[..., 0, :] += self._line_of_sight(doppler * grid.times(frames), rng)
        return gains

    def _line_of_sight(self, wt: Tensor, rng: Randomness) -> Complex[Tensor, "batch 1 1 time"]:
        phi = 2 * torch.pi * rng.uniform("line of sight", (len(wt), 1), wt)
        return (self.los_power.to(wt).sqrt() * phasor(LOS_DOPPLER * wt + phi))[:, None, None]

    def _doppler(self, frames: Frames, rng: Randomness) -> Tensor:
        """Largest Doppler shift of each slot [rad/s]."""
        low, high = self.speed
        speed = low + (high - low) * rng.uniform("speed", frames.shape[:1], frames)
        return 2 * torch.pi * self.carrier_frequency / SPEED_OF_LIGHT * speed
