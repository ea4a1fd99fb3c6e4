"""Figures: the gallery of one sweep, and quality against SNR for all systems."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from torch import Tensor

from semjscc.evaluation import Exhibit
from semjscc.results import Results

LABELS = {
    "psnr_db": "PSNR [dB]",
    "ssim": "SSIM",
    "semantic_accuracy": "semantic accuracy",
    "semantic_accuracy_heard": "semantic accuracy of the text",
    "bleu4": "BLEU-4",
    "cer": "character error rate",
    "clip_image_image": "CLIP image-image",
    "clip_text_text": "CLIP text-text",
    "clip_text_image": "CLIP text-image",
    "ber": "bit error rate",
    "bler": "block error rate",
    "undecodable": "pictures lost",
    "damaged": "pictures with a lost block",
    "success_ratio": "success ratio",
    "effective_rate_bps": "effective rate [bit/s]",
    "ms_ssim": "MS-SSIM",
    "psnr_of_mean_mse_db": "PSNR of the mean squared error [dB]",
    "lpips": "LPIPS (less is better)",
    "st_lpips": "ST-LPIPS (less is better)",
}
MARKERS = "osD^vP"


def _picture(axes: Axes, image: Tensor, words: str = "") -> None:
    axes.imshow(image.clamp(0, 1).movedim(0, -1).numpy(), interpolation="nearest")
    axes.set_xlabel(
        fill("".join(c if c.isprintable() else "\N{WHITE SQUARE}" for c in words), 24), fontsize=6, parse_math=False
    )
    axes.set(xticks=[], yticks=[])


def gallery(exhibits: Sequence[Exhibit], results: Results, path: Path, most_points: int = 6) -> None:
    """A row for each picture: what was sent, then what was heard and delivered at up to ``most_points`` SNRs."""
    count = len(results.snr_db)
    shown = min(most_points, count)
    columns = sorted({round(i * (count - 1) / max(1, shown - 1)) for i in range(shown)})
    size = (1.6 * (len(columns) + 1), 2.15 * len(exhibits) + 0.4)
    figure, grid = plt.subplots(len(exhibits), len(columns) + 1, figsize=size, squeeze=False, layout="constrained")
    for row, exhibit in zip(grid, exhibits, strict=True):
        _picture(row[0], exhibit.sent, exhibit.caption)
        for axes, point in zip(row[1:], columns, strict=True):
            _picture(axes, exhibit.delivered[point], exhibit.heard[point])
    grid[0][0].set_title("sent", fontsize=8)
    for axes, point in zip(grid[0][1:], columns, strict=True):
        axes.set_title(f"{results.snr_db[point]:g} dB", fontsize=8)
    figure.suptitle(f"{results.system} on {results.data}", fontsize=9)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _named(one: Results) -> str:
    """The system, and what its SNR is where that is not the received one."""
    kind = one.provenance.get("snr", "rx").partition(":")[0]
    return one.system if kind == "rx" else f"{one.system} ({kind} SNR)"


def against_snr(results: Sequence[Results], metric: str, path: Path) -> None:
    """One metric of all systems that have it, with bars of two standard errors."""
    figure, axes = plt.subplots(figsize=(4.6, 3.3), layout="constrained")
    for marker, one in zip(MARKERS * len(results), results, strict=False):
        if metric in one.metrics:
            errors = [2 * error for error in one.stderr.get(metric, [0.0] * len(one.snr_db))]
            axes.errorbar(
                one.snr_db, one.metrics[metric], errors, label=_named(one), marker=marker, ms=4, lw=1.4, capsize=2
            )
    axes.set(xlabel="SNR [dB], received Es/N0 per antenna", ylabel=LABELS.get(metric, metric))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
    plt.close(figure)
