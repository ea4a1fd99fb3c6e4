"""The shift register of a convolutional code, and the likeliest way through it (Viterbi)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from semjscc.compiled import kernels

IMPOSSIBLE = 1e30  # what a way costs that no code word takes
AT_ONCE = 2**24  # costs of transitions in memory, where nothing is compiled

Taps = Float[Tensor, "outputs length"]  # 1.0 where an output adds the bit of that delay


def register(bits: Float[Tensor, "batch bits"], taps: Taps) -> Float[Tensor, "batch steps outputs"]:
    """What a shift register puts out, 0.0 or 1.0, at every step at which it is full of ``bits``."""
    return (bits.unfold(1, taps.shape[1], 1) @ taps.flip(1).T).remainder(2.0)


def likeliest(
    llrs: Float[Tensor, "batch steps outputs"], known: Float[Tensor, "batch k"], taps: Taps
) -> Float[Tensor, "batch k"]:
    """The ``k`` bits that are most likely, given the logits of the outputs and, as ``known``, those of the bits.

    The register begins empty, and zeros behind the bits empty it again. A way through it costs \\|LLR\\| for each bit
    whose sign it contradicts: where all is certain nothing is paid, and sums lose no digits.
    """
    k, bit = known.shape[1], F.pad(taps.new_ones(1, 1), (0, taps.shape[1] - 1))
    known = F.pad(known, (0, llrs.shape[1] - k), value=-IMPOSSIBLE)
    heard, taps = torch.cat([llrs, known.unsqueeze(2)], 2), torch.cat([taps, bit])  # a bit is an output of its own
    if compiled := kernels("viterbi", heard):
        return compiled.likeliest(heard, taps)[:, :k]
    return _likeliest(heard, taps)[:, :k]


def _likeliest(heard: Float[Tensor, "batch steps outputs"], taps: Taps) -> Float[Tensor, "batch bits"]:
    """A stride is as many steps as the register has places, so that every state may follow every other."""
    memory = taps.shape[1] - 1
    strides = F.pad(heard, (0, 0, 0, -heard.shape[1] % memory)).unflatten(1, (-1, memory)).flatten(2)
    contents = (torch.arange(2**memory, device=heard.device)[:, None] >> torch.arange(memory, device=heard.device)) & 1
    changes = torch.cat([contents.repeat(2**memory, 1), contents.repeat_interleave(2**memory, 0)], 1)  # old, new
    coded = register(changes.to(heard), taps.to(heard)).flatten(1)
    came, cost = [], F.pad(heard.new_zeros(len(heard), 1), (0, 2**memory - 1), value=IMPOSSIBLE)
    for part in strides.split(max(1, AT_ONCE // (len(changes) * max(1, len(heard)))), 1):
        paid = part.clamp(min=0.0).sum(2, keepdim=True) - part @ coded.T
        for change in paid.unflatten(2, (2**memory, -1)).unbind(1):
            cost, old = (cost.unsqueeze(1) + change).min(2)
            came.append(old)
    return contents[_way(came)].flatten(1).to(heard)


def _way(came: list[Int[Tensor, "batch states"]]) -> Int[Tensor, "batch strides"]:
    """States at the end of each stride, back from the empty register, by where each state came from."""
    states = [torch.zeros_like(came[-1][:, :1])]
    for old in came[:0:-1]:
        states.append(old.gather(1, states[-1]))
    return torch.cat(states[::-1], 1)
