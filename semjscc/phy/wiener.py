"""Channel estimation by Wiener filters: the least mean squared error that the channel's statistics allow.

Each mode of the pilots (:mod:`semjscc.phy.modes`) is weighed by its signal-to-noise ratio and carried on to the data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float, Num
from torch import Tensor

from semjscc.phy.correlation import DelayProfile, DopplerSpectrum, Exponential, Jakes
from semjscc.phy.estimation import Estimate, Estimator, Refinable
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.modes import along_frequency, along_time, least_squares, like

PROFILES = tuple(Exponential(10e-9 * 2**i) for i in range(7))  # rms delay spreads of 10 to 640 ns
SPECTRA = (Jakes(500.0), Jakes(2500.0))  # 20 and 96 km/h at 28 GHz
SCALES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
NEIGHBOURS = 0.3  # of the evidence for a mode's power is that of each mode next to it: paths lie between modes


class Wiener(Estimator):
    """h = R_dp (R_pp + N0 I)^-1 z from least squares z at the pilots, with the statistics given.

    Kay, Estimation Theory, 12.5. The variance of the error, diag(R_dd - R_dp (R_pp + N0 I)^-1 R_pd), is the true one
    where the statistics are. Where they are not known, Uniform delays within the prefix and a FlatDoppler are robust
    (Li, Cimini, Sollenberger 1998).

    Args:
        power: E|h|^2 of an antenna pair.
    """

    def __init__(self, profile: DelayProfile, spectrum: DopplerSpectrum, power: float = 1.0):
        super().__init__()
        self.profile = profile
        self.spectrum = spectrum
        self.power = power

    def estimate(self, received, grid, noise_var, response) -> Estimate:
        z, N0 = least_squares(received, grid, noise_var)
        time, frequency = along_time((self.spectrum,), grid), along_frequency((self.profile,), grid)
        into_t, A, mu = (like(x, z) for x in (time.into, time.onto, time.powers[0]))
        into_f, C, lam = (like(x, z) for x in (frequency.into, frequency.onto, frequency.powers[0]))
        P = self.power / grid.num_streams
        S = P * mu[:, None] * lam.unsqueeze(-2)
        G = S / _positive(S + N0[:, None, None, None])
        h = _in_time(A, _in_frequency(G.unsqueeze(1) * _in_time(into_t.mT, _in_frequency(z, into_f)), C.mT))
        known = A.square() @ _in_frequency(G * S, _squares(C).mT)
        return Estimate(h, (P - known).clamp_min(0).unsqueeze(1))


class EmpiricalWiener(Refinable):
    """A Wiener filter that finds the statistics in the pilots themselves, slot by slot.

    ::

        z --> mean Doppler --> modes c --> energies E --> profile --> spectrum --> scales --> G c --> h
         +--> power P

    Hypotheses are not chosen but weighed, by their posterior probabilities: so the estimate is smooth in z, and the
    variance of its error counts their disagreement. First the profile over delay, with the spectra's mean; then the
    spectrum over Doppler shift, with that profile; last, each mode's own power: a channel has few paths, so that a
    mode has more or less power than the profile gives it, by ``scales`` of prior probabilities 1 / (2 + scale).

    Args:
        profiles: of all antennas and streams.
        spectra: of all delays, around a mean shift that is measured where there is more than one pilot symbol.
        scales: of a mode's power.
    """

    def __init__(
        self,
        profiles: Sequence[DelayProfile] = PROFILES,
        spectra: Sequence[DopplerSpectrum] = SPECTRA,
        scales: Sequence[float] = SCALES,
    ):
        super().__init__()
        self.profiles = tuple(profiles)
        self.spectra = tuple(spectra)
        self.scales = tuple(scales)

    def estimate(self, received, grid, noise_var, response) -> Estimate:
        return self._smooth(*least_squares(received, grid, noise_var), grid, tuple(grid.pilot_symbols))

    def refine(self, received, grid, noise_var, guess) -> Estimate:
        z, N0 = least_squares(received, grid, noise_var)
        sent = guess.symbols[:, None, None]
        x, r = sent.where(sent != 0, 1), guess.trust
        P = _mean_power(z, N0[:, None, None, None], grid)[:, 0, 0, 0]
        noise = N0 * (1 / _squares(x)).mean((1, 2, 3, 4)) + P * (1 - r.square())
        decided = grid.at_data(received).unsqueeze(2) / (x * r[:, None, None, None, None])
        pilots, data = len(grid.pilot_symbols), len(grid.data_symbols)
        mean = (pilots * N0 + data * noise / r.square()) / (pilots + data)  # one for all, as the modes need it
        refined = self._smooth(grid.in_turn(decided, z), mean, grid, tuple(range(grid.num_symbols)))
        plain = self._smooth(z, N0, grid, tuple(grid.pilot_symbols))
        full = (
            (sent != 0).flatten(1).all(1)[:, None, None, None, None]
        )  # slots that payloads leave in part stay as they are
        return Estimate(
            torch.where(full, refined.response, plain.response), torch.where(full, refined.error_var, plain.error_var)
        )

    def _smooth(
        self,
        z: Complex[Tensor, "batch rx tx known carriers"],
        N0: Float[Tensor, " batch"],
        grid: ResourceGrid,
        known: tuple[int, ...],
    ) -> Estimate:
        """From the effective channel with noise of variance N0 on the ``known`` symbols of a slot."""
        time, frequency = along_time(self.spectra, grid, known), along_frequency(self.profiles, grid)
        back, forth = _turns(z, grid, known)
        c = _in_time(like(time.into, z).mT, _in_frequency(back * z, like(frequency.into, z)))
        modes = _Modes(_squares(c).mean(1), _positive(N0)[:, None, None, None], c.shape[1])

        P = _mean_power(z, modes.N0, grid)
        lam, mu = P * like(frequency.powers, z)[:, None, :, None], like(time.powers, z)[:, None, None, :, None]
        of_profile = modes.weigh(mu.mean(0) * lam + modes.N0, (2, 3, 4))
        lam = (of_profile * lam).sum(0)
        of_spectrum = modes.weigh(mu * lam + modes.N0, (2, 3, 4))
        mu = (of_spectrum * mu).sum(0)
        scales = torch.tensor(self.scales, device=z.device, dtype=lam.dtype)[:, None, None, None, None]
        V = scales * (mu * lam) + modes.N0
        of_scale = modes.weigh(V, (3,), -(2 + scales).log(), NEIGHBOURS)
        G, error = modes.gain(V, of_scale)
        lam = (of_scale * scales).sum(0) * lam

        A, C = like(time.onto, z), like(frequency.onto, z)
        h = forth * _in_time(A, _in_frequency(G.unsqueeze(1) * c, C.mT))
        A, C = A.square(), _squares(C).mT
        missed = (of_spectrum * like(time.missed, z)[:, None, None, :, None]).sum(0)  # without noise, by extrapolation
        missed = missed * _in_frequency((mu * lam).sum(2, keepdim=True) / mu.sum(2, keepdim=True), C)
        missed = missed + P * (of_profile * like(frequency.missed, z)[:, None, :, None]).sum(0)  # and by the combs
        return Estimate(h, (A @ _in_frequency(error, C) + missed).unsqueeze(1))


@dataclass(frozen=True)
class _Modes:
    """What is heard of each mode: its mean energy E over n antennas, of mean V = S + N0 if its fades have power S."""

    E: Float[Tensor, "batch tx pilot_symbols modes"]
    N0: Float[Tensor, "batch 1 1 1"]
    n: int

    def weigh(
        self, V: Tensor, axes: tuple[int, ...], log_prior: Tensor | float = 0.0, neighbours: float = 0.0
    ) -> Tensor:
        """Posterior probabilities of hypotheses of V along the first axis: for Rayleigh fades,

        log p(c | V) = -n sum_modes (E / V + log V), with the sum over ``axes``; so much of that of the modes next to
        a mode counts for it, too.
        """
        log_p = -self.n * V.log().addcdiv(self.E, V).sum(axes, keepdim=True)
        if neighbours:
            log_p = log_p + neighbours * (F.pad(log_p[..., 1:], (0, 1)) + F.pad(log_p[..., :-1], (1, 0)))
        return (log_prior + log_p).softmax(0)

    def gain(self, V: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Mean over the hypotheses of G = S / V, and the variance of the error: N0 G within a hypothesis, and what
        they differ by, var(G) E.
        """
        G = 1 - self.N0 / V
        mean = (weights * G).sum(0)
        var = (weights * (G - mean).square()).sum(0)
        return mean, self.N0 * mean + var * self.E


def _mean_power(z: Tensor, N0: Tensor, grid: ResourceGrid) -> Float[Tensor, "batch 1 1 1"]:
    """E|h|^2 at the pilots; combs are silent elsewhere."""
    energy = _squares(z).mean((1, 2, 3, 4))[:, None, None, None] * grid.num_streams
    return (energy - N0).clamp_min(0.01 * energy)


def _turns(
    z: Complex[Tensor, "batch rx tx known carriers"], grid: ResourceGrid, known: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """exp(-j w t) at the known symbols, exp(j w t) at the data symbols, ``[batch, 1, 1, time, 1]``, for a mean Doppler
    shift w [rad a symbol]: least squares in the turns from one known symbol to the next.
    """
    turn = (z[..., 1:, :] * z[..., :-1, :].conj()).sum((1, 2, 4))
    pilots, data = (torch.tensor(t, device=z.device, dtype=z.real.dtype) for t in (known, grid.data_symbols))
    step = pilots.diff() * turn.abs()
    w = (turn.angle() * step).sum(1, keepdim=True) / _positive((pilots.diff() * step).sum(1, keepdim=True))
    back, forth = (torch.polar(torch.ones_like(wt), wt)[:, None, None, :, None] for wt in (-w * pilots, w * data))
    return back, forth


def _in_frequency(x: Num[Tensor, "*batch tx time pilots"], M: Num[Tensor, "tx pilots data"]) -> Tensor:
    """x M, stream by stream; for one stream that is a plain product, which is several times faster."""
    return x @ M if len(M) > 1 else x @ M[0]


def _in_time(M: Float[Tensor, "*any data pilots"], x: Complex[Tensor, "*batch pilots carriers"]) -> Tensor:
    """M x, real and imaginary parts alike."""
    parts = torch.view_as_real(x)
    return torch.view_as_complex((M @ parts.flatten(-2)).unflatten(-1, parts.shape[-2:]))


def _squares(x: Tensor) -> Tensor:
    return x.real.square() + x.imag.square()


def _positive(x: Tensor) -> Tensor:
    """At least the least number whose square is no zero: nothing is divided by 0 on a link without noise."""
    return x.clamp_min(torch.finfo(x.dtype).tiny ** 0.5)
