"""Conventions and provenance: on which axes the figures stand, and how to get the same ones again."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from semjscc.plots import snr_kind
from semjscc.report.markup import Table
from semjscc.results import Results, plain
from semjscc.units import SNR_DEFINITIONS

CONVENTIONS = [
    ["error bars", "two standard errors of the mean over pictures"],
    ["bandwidth ratio", "complex channel uses, pilots and padding included, over 3 height width"],
    ["compression", "24 height width over payload bits, padding included; by content, over the bits that carry it"],
    ["effective rate", "payload bits over time on the air, without cyclic prefixes, times the share heard right"],
    ["PSNR", "mean over pictures of each picture's PSNR after rounding to 8 bits"],
    ["BLEU-4", "on words, 0 to 1, unsmoothed"],
    ["semantic accuracy", "share of a scene's facts that a captioner finds in the delivered picture"],
    ["text-text, text-image, image-image", "three different cosines of CLIP's embeddings"],
    ["Eb/N0", "Es/N0 less 10 log10 of bits per symbol times code rate"],
]


def conventions() -> Table:
    """What the figures mean; docs/CONVENTIONS.md says it at length."""
    snr = [[f"SNR, {kind}", meaning] for kind, meaning in SNR_DEFINITIONS.items()]
    return Table("Conventions", ["figure", "what it is"], [*snr, *CONVENTIONS])


def axes(results: Sequence[Results]) -> Table:
    """Of each system what its SNR is, and how its channel's gain is normalised."""
    rows = [
        [f"{one.system}, {one.data}", snr_kind(one), ", ".join(normalizations(one)) or "not said"] for one in results
    ]
    return Table("SNR and channel gain", ["system", "SNR", "gain normalised over"], rows)


def normalizations(one: Results) -> list[str]:
    """Those that its configuration names."""
    return sorted(set(_values(one.provenance.get("config"), "normalization")))


def _values(node: Any, key: str) -> Iterator[str]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, child in children:
        if name == key:
            yield str(child)
        yield from _values(child, key)


def provenance(results: Sequence[Results]) -> Table:
    """Commit, command, seed, versions and machine of each result, and the pictures that were left out."""
    head = ["result", "commit", "command", "seed", "versions", "machine", "seconds", "pictures skipped"]
    return Table("Provenance", head, [_origin(one) for one in results])


def failures(results: Sequence[Results]) -> list[str]:
    """Where a system failed, and why: these SNRs are not among its results."""
    return [
        f"{one.system} failed at {failure.get('snr_db')} dB: {failure.get('error')}"
        for one in results
        for failure in one.provenance.get("failures") or []
        if isinstance(failure, dict)
    ]


def _origin(one: Results) -> list[str]:
    kept, versions = one.provenance, one.provenance.get("versions")
    skipped = _config(one).get("skipped") or []
    seconds = kept.get("seconds")
    return [
        f"{one.system}, {one.data}",
        str(kept.get("commit") or "not known"),
        command(one),
        str(kept.get("seed", "")),
        ", ".join(f"{name} {number}" for name, number in versions.items()) if isinstance(versions, dict) else "",
        str(kept.get("machine", "")),
        plain(seconds) if isinstance(seconds, int | float) else "",
        "; ".join(map(str, skipped)) if isinstance(skipped, list) else str(skipped),
    ]


def command(one: Results) -> str:
    """The command that gives the same figures: as it was kept, else as it must have been.

    Empty for a point of a sweep over several axes (llm-ofdm_speed_kmh=60), whose name does not say all.
    """
    config, kept = _config(one), one.provenance
    if kept.get("command") or "=" in one.system:
        return str(kept.get("command", ""))
    preset = str(config.get("preset", "embedded"))
    words = ["python", "evaluate.py", "--system", one.system.removesuffix(f"-{preset}")]
    words += ["--data", str(config.get("data", one.data))]
    words += ["--preset", preset] if preset != "embedded" else []
    words += ["--num_images", str(one.num_images), "--seed", str(kept.get("seed", 0))]
    return shlex.join([*words, "--snr_db", *(f"{snr:g}" for snr in one.snr_db)])


def _config(one: Results) -> dict[str, Any]:
    config = one.provenance.get("config")
    return config if isinstance(config, dict) else {}
