"""Layered min-sum decoding on a CPU: 64 code blocks to an instruction, in integers of 8 bits.

The computation is that of :class:`~semjscc.phy.fec.beliefs.BeliefPropagation` with the schedule "layered", on LLRs
counted in quarters. Messages are limited to a quarter of what a posterior can hold: one that saturates forgets what
went beyond, and must still outweigh a few messages that are wrong. A block's result does not depend on the blocks
around it.
"""

from typing import NamedTuple, no_type_check

import numpy as np
import torch
from torch import Tensor

from semjscc.compiled.functions import in_threads, jit
from semjscc.compiled.lanes import (
    LANES,
    either,
    fill,
    larger,
    load,
    minus,
    plus,
    scaled,
    signs,
    smaller,
    spread,
    store,
    where_equal,
    where_negative,
    xor,
)

STEPS = np.float32(4)  # to a unit of LLR
MOST = np.float32(31)  # steps: the largest message, and the largest LLR from the channel
HALF = np.float32(0.5)
WIDEST = 2 * LANES  # blocks worked on at once, if there are that many: their state fills a cache of 2 MB
REFILLED = 4  # lanes are given new blocks when one in so many is idle
IDLE = -1
MAX_DEGREE = 32  # more than any row of a base graph has entries


class Tables(NamedTuple):
    """The code: row r of the base graph has the entries ``starts[r]`` to ``starts[r + 1]``."""

    starts: np.ndarray
    columns: np.ndarray
    shifts: np.ndarray
    lifting: int
    sources: np.ndarray  # place of each bit's LLR among those received; behind them are one of 0 and one of a filler
    k: int
    iterations: int
    offset: int  # taken off a message [steps]
    factor: int  # of what is left [1/256]


def on(device: torch.device, code: Tables) -> Tables:
    """The tables of a code, where they are needed."""
    return code


def decode(tables: Tables, llrs: Tensor) -> Tensor:
    """LLRs ``[batch, received]`` of any precision --> information bits ``[batch, k]``."""
    heard = llrs.float().contiguous().numpy()
    bits = np.empty((len(heard), tables.k), np.float32)
    in_threads(lambda first, last: _decode(tables, heard[first:last], bits[first:last]), len(heard), LANES)
    return torch.from_numpy(bits).to(llrs.dtype)


@no_type_check
@jit
def _decode(tables, llrs, bits):
    """Decodes the rows of ``llrs`` into those of ``bits``: a lane whose block is done takes up the next one."""
    width = WIDEST if len(llrs) >= WIDEST else LANES
    posterior = np.zeros(len(tables.sources) * width, np.int8)
    messages = np.zeros(len(tables.columns) * tables.lifting * width, np.int8)
    blocks = np.full(width, IDLE)  # what each lane works on
    ages = np.zeros(width, np.int64)  # iterations made
    begun = 0
    while True:
        idle = (blocks == IDLE).sum()
        if begun < len(llrs) and REFILLED * idle >= width:
            begun = _take_up(tables, llrs, begun, blocks, ages, posterior, messages, width)
        elif idle == width:
            return
        _sweep(tables, posterior, messages, width)
        ages += 1
        done = (blocks != IDLE) & (ages == tables.iterations)
        for c in range(0, width, LANES):
            unsatisfied = _unsatisfied(tables, posterior, _working(blocks, c), c, width)
            for lane in range(c, c + LANES):
                satisfied = unsatisfied >> np.uint64(lane - c) & np.uint64(1) == 0
                done[lane] |= satisfied and blocks[lane] != IDLE
        _hand_out(tables, posterior, np.flatnonzero(done), blocks, bits, width)
        blocks[done] = IDLE


@no_type_check
@jit
def _take_up(tables, llrs, begun, blocks, ages, posterior, messages, width):
    """Gives idle lanes the blocks from ``begun`` on, quantised and without messages; tells how many have begun."""
    for c in range(0, width, LANES):
        zero, working = fill(np.int8(0)), spread(_working(blocks, c))
        for at in range(c, len(messages), width):
            store(messages, at, where_negative(working, load(messages, at), zero))
    lanes = np.flatnonzero(blocks == IDLE)[: len(llrs) - begun]
    steps = np.zeros((len(lanes), llrs.shape[1] + 2), np.int8)
    steps[:, -1] = -MOST
    for row, lane in enumerate(lanes):
        blocks[lane], ages[lane] = begun + row, 0
        _quantise(llrs[begun + row], steps[row])
    for i, source in enumerate(tables.sources):
        for row, lane in enumerate(lanes):
            posterior[i * width + lane] = steps[row, source]
    return begun + len(lanes)


@no_type_check
@jit
def _quantise(llrs, steps):
    """Rounded to steps and limited; written so that LLVM vectorises it."""
    for i in range(len(llrs)):
        x = STEPS * llrs[i]
        x = -MOST if x < -MOST else x
        x = MOST if x > MOST else x
        steps[i] = np.int8(np.int32(x + (MOST + HALF)) - np.int32(MOST))


@no_type_check
@jit
def _working(blocks, c):
    """A bit for each of the lanes from ``c`` on: whether it is not idle."""
    word = np.uint64(0)
    for lane in range(LANES):
        word |= np.uint64(blocks[c + lane] != IDLE) << np.uint64(lane)
    return word


@no_type_check
@jit
def _hand_out(tables, posterior, lanes, blocks, bits, width):
    """Writes out the information bits on some lanes."""
    for i in range(tables.k):
        for lane in lanes:
            bits[blocks[lane], i] = np.float32(posterior[i * width + lane] > 0)


@no_type_check
@jit
def _bit(tables, entry, i):
    """Bit that row ``i`` of an entry's block checks."""
    rotated = i + tables.shifts[entry]
    if rotated >= tables.lifting:
        rotated -= tables.lifting
    return tables.columns[entry] * tables.lifting + rotated


@no_type_check
@jit
def _sweep(tables, posterior, messages, width):
    """One iteration: all rows of the base graph in turn, each on what the one before has left."""
    zero, ones = fill(np.int8(0)), fill(np.int8(-1))
    offset = fill(np.int8(tables.offset))
    bits = np.empty(MAX_DEGREE, np.int64)
    extrinsic = np.empty(MAX_DEGREE * LANES, np.int8)
    Z = tables.lifting
    for row in range(len(tables.starts) - 1):
        start = tables.starts[row]
        degree = tables.starts[row + 1] - start
        for i in range(Z):
            for e in range(degree):
                bits[e] = _bit(tables, start + e, i) * width
            for c in range(0, width, LANES):
                least = second = fill(np.int8(MOST))
                sign = ones if degree % 2 else zero  # logits are positive for ones: an odd number turns the sign
                for e in range(degree):
                    x = minus(load(posterior, bits[e] + c), load(messages, ((start + e) * Z + i) * width + c))
                    store(extrinsic, e * LANES, x)
                    size = larger(x, minus(zero, x))
                    sign = xor(sign, x)
                    second = smaller(second, larger(least, size))
                    least = smaller(least, size)
                from_least = scaled(larger(minus(least, offset), zero), tables.factor)
                from_second = scaled(larger(minus(second, offset), zero), tables.factor)
                for e in range(degree):
                    x = load(extrinsic, e * LANES)
                    size = where_equal(larger(x, minus(zero, x)), least, from_second, from_least)
                    message = where_negative(xor(sign, x), minus(zero, size), size)
                    store(messages, ((start + e) * Z + i) * width + c, message)
                    store(posterior, bits[e] + c, plus(x, message))


@no_type_check
@jit
def _unsatisfied(tables, posterior, asked, c, width):
    """Which blocks have a check that does not hold; looks no further when all ``asked`` for have one."""
    zero = fill(np.int8(0))
    wrong = zero
    for row in range(len(tables.starts) - 1):
        for i in range(tables.lifting):
            parity = zero
            for e in range(tables.starts[row], tables.starts[row + 1]):
                parity = xor(parity, minus(zero, load(posterior, _bit(tables, e, i) * width + c)))
            wrong = either(wrong, parity)
        if signs(wrong) & asked == asked:
            break
    return signs(wrong)
