"""The demapper of :mod:`semjscc.phy.qam`, without gradients."""

from functools import partial
from typing import no_type_check

import numpy as np
import torch
from torch import Tensor

from semjscc.compiled.functions import exp, in_threads, jit, log

BLOCK = 128  # values of an axis: a table of 64 levels of them fills an L1 cache
LEAST = 16  # blocks that are worth a thread
_ONE = np.float32(1.0)


@no_type_check
@jit
def _gather(table, first, last, exact, out):
    """Over rows of the table: logarithm of the sum of exponentials if ``exact``, else the largest."""
    for i in range(BLOCK):
        out[i] = table[first, i]
    for k in range(first + 1, last):
        for i in range(BLOCK):
            out[i] = max(out[i], table[k, i])
    if exact and last - first > 1:
        total = np.zeros(BLOCK, np.float32)
        for k in range(first, last):
            for i in range(BLOCK):
                total[i] += exp(table[k, i] - out[i])
        for i in range(BLOCK):
            out[i] += log(total[i])


@no_type_check
@jit
def _fold(table, half, exact):
    """Each row of the first half becomes what is gathered of it and its counterpart in the second."""
    for k in range(half):
        if exact:
            for i in range(BLOCK):
                a, b = table[k, i], table[half + k, i]
                table[k, i] = max(a, b) + log(_ONE + exp(-abs(a - b)))
        else:
            for i in range(BLOCK):
                table[k, i] = max(table[k, i], table[half + k, i])


@no_type_check
@jit
def _demodulate(levels, values, weights, exact, llrs, first, last):
    """Blocks ``first`` to ``last`` of the values of both axes; see :func:`semjscc.phy.qam._llrs`."""
    table = np.empty((len(levels), BLOCK), np.float32)
    y, w = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.float32)
    zero, one = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    for block in range(first, last):
        low = block * BLOCK
        n = min(BLOCK, len(values) - low)
        y[:n], w[:n] = values[low : low + n], weights[low : low + n]
        for k in range(len(levels)):
            level = levels[k]
            for i in range(BLOCK):
                table[k, i] = (y[i] - level) * (level - y[i]) * w[i]
        half, bit = len(levels) // 2, 0
        while half:
            _gather(table, 0, half, exact, zero)
            _gather(table, half, 2 * half, exact, one)
            for i in range(n):
                llrs[bit, low + i] = one[i] - zero[i]
            _fold(table, half, exact)
            half, bit = half // 2, bit + 1


def llrs(symbols: Tensor, noise_var: Tensor, levels: Tensor, exact: bool) -> Tensor:
    """As :func:`semjscc.phy.qam._llrs`."""
    axes = torch.view_as_real(symbols).T.contiguous().flatten()
    made = torch.empty(len(levels).bit_length() - 1, len(axes))
    arrays = (x.detach().numpy() for x in (levels, axes, (1 / noise_var).repeat(2)))
    in_threads(partial(_demodulate, *arrays, exact, made.numpy()), -(-len(axes) // BLOCK), LEAST)
    return made.unflatten(1, (2, -1)).flatten(0, 1).T
