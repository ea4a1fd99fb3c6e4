"""One system, one sweep over SNR, one :class:`~semjscc.results.Results`, and pictures to look at."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from semjscc.data.base import ImageSource
from semjscc.data.batches import batches
from semjscc.metrics.base import Metric
from semjscc.metrics.fidelity import ROUNDING
from semjscc.results import Results, mean_and_stderr, provenance
from semjscc.rng import PerImage
from semjscc.systems.base import System
from semjscc.types import Delivery, Pictures
from semjscc.units import SNR_DEFINITIONS, bandwidth_ratio

PAYLOAD = (
    "source_bits",
    "payload_bits",
    "content_bits",
    "channel_uses",
    "data_uses",
    "bandwidth_ratio",
    "bandwidth_ratio_without_pilots",
)


@dataclass
class Exhibit:
    """One picture of the gallery: what was sent, and what was heard and delivered at each SNR."""

    sent: Tensor
    caption: str = ""
    delivered: list[Tensor] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def add(self, delivery: Delivery, i: int) -> None:
        """Hangs picture ``i`` of a delivery beside the others."""
        self.delivered.append(delivery.images[i].cpu())
        self.caption = delivery.sent[i] if delivery.sent else ""
        self.heard.append(delivery.heard[i] if delivery.heard else "")


@torch.no_grad()
def sweep(
    system: System,
    source: ImageSource,
    snr_db: Sequence[float],
    metrics: Sequence[Metric],
    num_images: int = 64,
    seed: int = 0,
    batch_size: int = 32,
    device: str = "cpu",
    names: tuple[str, str] = ("system", "data"),
    config: dict[str, Any] | None = None,
    gallery: list[Exhibit] | None = None,
    exhibits: int = 4,
) -> Results:
    """Sends the first ``num_images`` pictures of ``source`` at each SNR [dB].

    Every image has random streams of its own at every SNR (:mod:`semjscc.rng`), so that the figures depend neither
    on ``batch_size`` nor on which other images and SNRs there are, and rival systems meet the same fades and noise.
    Where several users share the air, they are neighbours by index: images 0 to 5 are six users, then 6 to 11.
    A figure that some pictures cannot have (MS-SSIM of small ones) is left out.

    Args:
        names: of system and data, for the results
        config: kept in the results' provenance
        gallery: where given, gets the first ``exhibits`` pictures with all that was delivered of them
    """
    kept, start = provenance(config or {}, seed, device), time.monotonic()
    kept["snr"] = f"{system.snr}: {SNR_DEFINITIONS[system.snr]}"
    system = system.to(device)
    metrics = [metric.to(device) for metric in metrics]
    rows: dict[str, list[list[float]]] = defaultdict(lambda: [[] for _ in snr_db])
    total = min(num_images, len(source))
    with tqdm(total=total * len(snr_db), unit="picture", desc=" on ".join(names)) as bar:
        for indices, pictures in batches(source, num_images, batch_size, system.users):
            own = sum(index >= 0 for index in indices)
            pictures = Pictures(pictures.images.to(device), pictures.names, pictures.captions)
            shown = [
                Exhibit(image.cpu()) for image in pictures.images[: max(0, min(own, exhibits - len(gallery or [])))]
            ]
            for point, snr in enumerate(snr_db):
                rng = PerImage([(seed, index) for index in indices], (round(1000 * snr),))
                delivery = system(pictures.images, torch.full((len(indices),), float(snr), device=device), rng)
                for name, values in _figures(metrics, pictures, delivery).items():
                    rows[name][point] += values[:own]
                for i, exhibit in enumerate(shown):
                    exhibit.add(delivery, i)
                bar.update(own)
            if gallery is not None:
                gallery += shown
    figures = {
        name: [mean_and_stderr(values) for values in points] for name, points in rows.items() if len(points[0]) == total
    }
    payload = {name: figures.pop(name)[0][0] for name in list(figures) if name in PAYLOAD}
    means = {name: [mean for mean, _ in points] for name, points in figures.items()}
    if "mse" in means:
        means["psnr_of_mean_mse_db"] = [-10 * log10(max(mse, ROUNDING)) for mse in means["mse"]]
    return Results(
        system=names[0],
        data=names[1],
        num_images=total,
        snr_db=[float(snr) for snr in snr_db],
        metrics=means,
        stderr={name: [error for _, error in points] for name, points in figures.items()},
        payload=payload | _ratios(payload) | {name: means[name] for name in ("effective_rate_bps",) if name in means},
        provenance=kept | {"seconds": round(time.monotonic() - start, 1)},
    )


def _figures(metrics: Sequence[Metric], sent: Pictures, delivery: Delivery) -> dict[str, list[float]]:
    """Every metric's figures per image, and what the payload took."""
    figures = {name: values.tolist() for metric in metrics for name, values in metric(sent, delivery).items()}
    batch, _, height, width = sent.images.shape
    content = delivery.content_bits
    same = {
        "source_bits": 24 * height * width,
        "payload_bits": delivery.payload_bits,
        "channel_uses": delivery.channel_uses,
        "data_uses": delivery.data_uses,
        "bandwidth_ratio": bandwidth_ratio(delivery.channel_uses, height, width),
        "bandwidth_ratio_without_pilots": bandwidth_ratio(delivery.data_uses, height, width),
    }
    figures |= {name: [value] * batch for name, value in same.items()}
    figures["content_bits"] = [delivery.payload_bits] * batch if content is None else content.tolist()
    return figures


def _ratios(payload: dict[str, float]) -> dict[str, float]:
    """Compression by the budget, as paper A counts, and by what fills it; absent where no bits are sent."""
    bits = {"compression_ratio": "payload_bits", "content_compression_ratio": "content_bits"}
    return {ratio: payload["source_bits"] / payload[name] for ratio, name in bits.items() if payload[name]}
