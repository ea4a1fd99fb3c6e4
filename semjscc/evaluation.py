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
from semjscc.results import Results, mean_and_stderr, provenance
from semjscc.rng import PerImage
from semjscc.systems.base import System
from semjscc.types import Delivery, Pictures
from semjscc.units import bandwidth_ratio


@dataclass(frozen=True)
class Exhibit:
    """One picture of the gallery: what was sent, and what was heard and delivered at each SNR."""

    sent: Tensor
    caption: str
    delivered: list[Tensor] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)


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
    exhibits: int = 4,
) -> tuple[Results, list[Exhibit]]:
    """Sends the first ``num_images`` pictures of ``source`` at each SNR [dB].

    Every image has random streams of its own at every SNR (:mod:`semjscc.rng`), so that the figures depend neither
    on ``batch_size`` nor on which other images and SNRs there are, and rival systems meet the same fades and noise.
    """
    start, system = time.monotonic(), system.to(device)
    metrics = [metric.to(device) for metric in metrics]
    rows: dict[str, list[list[float]]] = defaultdict(lambda: [[] for _ in snr_db])
    gallery: list[Exhibit] = []
    total = min(num_images, len(source))
    with tqdm(total=total * len(snr_db), unit="picture", desc=" on ".join(names)) as bar:
        for indices, pictures in batches(source, num_images, batch_size):
            pictures = Pictures(pictures.images.to(device), pictures.names, pictures.captions)
            shown = [Exhibit(image.cpu(), "") for image in pictures.images[: exhibits - len(gallery)]]
            for point, snr in enumerate(snr_db):
                rng = PerImage([(seed, index) for index in indices], (round(1000 * snr),))
                delivery = system(pictures.images, torch.full((len(indices),), snr, device=device), rng)
                for name, values in _figures(metrics, pictures, delivery).items():
                    rows[name][point] += values
                shown = [_hang(exhibit, i, delivery) for i, exhibit in enumerate(shown)]
                bar.update(len(indices))
            gallery += shown
    payload_rows = {name: rows.pop(name) for name in list(rows) if name.startswith("payload.")}
    figures = {name: [mean_and_stderr(values) for values in points] for name, points in rows.items()}
    means = {name: [mean for mean, _ in points] for name, points in figures.items()}
    if "mse" in means:
        means["psnr_of_mean_mse_db"] = [-10 * log10(max(mse, 1e-12)) for mse in means["mse"]]
    results = Results(
        system=names[0],
        data=names[1],
        num_images=total,
        snr_db=[float(snr) for snr in snr_db],
        metrics=means,
        stderr={name: [error for _, error in points] for name, points in figures.items()},
        payload=_payload(payload_rows, means.pop("effective_rate_bps", None)),
        provenance=provenance(config or {}, seed, time.monotonic() - start, device),
    )
    return results, gallery


def _figures(metrics: Sequence[Metric], sent: Pictures, delivery: Delivery) -> dict[str, list[float]]:
    """Every metric's figures per image, and what the payload took."""
    figures = {name: values.tolist() for metric in metrics for name, values in metric(sent, delivery).items()}
    batch, _, height, width = sent.images.shape
    content = delivery.content_bits
    figures["payload.source_bits"] = [24 * height * width] * batch
    figures["payload.payload_bits"] = [delivery.payload_bits] * batch
    figures["payload.content_bits"] = [delivery.payload_bits] * batch if content is None else content.tolist()
    figures["payload.channel_uses"] = [delivery.channel_uses] * batch
    figures["payload.data_uses"] = [delivery.data_uses] * batch
    figures["payload.bandwidth_ratio"] = [bandwidth_ratio(delivery.channel_uses, height, width)] * batch
    figures["payload.bandwidth_ratio_without_pilots"] = [bandwidth_ratio(delivery.data_uses, height, width)] * batch
    return figures


def _payload(rows: dict[str, list[list[float]]], effective_rate: list[float] | None) -> dict[str, Any]:
    """Means over images; the compression ratio of the budget, as paper A counts, and of what fills it."""
    payload: dict[str, Any] = {
        name.removeprefix("payload."): mean_and_stderr(points[0])[0] for name, points in rows.items()
    }
    payload["compression_ratio"] = payload["source_bits"] / payload["payload_bits"]
    payload["content_compression_ratio"] = payload["source_bits"] / payload["content_bits"]
    if effective_rate is not None:
        payload["effective_rate_bps"] = effective_rate
    return payload


def _hang(exhibit: Exhibit, i: int, delivery: Delivery) -> Exhibit:
    heard = delivery.heard[i] if delivery.heard else ""
    caption = delivery.sent[i] if delivery.sent else ""
    return Exhibit(exhibit.sent, caption, [*exhibit.delivered, delivery.images[i].cpu()], [*exhibit.heard, heard])
