"""Drawings of the air: slots, channels, beams and noise."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Complex, Float
from matplotlib.figure import FigureBase
from torch import Tensor

from semjscc.observation import Beams, Slot, Transmission
from semjscc.stages.contents import Draw
from semjscc.stages.theme import Theme

FLOOR = 1e-6  # of powers, as levels
MOST_ANTENNAS = 2  # that maps are drawn of
DASHES = ("-", "--", ":", "-.")


def levels(x: Complex[Tensor, "*any"]) -> Float[np.ndarray, "*any"]:
    """10 log10 |x|^2 [dB]."""
    return 10 * np.log10(x.abs().square().clamp_min(FLOOR).cpu().numpy())


def elements(frame: Complex[Tensor, "time frequency"], pilots: Sequence[int]) -> Draw:
    """A slot in the colours of its elements' phases, as strong as they are; silent ones are empty."""
    x = frame.cpu().numpy()
    strength = (np.abs(x) / max(1e-9, np.quantile(np.abs(x), 0.95))).clip(0, 1)

    def draw(figure: FigureBase, theme: Theme) -> None:
        axes = figure.subplots()
        fields = np.concatenate([theme.hues(np.angle(x)), strength[..., None]], -1)
        axes.imshow(fields, aspect="auto", interpolation="nearest")
        axes.set(xlabel="carrier", ylabel="OFDM symbol")
        axes.set_yticks(pilots, [f"pilots {t}" for t in pilots])

    return draw


def response(slot: Slot) -> Draw:
    """|H| over time and frequency at each antenna, and over frequency as it was and as the receiver took it to be."""
    carriers, grid = list(slot.grid.carriers), slot.grid
    H, shown = levels(slot.response[:MOST_ANTENNAS, 0]), min(MOST_ANTENNAS, len(slot.response))
    middle = len(grid.data_symbols) // 2
    time = grid.data_symbols[middle]
    estimate = levels(slot.estimate[:MOST_ANTENNAS, 0, middle] * grid.num_streams**0.5)
    low, high = max(H.max() - 30, min(H.min(), H.max() - 3)), H.max()

    def draw(figure: FigureBase, theme: Theme) -> None:
        halves: Any = figure.subfigures(1, 2, width_ratios=(shown, 1.1))
        maps, lines = halves
        for antenna, axes in enumerate(np.atleast_1d(maps.subplots(1, shown, sharey=True))):
            picture = axes.imshow(H[antenna], aspect="auto", vmin=low, vmax=high, cmap=theme.scale)
            axes.axhline(time, color="white", lw=0.8, ls=":")
            axes.set(title=f"receive antenna {antenna + 1}", xlabel="carrier")
            if not antenna:
                axes.set_ylabel("OFDM symbol")
        maps.colorbar(picture, ax=maps.axes, label="|H|² [dB]", pad=0.02)
        axes = lines.subplots()
        for antenna in range(shown):
            colour = (theme.one, theme.wrong)[antenna % 2]
            axes.plot(carriers, H[antenna, time, carriers], color=colour, lw=1.6, label=f"antenna {antenna + 1}")
            axes.plot(carriers, estimate[antenna], color=colour, lw=0.9, ls="--", alpha=0.8)
        axes.plot([], [], color=theme.muted, lw=0.9, ls="--", label="as estimated")
        axes.set(title=f"OFDM symbol {time}, the dotted line", xlabel="carrier", ylabel="|H|² [dB]")
        axes.set_ylim(bottom=max(low - 5, min(H[:, time, carriers].min(), estimate.min()) - 2))
        axes.legend(loc="best")
        axes.grid(alpha=0.2)

    return draw


def reach(beams: Beams) -> Draw:
    """The power of every stream at a user's antennas, all of them together, over N0; the user's own are lines too."""
    power = beams.effective.abs().square().sum(1).T / beams.noise_var
    level = 10 * np.log10(power.clamp_min(FLOOR).cpu().numpy())
    level = np.broadcast_to(level, (len(level), len(beams.carriers)))
    own = range(*beams.own.indices(len(level)))
    others = power[[s for s in range(len(level)) if s not in own]].sum(0).clamp_min(FLOOR).cpu().numpy()

    def draw(figure: FigureBase, theme: Theme) -> None:
        left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
        ends = (beams.carriers[0], beams.carriers[-1], len(level) - 0.5, -0.5)
        picture = left.imshow(level, aspect="auto", extent=ends, cmap=theme.scale, vmin=max(-20, level.min()))
        left.set(xlabel="carrier", ylabel="stream", yticks=range(len(level)))
        for tick, stream in zip(left.get_yticklabels(), range(len(level)), strict=True):
            tick.set(color=theme.wrong if stream in own else theme.muted, weight="bold" if stream in own else "normal")
        figure.colorbar(picture, ax=left, label="power over N0 [dB]", pad=0.02)
        for i, stream in enumerate(own):
            right.plot(beams.carriers, level[stream], color=theme.one, ls=DASHES[i % 4], label=f"own stream {stream}")
        leaked = np.broadcast_to(10 * np.log10(others), (len(beams.carriers),))
        right.plot(beams.carriers, leaked, color=theme.wrong, lw=1, label="all other users' streams")
        right.axhline(0, color=theme.muted, lw=1, ls=":", label="noise, N0")
        right.set(xlabel="carrier", ylabel="power over N0 [dB]")
        right.legend()
        right.grid(alpha=0.2)

    return draw


def noise(seen: Transmission) -> Draw:
    """What of each symbol is not what was sent, and what the receiver was told of it."""
    error, told = levels(seen.received - seen.sent), levels(seen.noise_var.sqrt() + 0j)

    def draw(figure: FigureBase, theme: Theme) -> None:
        axes = figure.subplots()
        axes.plot(error, ".", ms=2, color=theme.one, alpha=0.5, label="|received - sent|²")
        axes.plot(told, color=theme.wrong, lw=1.2, label="its mean, as the receiver was told")
        axes.set(xlabel="symbol", ylabel="level [dB]", ylim=(np.quantile(error, 0.005), error.max() + 3))
        axes.legend(loc="lower right")
        axes.grid(alpha=0.2)

    return draw
