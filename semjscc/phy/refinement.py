"""Data-aided estimation: what a decoder makes of the data, as pilots for one more look at the channel."""

from typing import Any, cast

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from semjscc.phy.base import SymbolLink
from semjscc.phy.estimation import Guess, Refinable
from semjscc.phy.fec.base import Code, Codes
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.qam import QAM

LEAST_TRUST = 0.05  # so that nothing is divided by 0


def check_refinable(link: SymbolLink, code: Codes) -> None:
    """``ValueError`` where a link cannot estimate its channel once more, or a code keeps coded bits to itself."""
    estimator = getattr(link, "estimator", None)
    if not isinstance(estimator, Refinable):
        raise ValueError(
            f"refinements need a link whose estimator reads data too (EmpiricalWiener), not {type(estimator).__name__}"
        )
    if (streams := cast(Any, link).grid.num_streams) > 1:
        raise ValueError(f"refinements are for one stream, and the grid has {streams}")
    if getattr(type(code), "coded", Code.coded) is Code.coded:
        raise ValueError(f"refinements need a decoder that tells coded bits too (LDPC5G), not {type(code).__name__}")


def guessed(logits: Float[Tensor, "batch bits"], qam: QAM, grid: ResourceGrid) -> Guess:
    """The likeliest symbols of each slot, from logits of the coded bits after decoding; 0 where nothing was sent.

    A bit of the logit L is what it seems with the mean tanh |L/2| of its sign, and a symbol is as trustworthy as its
    bits are on average: with 4-QAM that is E[x* x_guess] / |x_guess|^2.
    """
    m = qam.bits_per_symbol
    logits = F.pad(logits, (0, -logits.shape[1] % m))
    symbols = qam.modulate((logits > 0).to(logits))
    sure = (logits / 2).tanh().abs().unflatten(1, (-1, m)).mean(2)
    slots, size = grid.slots(symbols.shape[1]), grid.symbols_per_slot
    trust = F.pad(sure, (0, slots * size - sure.shape[1])).reshape(-1, size).mean(1)
    return Guess(grid.at_data(frame(symbols, grid))[:, 0], trust.clamp_min(LEAST_TRUST))
