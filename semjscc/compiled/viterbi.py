"""The Viterbi decoder of :mod:`semjscc.phy.fec.viterbi`: a block at a time, its states side by side."""

from typing import no_type_check

import numpy as np
import torch
from torch import Tensor

from semjscc.compiled.functions import in_threads, jit

STEPS = 2**14  # that are worth a thread
ZERO, IMPOSSIBLE = np.float32(0), np.float32(1e30)


def likeliest(llrs: Tensor, taps: Tensor) -> Tensor:
    """LLRs ``[batch, steps, generators]``, taps ``[generators, memory + 1]`` --> bits ``[batch, steps]``."""
    heard = llrs.detach().contiguous().numpy()
    batch, steps, _ = heard.shape
    outputs = _outputs(taps.numpy().astype(np.int64))
    bits = np.empty((batch, steps), np.float32)
    in_threads(lambda first, last: _decode(heard[first:last], outputs, bits[first:last]), batch, -(-STEPS // steps))
    return torch.from_numpy(bits)


def _outputs(taps: np.ndarray) -> np.ndarray:
    """Coded bits on the way into each state, ``[2, generators, states]``, by the bit that leaves the register.

    A state has its newest bit highest, so with what leaves it below it is what is in the register.
    """
    memory = taps.shape[1] - 1
    registers = 2 * np.arange(2**memory) + np.arange(2)[:, None]
    contents = registers[:, None] >> np.arange(memory, -1, -1)[:, None] & 1
    return (taps @ contents % 2).astype(np.float32)


@no_type_check
@jit
def _forward(llrs, outputs, leaving):
    """What leaves the register on the cheapest way into each state: |LLR| is paid for a bit of the other sign."""
    generators, states = outputs.shape[1:]
    cost = np.full(states, IMPOSSIBLE)
    cost[0] = ZERO
    zero, one = np.empty(states, np.float32), np.empty(states, np.float32)
    for t in range(len(llrs)):
        of_zeros = ZERO
        for g in range(generators):
            of_zeros += max(llrs[t, g], ZERO)
        for s in range(states // 2):
            zero[s] = zero[s + states // 2] = cost[2 * s] + of_zeros
            one[s] = one[s + states // 2] = cost[2 * s + 1] + of_zeros
        for g in range(generators):
            for s in range(states):
                zero[s] -= outputs[0, g, s] * llrs[t, g]
                one[s] -= outputs[1, g, s] * llrs[t, g]
        for s in range(states):
            cost[s] = min(zero[s], one[s])
            leaving[t, s] = one[s] < zero[s]


@no_type_check
@jit
def _decode(llrs, outputs, bits):
    """Decodes the rows of ``llrs`` into those of ``bits``."""
    states = outputs.shape[2]
    leaving = np.empty((llrs.shape[1], states), np.uint8)
    for block in range(len(llrs)):
        _forward(llrs[block], outputs, leaving)
        state = 0
        for t in range(len(leaving) - 1, -1, -1):
            bits[block, t] = np.float32(2 * state >= states)
            state = 2 * state % states + leaving[t, state]
