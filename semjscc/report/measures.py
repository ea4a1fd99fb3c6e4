"""Figures of one data set: what each system makes of the SNR, and of the bandwidth."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise, product
from pathlib import Path

from matplotlib.figure import Figure

from semjscc.plots import AXES, LABELS, RATES, against_ratio, against_snr, snr_kind, spread
from semjscc.report.drawings import inline
from semjscc.report.markup import Table, escaped, slug
from semjscc.results import Results, plain
from semjscc.style import Look, write

PARTS = {
    "Quality of the picture": (
        "psnr_db", "psnr_of_mean_mse_db", "ssim", "ms_ssim", "lpips", "st_lpips", "semantic_accuracy",
    ),
    "Words and meaning": (
        "bleu4", "cer", "exact", "semantic_accuracy_heard", "clip_text_text", "clip_text_image", "clip_image_image",
    ),
    "The link": ("ber", "bler", "damaged", "undecodable", "success_ratio", "effective_rate_bps"),
}  # fmt: skip
OTHER = "Other measures"
ONLY_IN_TABLES = ("mse",)
AGAINST_RATIO = ("psnr_db", "ssim", "ms_ssim", "lpips", "st_lpips", "semantic_accuracy")
PAYLOAD = {
    "payload_bits": "payload [bit]",
    "content_bits": "of it content [bit]",
    "compression_ratio": "compression",
    "content_compression_ratio": "compression by content",
    "channel_uses": "channel uses",
    "bandwidth_ratio": "bandwidth ratio",
}


def parts(results: Sequence[Results]) -> Iterator[tuple[str, list[str]]]:
    """The metrics that some system has, sorted into parts; what nobody has sorted comes last, under its own name."""
    there = list(dict.fromkeys(name for one in results for name in one.metrics))
    sorted_in = {*ONLY_IN_TABLES, *(name for names in PARTS.values() for name in names)}
    others = tuple(name for name in there if name not in sorted_in)
    for title, names in {**PARTS, OTHER: others}.items():
        if chosen := [name for name in names if name in there]:
            yield title, chosen


def charts(results: Sequence[Results], names: Sequence[str], looks: Mapping[str, Look], out: Path) -> str:
    """A figure for each metric, written into ``out`` as PNG and PDF as well."""
    return _grid([_against_snr(results, name, looks, out) for name in names])


def _against_snr(results: Sequence[Results], name: str, looks: Mapping[str, Look], out: Path) -> str:
    shown, label = [one for one in results if name in one.metrics], LABELS.get(name, name)
    left_out = name in RATES and any(0 in one.metrics[name] for one in shown)
    caption = f"{label} against SNR." + " Points without an error are left out." * left_out
    said = [f"{one.system} {_ends(one, name)}" for one in shown]
    axis = AXES.get(snr_kind(shown[0]), AXES["rx"])
    alt = f"{label} against {axis}, {shown[0].data}. {'; '.join(said)}."
    return _figure(against_snr(shown, name, looks), _stem(shown[0], name, out), alt, caption)


def _ends(one: Results, name: str) -> str:
    values = one.metrics[name]
    points = [(one.snr_db[i], values[i]) for i in spread(len(values), 3)]
    return ", ".join(f"{plain(value)} at {snr:g} dB" for snr, value in points)


def ratios(results: Sequence[Results], looks: Mapping[str, Look], out: Path) -> str:
    """Quality against bandwidth ratio, at a low, a middle and a high SNR that all systems were sent at.

    Nothing where all systems take the same, or have no SNR in common.
    """
    having = [one for one in results if "bandwidth_ratio" in one.payload]
    common = sorted(set.intersection(*(set(one.snr_db) for one in having))) if having else []
    if len({one.payload["bandwidth_ratio"] for one in having}) < 2 or not common:
        return ""
    snr_db, drawn = [common[i] for i in spread(len(common), 3)], []
    for name in AGAINST_RATIO:
        shown = [one for one in having if name in one.metrics]
        if len({one.payload["bandwidth_ratio"] for one in shown}) > 1:
            drawn.append(_against_ratio(shown, name, looks, snr_db, out))
    return _grid(drawn)


def _against_ratio(
    shown: Sequence[Results], name: str, looks: Mapping[str, Look], snr_db: Sequence[float], out: Path
) -> str:
    label, at = LABELS[name], ", ".join(f"{snr:g}" for snr in snr_db)
    values = [[one.metrics[name][one.snr_db.index(snr)] for snr in snr_db] for one in shown]
    said = [
        f"{one.system} at {plain(one.payload['bandwidth_ratio'])}: {', '.join(map(plain, its))}"
        for one, its in zip(shown, values, strict=True)
    ]
    alt = f"{label} against bandwidth ratio at {at} dB, {shown[0].data}. {'; '.join(said)}."
    caption = f"{label} against bandwidth ratio."
    return _figure(against_ratio(shown, name, looks, snr_db), _stem(shown[0], f"{name}-ratio", out), alt, caption)


def _stem(one: Results, name: str, out: Path) -> Path:
    kind = snr_kind(one)
    return out / (f"{one.data}-{name}" if kind == "rx" else f"{one.data}-{kind}-{name}")


def _figure(figure: Figure, stem: Path, alt: str, caption: str) -> str:
    write(figure, stem)
    return f"<figure>{inline(figure, slug(stem.name), alt)}<figcaption>{escaped(caption)}</figcaption></figure>"


def _grid(figures: Sequence[str]) -> str:
    return f'<div class="charts">{"".join(figures)}</div>' if figures else ""


def payloads(results: Sequence[Results]) -> Table:
    """What each system sends for one picture."""
    rows = [
        [
            one.system,
            str(one.num_images),
            *(plain(one.payload[key]) if key in one.payload else "" for key in PAYLOAD),
        ]
        for one in results
    ]
    return Table("What is sent for one picture", ["system", "pictures", *PAYLOAD.values()], rows)


def crossings(results: Sequence[Results]) -> list[str]:
    """Where the curves of two systems cross, between neighbouring SNRs that both were sent at."""
    found = []
    for metric, (a, b) in product(("ssim", "semantic_accuracy"), combinations(results, 2)):
        if metric in a.metrics and metric in b.metrics:
            values = [dict(zip(one.snr_db, one.metrics[metric], strict=True)) for one in (a, b)]
            common = sorted(values[0].keys() & values[1].keys())
            lead = [values[0][snr] - values[1][snr] for snr in common]
            for (low, high), (x, y) in zip(pairwise(common), pairwise(lead), strict=True):
                if x * y < 0:
                    first, then = (a, b) if x > 0 else (b, a)
                    snr = low + (high - low) * x / (x - y)
                    found.append(f"{first.system} leads {then.system} in {LABELS[metric]} up to {snr:.1f} dB.")
    return found


def everything(one: Results) -> Table:
    """Every metric of one system, a row for each."""
    rows = [[LABELS.get(name, name), *map(plain, values)] for name, values in one.metrics.items()]
    return Table(f"All figures of {one.system} on {one.data}", ["metric", *(f"{snr:g} dB" for snr in one.snr_db)], rows)
