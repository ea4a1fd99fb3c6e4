"""The pictures of docs/CHANNELS.md."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from benchmarks.uma.curves import NOISE_FIGURE_DB, from_power, received_snr_db, uma
from semjscc.phy.channel import Array, RMa, UMa, UMi, Users
from semjscc.phy.channel.base import Normalization
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage
from semjscc.units import linear_to_db

AXIS = {"snr_db": "SNR [dB], received Es/N0 per antenna", "power_dbm": "transmit power [dBm]"}
FLOOR_DB = 50.0  # below the strongest path, nothing is drawn
DROP = 1  # that has paths worth a look
LONG = ResourceGrid(fft_size=1024, num_symbols=2048)  # 4 ns and 117 Hz apart


def save(figure: Figure, path: Path) -> None:
    """Writes and forgets a figure."""
    figure.savefig(path, dpi=130)
    plt.close(figure)


def delay_doppler(path: Path) -> None:
    """One drop with a line of sight and one without: power over delay and Doppler shift."""
    figure, both = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for axes, sight in zip(both, (True, False), strict=True):
        channel = uma(sight=sight)
        frames = torch.zeros(1, 1, LONG.num_symbols, LONG.fft_size, dtype=torch.complex64)
        h = channel.sample(frames, LONG, PerImage([(DROP,)]))[0, 0, 0]
        time, frequency = (torch.hann_window(n, periodic=False) for n in h.shape)
        spread = torch.fft.fft(torch.fft.ifft(h * frequency, dim=1).roll(8, 1) * time[:, None], dim=0)
        power = linear_to_db(torch.fft.fftshift(spread, 0).abs().square())
        step = 1e9 / LONG.fft_size / LONG.subcarrier_spacing
        edge = LONG.subcarrier_spacing / 2e3
        delays, shifts = (np.arange(LONG.fft_size) - 8) * step, np.linspace(-edge, edge, LONG.num_symbols)
        top = power.max().item()
        mesh = axes.pcolormesh(delays, shifts, power - top, vmin=-FLOOR_DB, vmax=0, cmap="magma", rasterized=True)
        axes.set(xlim=(delays[0], 1000), ylim=(-4, 4), xlabel="delay [ns]", title="LoS" if sight else "NLoS")
    both[0].set_ylabel("Doppler shift [kHz]")
    figure.colorbar(mesh, ax=both, label="power [dB]")
    save(figure, path)


def path_loss(path: Path, seed: int) -> None:
    """Path loss [dB] over distance in the three scenarios, and what shadowing makes of it for single users."""
    figure, three = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True, layout="constrained")
    kinds: tuple[type[UMa | UMi | RMa], ...] = (UMa, UMi, RMa)
    for axes, kind in zip(three, kinds, strict=True):
        for sight, color in ((True, "#3b6fb6"), (False, "#d1662a")):
            distance, loss, shadowed = _losses(kind, sight, seed)
            axes.plot(distance, shadowed, ".", ms=1.5, alpha=0.35, color=color)
            axes.plot(distance, loss, color=color, label="LoS" if sight else "NLoS")
        axes.set(xscale="log", xlabel="distance on the ground [m]", title=f"{kind.__name__}, 28 GHz")
        axes.grid(alpha=0.3, which="both")
    three[0].set_ylabel("path loss [dB]")
    three[0].legend(frameon=False)
    save(figure, path)


def _losses(kind: type[UMa | UMi | RMa], sight: bool, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Distances [m] in rising order, path losses [dB] outside of buildings and cars, and the same with shadowing."""
    users, drops = Users(distance=(10.0, 2000.0)), 1000
    channel = kind(28e9, Array(), Array(), users, sight=sight, normalization="none")
    rng, like = PerImage([(seed, i) for i in range(drops)]), torch.zeros(1)
    user = channel.drop(drops, like, rng)
    ground = 10.0 ** (1.0 + math.log10(200.0) * torch.linspace(0, 1, drops))  # evenly on a logarithmic axis
    user = replace(user, location=torch.stack([ground, 0 * ground, user.height], 1))
    large = channel.large_scale(user, channel.tabled(user), rng)
    loss = channel.basic_loss(user)
    return ground, loss, loss - large.shadowing_db.flatten()


def normalizations(figures: dict[str, Any], path: Path, seed: int) -> None:
    """What a slot receives under each normalisation, and what becomes of the block error rate."""
    figure, (cdf, left, right) = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    names: tuple[Normalization, ...] = ("slot", "average", "none")
    for name, asked, color in zip(names, (3.0, 3.0, from_power(23.0)), ("C0", "C1", "C2"), strict=True):
        snr = received_snr_db(name, asked, 2000, seed).sort().values
        label = f"{name}, 3 dB" if name != "none" else f"{name}, 23 dBm, noise figure {NOISE_FIGURE_DB:g} dB"
        cdf.plot(snr, np.linspace(0, 1, len(snr)), label=label, color=color)
    cdf.set(xlabel="received SNR of a slot [dB]", ylabel="share of slots below", xlim=(-40, 40))
    _curve(left, figures, ("slot", "average"))
    _curve(right, figures, ("none",), ("C2",))
    for axes in (cdf, left, right):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=7)
    save(figure, path)


def receivers(figures: dict[str, Any], path: Path) -> None:
    """What knowing the channel better is worth."""
    names = ("slot", "pilots' own statistics", "refined twice", "perfect CSI")
    figure, axes = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
    _curve(axes, figures, names)
    axes.legend(["least squares", *names[1:]], frameon=False, fontsize=7)
    axes.set_xlim(-2, 7)
    axes.grid(alpha=0.3)
    save(figure, path)


def prefixes(figures: dict[str, Any], path: Path) -> None:
    """Block error rates with the waveform in time."""
    figure, axes = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
    _curve(axes, figures, ("slot", *(name for name in figures if "prefix" in name)))
    axes.legend(["y = H X + n", *(name for name in figures if "prefix" in name)], frameon=False, fontsize=7)
    axes.grid(alpha=0.3)
    save(figure, path)


def _curve(axes: Axes, figures: dict[str, Any], names: tuple[str, ...], colors: tuple[str, ...] = ()) -> None:
    """Block error rates on a logarithmic axis, with bars of two standard errors; no lost block is no point."""
    for marker, name, color in zip("osD^vP", names, colors or [f"C{i}" for i in range(len(names))], strict=False):
        one = figures[name]
        rate, n = np.array(one["bler"]), one["blocks"]
        error = 2 * np.sqrt(rate * (1 - rate) / n)
        seen = rate > 0
        x, rate, error = np.array(one["points"])[seen], rate[seen], error[seen]
        low = np.minimum(error, 0.9 * rate)
        axes.errorbar(x, rate, [low, error], label=name, marker=marker, ms=4, lw=1.4, capsize=2, color=color)
        axes.set_xlabel(AXIS[one["axis"]])
    axes.set(yscale="log", ylabel="block error rate", ylim=(5e-4, 1.5))
