"""The page: notices, the papers' tables, each data set, each comparison, conventions and provenance."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from semjscc.comparison import AS_IT_IS, CAPACITY, ENVELOPE
from semjscc.curves import Chart, drawn
from semjscc.plots import AXES, snr_kind
from semjscc.report import measures, origins, papers
from semjscc.report.drawings import inline
from semjscc.report.found import Comparison, Entry, Found
from semjscc.report.galleries import gallery
from semjscc.report.markup import Table, details, escaped, paragraphs, slug
from semjscc.results import Results, plain
from semjscc.style import Look, looks, write

HERE = Path(__file__).parent
MAIN = (ENVELOPE, AS_IT_IS, CAPACITY)  # of a comparison's curves, those in its table
LEAD = (
    "Pictures sent over the air by several systems, and what arrived. Bars are two standard errors over the pictures; "
    "what every figure means is under Conventions, and how to get it again under Provenance."
)


def page(found: Found, out: Path) -> str:
    """One HTML document; its figures are written into ``out`` as PNG and PDF."""
    results = [entry.results for entry in found.entries]
    chosen = looks(one.system for one in results)
    beside = papers.tables(results, found.paper_b)
    parts = {"The papers beside ours": "".join(table.html() for table in beside)}
    for data, groups in found.groups():
        parts[f"Data set {data}"] = "".join(_group(group, chosen, out) for group in groups)
    parts |= {f"Comparison {one.name}": _comparison(one, out) for one in found.comparisons}
    if results:
        parts["Conventions"] = origins.conventions().html() + origins.axes(results).html()
        parts["Provenance"] = origins.provenance(results).html()
    return _document({title: content for title, content in parts.items() if content}, found.skipped)


def _group(entries: Sequence[Entry], chosen: dict[str, Look], out: Path) -> str:
    """Systems of one data set and one meaning of SNR."""
    results = [entry.results for entry in entries]
    data, kind = results[0].data, snr_kind(results[0])
    axis = AXES.get(kind, kind)
    sections = {title: measures.charts(results, names, chosen, out) for title, names in measures.parts(results)}
    sections |= {"Quality against bandwidth": measures.ratios(results, chosen, out), "Gallery": gallery(entries)}
    everything = "".join(measures.everything(one).html() for one in results)
    return (
        f'<section aria-labelledby="{slug(data, kind)}"><h3 id="{slug(data, kind)}">{escaped(axis)}</h3>'
        f"{paragraphs(_unequal(results) + origins.failures(results), 'notice')}{measures.payloads(results).html()}"
        f"{paragraphs(measures.crossings(results))}"
        + "".join(f"<h4>{escaped(title)}</h4>{content}" for title, content in sections.items() if content)
        + f"{details('All figures as tables', everything)}</section>"
    )


def _unequal(results: Sequence[Results]) -> list[str]:
    """A warning where systems were not sent the same number of pictures, or not under one gain normalisation."""
    counts = {one.system: str(one.num_images) for one in results}
    gains = {one.system: " and ".join(origins.normalizations(one)) for one in results}
    warnings = {"numbers of pictures": counts, "gain normalisations": {k: v for k, v in gains.items() if v}}
    return [
        f"Not measured alike: these systems have different {what}: {', '.join(f'{k} {v}' for k, v in has.items())}."
        for what, has in warnings.items()
        if len(set(has.values())) > 1
    ]


def _comparison(one: Comparison, out: Path) -> str:
    figures = "".join(_chart(chart, one.name, out) for chart in one.charts)
    return f'<div class="charts">{figures}</div>{_envelopes(one)}'


def _chart(chart: Chart, name: str, out: Path) -> str:
    figure, stem = drawn(chart), f"compare-{name}-{chart.name}"
    said = [
        f"{line.label} {plain(line.y[0])} at {line.x[0]:g}, {plain(line.y[-1])} at {line.x[-1]:g}"
        for line in chart.lines
        if line.kind == "main"
    ]
    alt = f"{chart.ylabel} against {chart.xlabel}, {chart.title}. {'; '.join(said)}."
    write(figure, out / stem)
    caption = f"{chart.ylabel}, {chart.title}. Dashed: at the channel's capacity; thin: mode by mode."
    return f"<figure>{inline(figure, slug(stem), alt)}<figcaption>{escaped(caption)}</figcaption></figure>"


def _envelopes(one: Comparison) -> str:
    shown = [curve for curve in one.curves if curve["way"] in MAIN and "psnr_db" in curve["metrics"]]
    points = sorted({snr for curve in shown for snr in curve["snr_db"]})
    rows = []
    for curve in shown:
        psnr = dict(zip(curve["snr_db"], map(plain, curve["metrics"]["psnr_db"]), strict=True))
        name = f"{curve['label']}, {curve['way']}"
        rows.append([name, plain(curve["bandwidth_ratio"]), *(psnr.get(snr, "") for snr in points)])
    return Table("PSNR [dB]", ["", "bandwidth ratio", *(f"{snr:g} dB" for snr in points)], rows).html()


def _document(parts: dict[str, str], skipped: Sequence[str]) -> str:
    style, script = ((HERE / name).read_text() for name in ("report.css", "report.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    links = "".join(f'<li><a href="#{slug(title)}">{escaped(title)}</a></li>' for title in parts)
    body = "".join(
        f'<section><h2 id="{slug(title)}">{escaped(title)}</h2>{content}</section>' for title, content in parts.items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>semjscc report</title>'
        f'<link rel="icon" href="data:,"><style>{style}</style></head><body>'
        f"<header><h1>semjscc report</h1><p>{escaped(LEAD)}</p>"
        f'<nav aria-label="Contents"><ul>{links}</ul></nav></header>'
        f"<main>{_skipped(skipped)}{body}</main><script>{script}</script></body></html>\n"
    )


def _skipped(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    items = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    return f'<aside class="notice"><p>Left out, {len(lines)} in all:</p><ul>{items}</ul></aside>'
