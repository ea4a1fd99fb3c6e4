"""Turns results into figures and one HTML page: ``python report.py results`` writes results/report.html.

The page holds its figures and galleries itself and needs no network. PNGs of the figures lie in results/figures.
"""

import argparse
import base64
import html
import json
import sys
from itertools import combinations, groupby, pairwise, product
from pathlib import Path

from semjscc.comparison import AS_IT_IS, CAPACITY, ENVELOPE
from semjscc.plots import LABELS, against_snr
from semjscc.results import Results, ResultsError, plain

MAIN = (ENVELOPE, AS_IT_IS, CAPACITY)  # of a comparison's curves, those in its table
STYLE = """
:root { color-scheme: light dark; --ink: #1d1d22; --paper: #fcfcfd; --line: #d9d9e0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8ee; --paper: #17171b; --line: #3a3a44 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
table { border-collapse: collapse; font-size: .85rem; display: block; overflow-x: auto }
td, th { border-bottom: 1px solid var(--line); padding: .25rem .7rem; text-align: right }
td:first-child, th:first-child { text-align: left }
figure { display: inline-block; margin: .4rem; vertical-align: top }
figcaption { font-size: .85rem; text-align: center }
img { max-width: 100%; background: white; border-radius: 4px }
.curves img { width: 22rem }
code { font-size: .85em }
"""


def load(folder: Path) -> list[Results]:
    """All results below ``folder``, by data and system."""
    results = [Results.load(path) for path in sorted(folder.glob("*/*.json"))]
    if not results:
        raise ResultsError(f"there are no results in {folder}: expected DATA/SYSTEM.json, as evaluate.py writes them")
    return sorted(results, key=lambda one: (one.data, one.system))


def picture(path: Path, words: str) -> str:
    """A figure element that holds the PNG at ``path``."""
    data = base64.b64encode(path.read_bytes()).decode()
    words = html.escape(words)
    return f'<figure><img src="data:image/png;base64,{data}" alt="{words}"><figcaption>{words}</figcaption></figure>'


def table(head: list[str], rows: list[list[str]]) -> str:
    """An HTML table, its first column of labels."""
    lines = ["".join(f"<th scope=col>{html.escape(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


PAYLOAD = {
    "payload_bits": "payload [bit]",
    "content_bits": "of it content [bit]",
    "compression_ratio": "compression",
    "content_compression_ratio": "compression by content",
    "channel_uses": "channel uses",
    "bandwidth_ratio": "bandwidth ratio",
}


def payloads(results: list[Results]) -> str:
    """What each system sends for one picture."""
    rows = [
        [
            one.system,
            str(one.num_images),
            *(plain(one.payload[key]) if key in one.payload else "" for key in PAYLOAD),
        ]
        for one in results
    ]
    return table(["system", "pictures", *PAYLOAD.values()], rows)


def crossings(results: list[Results]) -> str:
    """Where the curves of two systems cross, between neighbouring SNRs that both were sent at."""
    found = []
    for metric, (a, b) in product(("ssim", "semantic_accuracy"), combinations(results, 2)):
        if a.snr_db == b.snr_db and metric in a.metrics and metric in b.metrics:
            lead = [x - y for x, y in zip(a.metrics[metric], b.metrics[metric], strict=True)]
            for (low, high), (x, y) in zip(pairwise(a.snr_db), pairwise(lead), strict=True):
                if x * y < 0:
                    first, then = (a, b) if x > 0 else (b, a)
                    snr = low + (high - low) * x / (x - y)
                    found.append(f"{first.system} leads {then.system} in {LABELS[metric]} up to {snr:.1f} dB")
    return "".join(f"<p>{html.escape(words)}.</p>" for words in found)


def figures(one: Results) -> str:
    """Every metric of one system, a row for each."""
    rows = [[LABELS.get(name, name), *(plain(value) for value in values)] for name, values in one.metrics.items()]
    return table(["metric", *(f"{snr:g} dB" for snr in one.snr_db)], rows)


def provenance(one: Results) -> str:
    """How to get the same figures again, and which pictures were left out."""
    kept = {name: value for name, value in one.provenance.items() if name != "config"}
    skipped = one.provenance.get("config", {}).get("skipped", [])
    words = [f"{name}: {value}" for name, value in kept.items()] + [f"skipped: {reason}" for reason in skipped]
    return f"<p>{'<br>'.join(map(html.escape, words))}</p>"


def section(data: str, results: list[Results], folder: Path) -> str:
    """All about one data set: curves, payloads, galleries, figures."""
    out = folder / "figures"
    out.mkdir(exist_ok=True)
    parts = [f"<h2>{html.escape(data)}</h2>", payloads(results), crossings(results), "<div class=curves>"]
    for metric, label in LABELS.items():
        if any(metric in one.metrics for one in results):
            against_snr(results, metric, out / f"{data}-{metric}.png")
            parts.append(picture(out / f"{data}-{metric}.png", f"{label} against SNR, {data}"))
    parts.append("</div>")
    for one in results:
        parts.append(f"<h3>{html.escape(one.system)} on {html.escape(data)}</h3>")
        gallery = folder / data / f"{one.system}.png"
        if gallery.exists():
            parts.append(picture(gallery, f"{one.system}: sent, and delivered at each SNR, with the text heard"))
        parts.append(f"<details><summary>all figures</summary>{figures(one)}{provenance(one)}</details>")
    return "\n".join(parts)


def comparison(path: Path) -> str:
    """Figures and curves of one comparison, from the file that compare.py writes beside its figures."""
    parts = [f"<h2>comparison {html.escape(path.parent.name)}</h2>", "<div class=curves>"]
    parts += [picture(figure, figure.stem) for figure in sorted(path.parent.glob("*.png"))]
    shown = [one for one in json.loads(path.read_text())["curves"] if one["way"] in MAIN]
    rows = [
        [
            f"{one['label']}, {one['way']}",
            plain(one["bandwidth_ratio"]),
            *(f"{snr:g} dB: {plain(psnr)}" for snr, psnr in zip(one["snr_db"], one["metrics"]["psnr_db"], strict=True)),
        ]
        for one in shown
        if "psnr_db" in one["metrics"]
    ]
    width = max(map(len, rows), default=2)
    head = ["PSNR [dB]", "bandwidth ratio", *[""] * (width - 2)]
    return "\n".join([*parts, "</div>", table(head, rows)])


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(
        prog="report.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("results"), help="of results (default results)")
    folder = parser.parse_args(arguments).folder
    groups = groupby(load(folder), key=lambda one: one.data)
    body = "\n".join(section(data, list(results), folder) for data, results in groups)
    body += "\n".join(map(comparison, sorted(folder.glob("compare/*/curves.json"))))
    axis = (
        "SNR is received Es/N0 per antenna and resource element, where a curve does not name another; "
        "bars are two standard errors over the pictures."
    )
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>semjscc report</title>'
        f"<style>{STYLE}</style></head><body><h1>semjscc report</h1><p>{axis}</p>{body}</body></html>"
    )
    (folder / "report.html").write_text(page)
    print(f"report {folder / 'report.html'}")


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"report.py: {error}")
