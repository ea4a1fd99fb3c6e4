"""The demappers of :mod:`semjscc.phy.qam`, without gradients."""

from collections.abc import Callable
from functools import partial
from typing import no_type_check

import numpy as np
import torch
from torch import Tensor

from semjscc.compiled.functions import exp, in_threads, jit, log

BLOCK = 128  # values of an axis: a table of 64 levels of them fills an L1 cache
SYMBOLS = BLOCK // 2  # of a block; the two axes take turns
_HALF, _ONE = np.float32(0.5), np.float32(1.0)


@no_type_check
@jit
def _take(symbols, noise_var, scale, first, values, weights):
    """The block that begins with symbol ``first``: values times ``scale``, and the weights of squared distances."""
    for i in range(min(SYMBOLS, len(symbols) - first)):
        values[2 * i], values[2 * i + 1] = scale * symbols[first + i, 0], scale * symbols[first + i, 1]
        weights[2 * i] = weights[2 * i + 1] = _ONE / (scale * scale * noise_var[first + i])


@no_type_check
@jit
def _give(table, llrs, first):
    """Writes out a block's LLRs: row j of the table has bit j of both axes, which go together."""
    block, pairs = llrs[first : first + SYMBOLS], table.view(np.uint64)
    for j in range(block.shape[1]):
        bit = pairs[j]
        for i in range(len(block)):
            block[i, j] = bit[i]


@no_type_check
@jit
def _maxlog(levels, symbols, noise_var, llrs, first, last):
    """Blocks ``first`` to ``last``; see :func:`semjscc.phy.qam._maxlog`."""
    u, w = np.zeros((llrs.shape[1] + 1, BLOCK), np.float32), np.zeros(BLOCK, np.float32)
    rest, scale = u[-1], np.float32(len(levels) - 1) / levels.max()
    for start in range(first * SYMBOLS, min(last * SYMBOLS, len(symbols)), SYMBOLS):
        _take(symbols, noise_var, scale, start, rest, w)
        power = _HALF * np.float32(len(levels))
        for j in range(llrs.shape[1]):
            for i in range(BLOCK):
                u[j, i] = rest[i]
                rest[i] = power - abs(rest[i])
            power *= _HALF
        for j in range(llrs.shape[1]):
            for i in range(BLOCK):
                nearest, other = abs(rest[i]), _ONE + abs(u[j, i])
                size = (other - nearest) * (other + nearest) * w[i]
                u[j, i] = size if u[j, i] < 0 else -size
        _give(u, llrs, start)


@no_type_check
@jit
def _logsumexp(table, first, last, out):
    """Over rows of the table."""
    for i in range(BLOCK):
        out[i] = table[first, i]
    if last - first == 1:
        return
    for k in range(first + 1, last):
        for i in range(BLOCK):
            out[i] = max(out[i], table[k, i])
    total = np.zeros(BLOCK, np.float32)
    for k in range(first, last):
        for i in range(BLOCK):
            total[i] += exp(table[k, i] - out[i])
    for i in range(BLOCK):
        out[i] += log(total[i])


@no_type_check
@jit
def _app(levels, symbols, noise_var, llrs, first, last):
    """Blocks ``first`` to ``last``; see :func:`semjscc.phy.qam._app`."""
    table, found = np.empty((len(levels), BLOCK), np.float32), np.empty((llrs.shape[1], BLOCK), np.float32)
    y, w = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.float32)
    zero = np.empty(BLOCK, np.float32)
    for start in range(first * SYMBOLS, min(last * SYMBOLS, len(symbols)), SYMBOLS):
        _take(symbols, noise_var, _ONE, start, y, w)
        for k in range(len(levels)):
            level = levels[k]
            for i in range(BLOCK):
                table[k, i] = (y[i] - level) * (level - y[i]) * w[i]
        for j in range(llrs.shape[1]):
            half = len(levels) >> (j + 1)
            _logsumexp(table, 0, half, zero)
            _logsumexp(table, half, 2 * half, found[j])
            for i in range(BLOCK):
                found[j, i] -= zero[i]
            for k in range(half):  # the two halves become one
                for i in range(BLOCK):
                    a, b = table[k, i], table[half + k, i]
                    table[k, i] = max(a, b) + log(_ONE + exp(-abs(a - b)))
        _give(found, llrs, start)


def _demap(kernel: Callable, least: int, symbols: Tensor, noise_var: Tensor, levels: Tensor) -> Tensor:
    """LLRs ``[symbols, bits]`` of symbols ``[symbols]``, each with a noise variance; ``least`` blocks a thread."""
    llrs = torch.empty(len(symbols), len(levels).bit_length() - 1, 2)
    arrays = (x.detach().contiguous().numpy() for x in (levels, torch.view_as_real(symbols), noise_var))
    pairs = llrs.numpy().view(np.uint64).squeeze(2)
    in_threads(partial(kernel, *arrays, pairs), -(-len(symbols) // SYMBOLS), least)
    return llrs.flatten(1)


DEMAPPERS = {"app": partial(_demap, _app, 64), "maxlog": partial(_demap, _maxlog, 2048)}
