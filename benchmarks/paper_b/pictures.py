"""The pictures of docs/PAPER-B.md."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from benchmarks.paper_b.curves import RATE, SCENARIOS, received
from semjscc.results import Results
from semjscc.units import ebn0_db

AXIS = "Eb/N0 [dB], tx"
LEAST = 1e-6


def save(figure: Figure, path: Path) -> None:
    """Writes and forgets a figure."""
    figure.savefig(path, dpi=130)
    plt.close(figure)


def bit_error_rates(figures: dict[str, Any], path: Path) -> None:
    """In the manner of the paper's figure 3, a panel for each scenario."""
    figure, panels = plt.subplots(1, len(SCENARIOS), figsize=(11, 3.6), sharey=True, layout="constrained")
    for axes, (name, orders) in zip(panels, figures["scenarios"].items(), strict=True):
        for color, (order, points) in enumerate(orders.items()):
            for kind, style in (("uncoded", "--"), ("coded", "-")):
                rates = np.array([point[kind] for point in points])
                label = f"{order}-QAM" if kind == "coded" else None
                axes.plot(
                    figures["ebn0_db"],
                    np.where(rates > 0, rates, np.nan),
                    style,
                    color=f"C{color}",
                    label=label,
                    marker=".",
                )
        axes.set(yscale="log", xlabel=AXIS, title=name, ylim=(LEAST, 1))
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("bit error rate (dashed: uncoded)")
    panels[0].legend(frameon=False, fontsize=8)
    save(figure, path)


def error_vectors(figures: dict[str, Any], path: Path) -> None:
    """Error vector magnitude of each user with 64-QAM."""
    figure, panels = plt.subplots(1, len(SCENARIOS), figsize=(11, 3.2), sharey=True, layout="constrained")
    for axes, (name, orders) in zip(panels, figures["scenarios"].items(), strict=True):
        for user, values in enumerate(zip(*(point["evm"] for point in orders["64"]), strict=True)):
            axes.plot(figures["ebn0_db"], 100 * np.array(values), label=f"user {user + 1}", marker="osD^vP"[user], ms=3)
        axes.set(yscale="log", xlabel=AXIS, title=name)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("error vector magnitude [%]")
    panels[0].legend(frameon=False, fontsize=7, ncols=2)
    save(figure, path)


def ablation(figures: dict[str, Any], path: Path) -> None:
    """Share of lost captions, scheme by scheme."""
    figure, axes = plt.subplots(figsize=(5.6, 3.8), layout="constrained")
    for marker, (name, rates) in zip("osD^vP", figures["ablation"].items(), strict=True):
        axes.plot(figures["ebn0_db"], np.where(np.array(rates) > 0, rates, np.nan), label=name, marker=marker, ms=4)
    axes.set(yscale="log", xlabel=AXIS, ylabel="captions that do not arrive whole", ylim=(3e-3, 1.2))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    save(figure, path)


def constellations(path: Path, seed: int) -> None:
    """Detected symbols of a user with three streams at an Eb/N0 of 5 dB, in the manner of the paper's figure 2."""
    figure, panels = plt.subplots(2, len(SCENARIOS), figsize=(8.4, 5.8), layout="constrained", squeeze=False)
    for column, (name, scheme) in enumerate(SCENARIOS.items()):
        for axes, order in zip(panels[:, column], (4, 6), strict=True):
            x = received(scheme, order, 5.0, seed)[2].numpy()
            axes.plot(x.real, x.imag, ".", ms=1, alpha=0.3)
            axes.set(aspect="equal", xlim=(-2, 2), ylim=(-2, 2), title=f"{name}, {2**order}-QAM")
            axes.title.set_fontsize(9)
    save(figure, path)


def similarities(results: Path, path: Path) -> None:
    """CLIP's three cosines over Eb/N0 of the sweeps that evaluate.py left in ``results``, as in figure 5."""
    figure, panels = plt.subplots(1, len(SCENARIOS), figsize=(11, 3.2), sharey=True, layout="constrained")
    for axes, name in zip(panels, SCENARIOS, strict=True):
        one = Results.load(results / f"{name}.json")
        x = [ebn0_db(snr, 10, RATE) for snr in one.snr_db]
        for marker, metric in zip("osD", ("clip_text_text", "clip_text_image", "clip_image_image"), strict=True):
            errors = [2 * error for error in one.stderr[metric]]
            axes.errorbar(x, one.metrics[metric], errors, label=metric, marker=marker, ms=4, lw=1.4, capsize=2)
        axes.axvspan(1, 4, color="0.9", zorder=0)
        axes.set(xlabel=AXIS, title=name)
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("cosine")
    panels[0].legend(frameon=False, fontsize=8)
    save(figure, path)
