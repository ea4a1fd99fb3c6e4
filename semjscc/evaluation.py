"""What becomes of pictures: each picture's figures as rows, and rows as one :class:`~semjscc.results.Results`."""

import time
from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

import torch
from tqdm import tqdm

from semjscc.data.base import ImageSource
from semjscc.data.batches import chunks, of_one_size
from semjscc.exhibits import EXHIBITS, Exhibit, hung, to_png
from semjscc.metrics.base import Metric
from semjscc.metrics.fidelity import ROUNDING
from semjscc.results import Results, mean_and_stderr, provenance
from semjscc.rng import PerImage
from semjscc.rows import Rows, figures, joined, where
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

Batch = tuple[list[int], Pictures]  # pictures of one size and their indices, below 0 where a group is filled up


def sweep(
    system: System,
    source: ImageSource,
    snr_db: Sequence[float],
    metrics: Sequence[Metric],
    num_images: int = 64,
    seed: int = 0,
    device: str = "cpu",
    names: tuple[str, str] = ("system", "data"),
    config: dict[str, Any] | None = None,
    gallery: list[Exhibit] | None = None,
    exhibits: int = EXHIBITS,
) -> Results:
    """Sends the first ``num_images`` pictures of ``source`` at each SNR [dB]; nothing is kept before the end.

    Args:
        names: of system and data, for the results
        config: kept in the results' provenance
        gallery: where given, gets the first ``exhibits`` pictures with all that was delivered of them
    """
    kept, start = provenance(config or {}, seed, device), time.monotonic()
    system, metrics = system.to(device), [metric.to(device) for metric in metrics]
    total, found = min(num_images, len(source)), []
    with tqdm(total=total * len(snr_db), unit="picture", desc=" on ".join(names)) as bar:
        for chunk in chunks(len(source), num_images, system.users):
            batches = opened(source, chunk, system, device)
            for snr in snr_db:
                found.append(measure(system, metrics, batches, snr, seed, exhibits))
                bar.update(len(chunk[: max(0, total - chunk.start)]))
    rows = where(joined(found), "image", range(total))
    if gallery is not None:
        gallery += hung(rows, snr_db, exhibits)
    kept |= snr_named(system) | {"seconds": round(time.monotonic() - start, 1)}
    return summary(rows, snr_db, names, total, kept)


def opened(source: ImageSource, indices: Sequence[int], system: System, device: str) -> list[Batch]:
    """The pictures of one chunk on ``device``; what a system says of them is the same at every SNR."""
    return [
        (numbers, Pictures(pictures.images.to(device), pictures.names, pictures.captions))
        for numbers, pictures in of_one_size(source, indices, system.users)
    ]


@torch.no_grad()
def measure(
    system: System, metrics: Sequence[Metric], batches: Sequence[Batch], snr_db: float, seed: int, exhibits: int
) -> Rows:
    """What becomes of one chunk's pictures at one SNR [dB]: a row for each, with a PNG of the first ``exhibits``.

    Every image has random streams of its own at every SNR (:mod:`semjscc.rng`), and a chunk always goes through as a
    whole, so that rows are the same to the last bit whichever other chunks and SNRs are sent, in whatever order and
    by however many processes; and rival systems meet the same fades and noise. Where several users share the air, they
    are neighbours by index: images 0 to 5 are six users, then 6 to 11. Beyond rounding, rows do not depend on the
    number of torch's threads or the kind of device either.
    """
    found = []
    for indices, pictures in batches:
        rng = PerImage([(seed, index) for index in indices], (round(1000 * snr_db),))
        delivery = system(pictures.images, pictures.images.new_full((len(indices),), float(snr_db)), rng)
        own = [row for row, index in enumerate(indices) if index >= 0]
        words: Rows = {"image": indices, "picture": pictures.names, "snr_db": [float(snr_db)] * len(indices)}
        columns = words | _words(delivery) | _shown(indices, pictures, delivery, exhibits)
        columns |= _figures(metrics, pictures, delivery)
        found.append({name: [column[row] for row in own] for name, column in columns.items()})
    return joined(found)


def summary(
    rows: Rows, snr_db: Sequence[float], names: tuple[str, str], num_images: int, kept: Mapping[str, Any]
) -> Results:
    """Means and standard errors over the pictures, at each SNR; a figure that some pictures cannot have is left out."""
    points = [where(rows, "snr_db", [snr]) for snr in snr_db]
    found = {name: [mean_and_stderr(point[name]) for point in points] for name in figures(rows)}
    payload = {name: found.pop(name)[0][0] for name in list(found) if name in PAYLOAD}
    means = {name: [mean for mean, _ in values] for name, values in found.items()}
    if "mse" in means:
        means["psnr_of_mean_mse_db"] = [-10 * log10(max(mse, ROUNDING)) for mse in means["mse"]]
    return Results(
        system=names[0],
        data=names[1],
        num_images=num_images,
        snr_db=[float(snr) for snr in snr_db],
        metrics=means,
        stderr={name: [error for _, error in values] for name, values in found.items()},
        payload=payload | _ratios(payload) | {name: means[name] for name in ("effective_rate_bps",) if name in means},
        provenance=dict(kept),
    )


def snr_named(system: System) -> dict[str, str]:
    """What the system's SNR is, for the provenance of its results."""
    return {"snr": f"{system.snr}: {SNR_DEFINITIONS[system.snr]}"}


def _words(delivery: Delivery) -> Rows:
    return {name: said for name, said in (("sent", delivery.sent), ("heard", delivery.heard)) if said}


def _shown(indices: list[int], pictures: Pictures, delivery: Delivery, exhibits: int) -> Rows:
    pairs = {"sent_png": pictures.images, "delivered_png": delivery.images}
    return {
        name: [to_png(images[row]) if 0 <= index < exhibits else None for row, index in enumerate(indices)]
        for name, images in pairs.items()
    }


def _figures(metrics: Sequence[Metric], sent: Pictures, delivery: Delivery) -> Rows:
    """Every metric's figures per image, and what the payload took."""
    found = {name: values.tolist() for metric in metrics for name, values in metric(sent, delivery).items()}
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
    found |= {name: [float(value)] * batch for name, value in same.items()}
    found["content_bits"] = [float(delivery.payload_bits)] * batch if content is None else content.tolist()
    return found


def _ratios(payload: dict[str, float]) -> dict[str, float]:
    """Compression by the budget, as paper A counts, and by what fills it; absent where no bits are sent."""
    bits = {"compression_ratio": "payload_bits", "content_compression_ratio": "content_bits"}
    return {ratio: payload["source_bits"] / payload[name] for ratio, name in bits.items() if payload[name]}
