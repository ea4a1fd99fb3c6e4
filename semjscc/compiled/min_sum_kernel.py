"""The kernel of :mod:`semjscc.compiled.min_sum_triton`.

Its numbers are whole ones in floats of 16 bits, two to an instruction. Posteriors and messages of a program lie side by
side for its blocks (``BLOCKS`` of them on the ``lane``s), and are worked on by ``ROWS`` rows of a base graph's column.
"""

from typing import no_type_check

import triton
import triton.language as tl

from semjscc.compiled import min_sum

STEPS, MOST = tl.constexpr(float(min_sum.STEPS)), tl.constexpr(float(min_sum.MOST))


@no_type_check
@triton.jit
def _bit(places, shifts, entry, row, LIFTING: tl.constexpr):
    """Bit of the codeword that row ``row`` of an entry's block checks."""
    rotated = row + tl.load(shifts + entry)
    return tl.load(places + entry) + tl.where(rotated >= LIFTING, rotated - LIFTING, rotated)


@no_type_check
@triton.jit
def _sign(x):
    """As an integer that is negative where ``x`` is; xor of such integers has the sign of the product."""
    return x.to(tl.int16, bitcast=True)


@no_type_check
@triton.jit
def _message(least, OFFSET: tl.constexpr, FACTOR: tl.constexpr):
    """Size of a message, from the least of the others."""
    size = tl.maximum(least - OFFSET, tl.zeros_like(least))
    if FACTOR == 256:
        return size
    return ((size.to(tl.int32) * FACTOR) >> 8).to(tl.float16)


@no_type_check
@triton.jit
def _layer(
    posterior, messages, places, shifts, begin, end, lane, OFFSET: tl.constexpr, FACTOR: tl.constexpr,
    LIFTING: tl.constexpr, BLOCKS: tl.constexpr, ROWS: tl.constexpr
):  # fmt: skip
    """The row of the base graph with the entries ``begin`` to ``end``; reads beyond a column's end, but writes not."""
    for first in range(0, LIFTING, ROWS):
        row = first + tl.arange(0, ROWS)[:, None]
        least = tl.full([ROWS, BLOCKS], MOST, tl.float16)
        second = least
        sign = tl.zeros([ROWS, BLOCKS], tl.int16) - ((end - begin) % 2).to(tl.int16)  # logits are positive for ones
        entry = begin
        while entry < end:
            known = posterior + _bit(places, shifts, entry, row, LIFTING) * BLOCKS + lane
            said = messages + (entry * LIFTING + row) * BLOCKS + lane
            x = tl.load(known) - tl.load(said)
            sign ^= _sign(x)
            size = tl.abs(x)
            second = tl.minimum(second, tl.maximum(least, size))
            least = tl.minimum(least, size)
            entry += 1
        from_least, from_second = _message(least, OFFSET, FACTOR), _message(second, OFFSET, FACTOR)
        entry = begin
        while entry < end:
            known = posterior + _bit(places, shifts, entry, row, LIFTING) * BLOCKS + lane
            said = messages + (entry * LIFTING + row) * BLOCKS + lane
            x = tl.load(known) - tl.load(said)
            size = tl.where(tl.abs(x) == least, from_second, from_least)
            message = (_sign(size) ^ ((sign ^ _sign(x)) & -32768)).to(tl.float16, bitcast=True)
            tl.store(said, message, mask=row < LIFTING)
            tl.store(known, x + message, mask=row < LIFTING)
            entry += 1


@no_type_check
@triton.jit
def _unsatisfied(
    posterior, starts, places, shifts, lane, done,
    LAYERS: tl.constexpr, LIFTING: tl.constexpr, BLOCKS: tl.constexpr, ROWS: tl.constexpr
):  # fmt: skip
    """1 for blocks with a check that does not hold, else 0; looks no further when all have one, or are ``done``."""
    wrong, layer = tl.zeros([1, BLOCKS], tl.int32), 0
    while (layer < LAYERS) & (tl.min(wrong | done) == 0):
        for first in range(0, LIFTING, ROWS):
            row = first + tl.arange(0, ROWS)[:, None]
            odd = tl.zeros([ROWS, BLOCKS], tl.int16)
            entry, end = tl.load(starts + layer), tl.load(starts + layer + 1)
            while entry < end:
                known = posterior + _bit(places, shifts, entry, row, LIFTING) * BLOCKS + lane
                odd ^= _sign(0.0 - tl.load(known))
                entry += 1
            wrong |= tl.max(((odd < 0) & (row < LIFTING)).to(tl.int32), 0, keep_dims=True)
        layer += 1
    return wrong


@no_type_check
@triton.jit
def _take_up(
    llrs, posterior, sources, received, block, present, lane, CODEWORD: tl.constexpr, EDGES: tl.constexpr,
    BLOCKS: tl.constexpr, ROWS: tl.constexpr
):  # fmt: skip
    """The LLRs of some blocks, rounded to steps and limited, and no messages; behind the LLRs received are one of 0 and
    one of a filler.
    """
    for first in range(0, CODEWORD, ROWS):
        bit = first + tl.arange(0, ROWS)[:, None]
        source = tl.load(sources + bit, mask=bit < CODEWORD, other=0)
        llr = tl.load(llrs + block * received + source, mask=present & (source < received), other=0.0).to(tl.float32)
        x = tl.minimum(tl.maximum(STEPS * llr, -MOST), MOST)
        steps = tl.where(source > received, -MOST, tl.floor(x + (MOST + 0.5)) - MOST)
        tl.store(posterior + bit * BLOCKS + lane, steps.to(tl.float16), mask=bit < CODEWORD)
    for first in range(0, EDGES, ROWS):
        edge = CODEWORD + first + tl.arange(0, ROWS)[:, None]
        tl.store(posterior + edge * BLOCKS + lane, tl.zeros([ROWS, BLOCKS], tl.float16))


@no_type_check
@triton.jit
def _hand_out(posterior, bits, block, finished, lane, K: tl.constexpr, BLOCKS: tl.constexpr, ROWS: tl.constexpr):
    """Writes out the information bits of the blocks that are finished."""
    for first in range(0, K, ROWS):
        bit = first + tl.arange(0, ROWS)[:, None]
        ones = tl.load(posterior + bit * BLOCKS + lane, mask=bit < K, other=0.0) > 0.0
        tl.store(bits + block * K + bit, ones.to(bits.dtype.element_ty), mask=(bit < K) & finished)


@no_type_check
@triton.jit
def decode_blocks(
    llrs, bits, scratch, starts, places, shifts, sources, batch, received,
    ITERATIONS: tl.constexpr, OFFSET: tl.constexpr, FACTOR: tl.constexpr, K: tl.constexpr, CODEWORD: tl.constexpr,
    EDGES: tl.constexpr, LAYERS: tl.constexpr, LIFTING: tl.constexpr, BLOCKS: tl.constexpr, ROWS: tl.constexpr
):  # fmt: skip
    """Programs take the groups of blocks in turn. Barriers part what a thread writes from what others read."""
    lane, group = tl.arange(0, BLOCKS)[None, :], tl.program_id(0)
    posterior = scratch + group.to(tl.int64) * (CODEWORD + EDGES + ROWS) * BLOCKS
    messages = posterior + CODEWORD * BLOCKS
    while group * BLOCKS < batch:
        block = (group * BLOCKS + lane).to(tl.int64)
        done, iteration = (block >= batch).to(tl.int32), 0
        _take_up(llrs, posterior, sources, received, block, done == 0, lane, CODEWORD, EDGES, BLOCKS, ROWS)
        while tl.min(done) == 0:
            for layer in range(LAYERS):
                tl.debug_barrier()
                begin, end = tl.load(starts + layer), tl.load(starts + layer + 1)
                _layer(posterior, messages, places, shifts, begin, end, lane, OFFSET, FACTOR, LIFTING, BLOCKS, ROWS)
            tl.debug_barrier()
            iteration += 1
            wrong = _unsatisfied(posterior, starts, places, shifts, lane, done, LAYERS, LIFTING, BLOCKS, ROWS)
            finished = ((wrong == 0) | (iteration == ITERATIONS)) & (done == 0)
            _hand_out(posterior, bits, block, finished, lane, K, BLOCKS, ROWS)
            done |= finished.to(tl.int32)
        tl.debug_barrier()
        group += tl.num_programs(0)
