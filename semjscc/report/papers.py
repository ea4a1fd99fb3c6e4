"""What the two papers say beside what the results say. The papers' figures are in papers.json, ours in the results."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from semjscc.plots import LABELS
from semjscc.report.markup import Table
from semjscc.report.measures import crossings
from semjscc.results import Results, plain
from semjscc.units import esn0_db

PAPERS: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())
A, B = PAPERS["a"], PAPERS["b"]
Measured = dict[str, dict[str, float]]
Chosen = dict[str, Results]  # a data set's results by system


def tables(results: Sequence[Results], measured: Measured) -> list[Table]:
    """Tables II and R and both papers' claims, for each data set that has their systems.

    Args:
        measured: what ``python -m benchmarks.paper_b`` keeps; empty where it is not there.
    """
    found: list[Table | None] = []
    for data in dict.fromkeys(one.data for one in results):
        some = {one.system: one for one in results if one.data == data}
        found += [table_ii(some), claims_a(some), table_r(some), claims_b(some, measured)]
    return [table for table in found if table]


def measured_b(path: Path) -> Measured:
    """Bit error rates of paper B's scheme after decoding, by what SNR means and by QAM order."""
    kept = json.loads(path.read_text())["definitions"]
    return {kind: {order: float(rates["coded"]) for order, rates in by.items()} for kind, by in kept.items()}


def nearest(one: Results, snr_db: float) -> int:
    """Which of the SNRs is nearest."""
    return min(range(len(one.snr_db)), key=lambda i: abs(one.snr_db[i] - snr_db))


def reached(one: Results, metric: str, value: float) -> float | None:
    """The lowest SNR [dB] at which a rising metric has come to ``value``, on straight lines between the points."""
    values = one.metrics.get(metric, [])
    for i, y in enumerate(values):
        if y >= value:
            if i == 0:
                return one.snr_db[0]
            low, high, before = one.snr_db[i - 1], one.snr_db[i], values[i - 1]
            return low + (high - low) * (value - before) / (y - before)
    return None


def _at(one: Results, metric: str, point: int, scale: float = 1.0) -> str:
    return plain(scale * one.metrics[metric][point]) if metric in one.metrics else ""


def table_ii(results: Chosen) -> Table | None:
    """Paper A's table II, "Effective Data Rate"; None where no semantic system was sent."""
    if not set(A["systems"]["semantic"]) & results.keys():
        return None
    head = ["", "data size [bit]", "compression", "by content", "SNR [dB]", "effective rate [Mbit/s]", "success ratio"]
    rows = []
    for kind, names in A["systems"].items():
        said = A["table_ii"][kind]
        sizes = [plain(said["payload_bits"]), plain(said["compression_ratio"]), ""]
        rate, success = plain(said["effective_rate_bps"] / 1e6), plain(said["success_ratio"])
        rows.append([f"paper A, {kind}", *sizes, "not given", rate, success])
        rows += [_table_ii_row(results[name], said["success_ratio"]) for name in names if name in results]
    head.append("has the paper's success ratio at")
    return Table("Paper A, table II", head, [[*row, *[""] * (len(head) - len(row))] for row in rows])


def _table_ii_row(one: Results, success_ratio: float) -> list[str]:
    point, there = nearest(one, A["snr_db"]), reached(one, "success_ratio", success_ratio)
    sizes = [plain(one.payload[key]) if key in one.payload else "" for key in ("payload_bits", "compression_ratio")]
    content = one.payload.get("content_compression_ratio")
    return [
        f"{one.system}, {one.data}",
        *sizes,
        plain(content) if content else "",
        f"{one.snr_db[point]:g}",
        _at(one, "effective_rate_bps", point, 1e-6),
        _at(one, "success_ratio", point),
        "nowhere" if there is None else f"{there:.1f} dB",
    ]


def claims_a(results: Chosen) -> Table | None:
    """What paper A's figures 2 and 3 and its text claim; None where its two systems were not both sent."""
    semantic, conventional = (results.get(names[0]) for names in A["systems"].values())
    if not semantic or not conventional:
        return None
    crossing = [words for words in crossings([semantic, conventional]) if LABELS["ssim"] in words]
    bleu = [f"{_at(semantic, 'bleu4', p)} at {semantic.snr_db[p]:g} dB" for p in _points(semantic, A["bleu_snr_db"])]
    whole = reached(semantic, "bleu4", 1.0)
    there = "1.0 nowhere" if whole is None else f"1.0 from {whole:g} dB on"
    rates = [f"{one.system} {_rate(one)}" for one in (semantic, conventional)]
    return Table(
        "Paper A, claim by claim",
        ["claim", "paper A", f"ours, {semantic.data}"],
        [
            ["SSIM of the semantic system is the higher one at low SNR, the lower one at high", "figure 2",
             " ".join(crossing) or "the curves do not cross"],
            ["BLEU rises with SNR, and is 1.0 beyond", "3.3 dB", f"BLEU-4 {', '.join(bleu)}, {there}"],
            ["the semantic system has the higher effective rate", "23.05 against 19.34 Mbit/s", ", ".join(rates)],
        ],
    )  # fmt: skip


def _points(one: Results, snr_db: Sequence[float]) -> list[int]:
    return list(dict.fromkeys(nearest(one, snr) for snr in snr_db))


def _rate(one: Results) -> str:
    point = nearest(one, A["snr_db"])
    return f"{_at(one, 'effective_rate_bps', point, 1e-6)} Mbit/s at {one.snr_db[point]:g} dB"


def table_r(results: Chosen) -> Table | None:
    """Paper B's reduction ratio R and its quality, at its Eb/N0; None where none of its systems was sent."""
    shown = [results[name] for name in B["systems"] if name in results]
    if not shown:
        return None
    said, ebn0 = B["table_r"], B["ebn0_db"]
    points = [nearest(one, esn0_db(ebn0, B["bits_per_symbol"], B["code_rate"])) for one in shown]
    payload = {
        "picture [B]": (said["source"], "source_bits", 1 / 8),
        "payload [B]": (said["text"], "payload_bits", 1 / 8),
        "R, by payload": (said["compression_ratio"], "compression_ratio", 1.0),
        "of it content [B]": ("", "content_bits", 1 / 8),
        "R, by content": ("", "content_compression_ratio", 1.0),
    }
    rows = [
        [name, theirs, *(plain(scale * one.payload[key]) if key in one.payload else "" for one in shown)]
        for name, (theirs, key, scale) in payload.items()
    ]
    for name in ("ssim", "psnr_db", "clip_text_text", "clip_text_image", "clip_image_image"):
        ours = [_at(one, name, point) for one, point in zip(shown, points, strict=True)]
        rows.append([f"{LABELS[name]}, Eb/N0 {ebn0:g} dB", said.get(name, ""), *ours])
    return Table("Paper B, the reduction ratio R", ["", "paper B", *(one.system for one in shown)], rows)


def claims_b(results: Chosen, measured: Measured) -> Table | None:
    """What paper B claims of errors and of similarity; None where none of its systems was sent."""
    shown = [results[name] for name in B["systems"] if name in results]
    rows = []
    for order in ("16", "64"):
        under = [f"{plain(rates[order])} under {kind}" for kind, rates in measured.items() if order in rates]
        claim = f"no bit is wrong after decoding, {order}-QAM, SNR {B['error_free_at_db']:g} dB"
        rows += [[claim, "bit error rate 0", f"{B['systems'][0]}: {', '.join(under)}"]] if under else []
    low, high = B["similarity_ebn0_db"]
    ends = [esn0_db(ebn0, B["bits_per_symbol"], B["code_rate"]) for ebn0 in (low, high)]
    said = [
        f"{one.system} {' to '.join(_at(one, 'clip_text_text', nearest(one, snr)) for snr in ends)}"
        for one in shown
        if "clip_text_text" in one.metrics
    ]
    claim = f"similarity rises slightly from Eb/N0 {low:g} to {high:g} dB"
    rows += [[claim, "figure 5", f"between texts: {'; '.join(said)}"]] if said else []
    return Table("Paper B, claim by claim", ["claim", "paper B", "ours"], rows) if shown and rows else None
