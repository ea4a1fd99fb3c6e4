"""LLRs of QAM symbols; symbols are counted."""

from collections.abc import Callable
from functools import partial

import sionna.phy.mapping
import torch
from torch import Tensor

from benchmarks.case import Case, Job
from benchmarks.peers import kaira
from semjscc.phy.qam import QAM

SYMBOLS = 2**16
SIONNAS = {2: 2**16, 6: 2**12, 10: 2**10}  # at once, by order: where it is fastest; it holds every point for every bit
Demapper = Callable[[Tensor, Tensor], Tensor]  # symbols, noise variances -> LLRs


def ours(order: int, method: str) -> Demapper:
    """Axis by axis."""
    return partial(QAM(order).demodulate, method=method)


def sionnas(order: int, method: str) -> Demapper:
    """Point by point."""
    return sionna.phy.mapping.Demapper(method, "qam", order, device="cpu")


def demapping(demapper: Callable[[int, str], Demapper], order: int, method: str, at_once: int) -> Job:
    """Random symbols in noise of a variance of its own each, the first ``at_once`` of them."""
    noise_var = 10 ** (-0.25 * order) * (0.5 + torch.rand(1, SYMBOLS))
    x = QAM(order).modulate(torch.randint(2, (1, order * SYMBOLS)).float())
    y = x + noise_var.sqrt() * torch.randn_like(x)
    demap = demapper(order, method)
    return Job(lambda pair: demap(*pair), [(y[:, :at_once], noise_var[:, :at_once])], at_once)


def case(order: int, method: str) -> Case:
    """One constellation, exact ("app") or max-log."""
    sides = {
        "ours": partial(demapping, ours, order, method, SYMBOLS),
        "sionna": partial(demapping, sionnas, order, method, SIONNAS[order]),
    }
    if method == "maxlog" and order <= 8:  # all that kaira has
        sides["kaira"] = partial(demapping, kaira.demapper, order, method, SIONNAS[order])
    what, quick = f"{2**order}-QAM LLRs, {method}", (order, method) in [(6, "app"), (10, "maxlog")]
    return Case(f"qam-{2**order}-{method}", what, "symbol", SYMBOLS, sides, quick)


CASES = [case(order, method) for order in SIONNAS for method in ("app", "maxlog")]
