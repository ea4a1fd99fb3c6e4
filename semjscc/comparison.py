"""Systems side by side: each in all its ways over one channel, with the same pictures, fades and noise.

A system that fits its payload to a bandwidth ratio is sent at every ratio asked for, in every mode, and its codec once
more at the capacity of the channel; over the modes lies their envelope. A learned or hybrid code of many ratios is sent
at each. Any other system is sent as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

from semjscc.codecs.swinjscc import SwinJSCC
from semjscc.phy.fec import Segmented
from semjscc.phy.link import DigitalLink
from semjscc.phy.mcs import MCS
from semjscc.phy.qam import QAM
from semjscc.results import Results
from semjscc.systems.analog import Analog
from semjscc.systems.base import System
from semjscc.systems.bound import AtCapacity
from semjscc.systems.digital import Digital
from semjscc.systems.hybrid import Hybrid

CAPACITY, ENVELOPE, AS_IT_IS = "capacity", "envelope", "as it is"
BEST = {"psnr_db": max, "psnr_of_mean_mse_db": max, "ssim": max, "ms_ssim": max, "lpips": min, "st_lpips": min}


@dataclass(frozen=True)
class Way:
    """A system in one of its ways: a mode's name, CAPACITY, or AS_IT_IS, then at a bandwidth ratio of its own."""

    name: str
    bandwidth_ratio: Fraction | None
    system: System


@dataclass(frozen=True)
class Curve:
    """What came of one way of a system, or the envelope of several.

    Args:
        label: of the line it belongs to: a codec's results at several ratios share one.
        way: a mode's name, CAPACITY, ENVELOPE or AS_IT_IS.
        bandwidth_ratio: asked for; None where the system has but one.
    """

    label: str
    way: str
    bandwidth_ratio: Fraction | None
    results: Results

    def at(self, bandwidth_ratio: Fraction) -> bool:
        """Whether it belongs to the curves of this ratio; a ratio of its own may have a slot's padding too much."""
        if self.bandwidth_ratio is not None:
            return self.bandwidth_ratio == bandwidth_ratio
        own = self.results.payload["bandwidth_ratio_without_pilots"]
        return abs(own / bandwidth_ratio - 1) < 0.1

    def as_json(self) -> dict[str, Any]:
        results = self.results
        return {
            "label": self.label,
            "way": self.way,
            "bandwidth_ratio": results.payload["bandwidth_ratio"],
            "bandwidth_ratio_without_pilots": results.payload["bandwidth_ratio_without_pilots"],
            "snr_db": results.snr_db,
            "metrics": results.metrics,
            "stderr": results.stderr,
            **{key: results.provenance[key] for key in ("modes",) if key in results.provenance},
        }


def ways(system: System, modes: Sequence[MCS], bandwidth_ratios: Sequence[Fraction]) -> Iterator[Way]:
    """All ways to send ``system``: its codec and channel stay, modulation, code rate and bandwidth ratio change."""
    if isinstance(system, Hybrid) or (isinstance(system, Analog) and isinstance(system.codec, SwinJSCC)):
        for ratio in bandwidth_ratios:
            sent = deepcopy(system)
            cast(SwinJSCC | Hybrid, sent.codec if isinstance(sent, Analog) else sent).bandwidth_ratio = float(ratio)
            yield Way(AS_IT_IS, ratio, sent)
        return
    if not isinstance(system, Digital) or system.bandwidth_ratio is None:
        yield Way(AS_IT_IS, None, system)
        return
    codec, link = system.codec, system.link
    for ratio in bandwidth_ratios:
        for mode in modes:
            code = Segmented(float(mode.rate))
            digital = DigitalLink(link.link, QAM(mode.bits_per_symbol), code, link.max_slots_at_once)
            yield Way(str(mode), ratio, Digital(codec, digital, float(ratio)))
        yield Way(CAPACITY, ratio, AtCapacity(codec, link.link, float(ratio)))


def envelopes(curves: Sequence[Curve]) -> list[Curve]:
    """Over the modes of each label and ratio, the best of each measure at each SNR: what ideal link adaptation reaches.

    Which mode is the best is up to the mean over pictures, not to the single picture.
    """
    groups: dict[tuple[str, Fraction], dict[str, Results]] = {}
    for curve in curves:
        if curve.bandwidth_ratio is not None and curve.way not in (CAPACITY, AS_IT_IS):
            groups.setdefault((curve.label, curve.bandwidth_ratio), {})[curve.way] = curve.results
    return [Curve(label, ENVELOPE, ratio, envelope(results)) for (label, ratio), results in groups.items()]


def envelope(modes: Mapping[str, Results]) -> Results:
    """Raises ``ValueError`` where the SNRs are not the same. The results' provenance says which modes were the best."""
    names, results = list(modes), list(modes.values())
    first = results[0]
    if any(one.snr_db != first.snr_db for one in results):
        raise ValueError("an envelope lies over results at the same SNRs")
    measures = [name for name in BEST if all(name in one.metrics for one in results)]
    winners = {name: _winners(results, name) for name in measures}
    return Results(
        system=ENVELOPE,
        data=first.data,
        num_images=first.num_images,
        snr_db=first.snr_db,
        metrics={name: [results[w].metrics[name][i] for i, w in enumerate(winners[name])] for name in measures},
        stderr={
            name: [results[w].stderr[name][i] for i, w in enumerate(winners[name])]
            for name in measures
            if name in first.stderr
        },
        payload={key: max(one.payload[key] for one in results) for key in first.payload if key.startswith("bandwidth")},
        provenance=first.provenance | {"modes": {name: [names[w] for w in winners[name]] for name in measures}},
    )


def _winners(results: Sequence[Results], measure: str) -> list[int]:
    """Which of the results has the best figure, at each SNR."""
    best = BEST[measure]
    points = zip(*(one.metrics[measure] for one in results), strict=True)
    return [values.index(best(values)) for values in points]
