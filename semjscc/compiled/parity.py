"""Encoding on a CPU: 64 code blocks to a word, one XOR for each entry of the base graph and lifted row."""

from functools import partial
from typing import NamedTuple, no_type_check

import numpy as np
import torch
from torch import Tensor

from semjscc.compiled.functions import in_threads, jit

WORD = 64  # blocks to a word
LEAST = 4 * WORD  # blocks that are worth a thread


class Tables(NamedTuple):
    """The code, entry by entry of its base graph."""

    rows: np.ndarray
    columns: np.ndarray
    shifts: np.ndarray
    lifting: int
    information_columns: int
    rotation: int  # of the first core parity column in the sum of the core rows
    turns: np.ndarray  # of that column in each core row; -1 where it is not checked
    sent: np.ndarray  # bit of the codeword for each coded bit


def encode(tables: Tables, bits: Tensor) -> Tensor:
    """Information bits ``[*blocks, k]`` --> coded bits ``[*blocks, n]``."""
    given = bits.float().contiguous().numpy()
    coded = np.empty((*given.shape[:-1], len(tables.sent)), np.float32)
    rows = given.reshape(-1, given.shape[-1]), coded.reshape(-1, coded.shape[-1])
    in_threads(partial(_encode, tuple(tables), *rows), len(rows[0]), LEAST)
    return torch.from_numpy(coded).type_as(bits)


@no_type_check
@jit
def _encode(tables, bits, coded, first, last):
    """Encodes the rows ``first`` to ``last`` of ``bits`` into those of ``coded``, a word's worth at a time."""
    tables = Tables(*tables)  # handed in as a mere tuple, which takes 2 us less
    Z = tables.lifting
    words = np.zeros((tables.columns.max() + 1) * Z, np.uint64)
    for start in range(first, last, WORD):
        words[:] = 0
        end = min(start + WORD, last)
        for lane, block in enumerate(bits[start:end]):
            for i in range(len(block)):
                words[i] |= np.uint64(block[i] != 0) << np.uint64(lane)
        _parity(tables, words)
        sent = words[tables.sent]
        for lane, block in enumerate(coded[start:end]):
            for i in range(len(block)):
                block[i] = np.float32(sent[i] >> np.uint64(lane) & np.uint64(1))


@no_type_check
@jit
def _parity(tables, words):
    """Fills in the parity behind the systematic bits: core columns first, then those that only extend."""
    Z, first = tables.lifting, tables.information_columns
    checks = np.zeros((tables.rows.max() + 1) * Z, np.uint64)
    for e in range(len(tables.rows)):
        if tables.columns[e] < first:
            _add(checks, tables.rows[e] * Z, words, tables.columns[e] * Z, tables.shifts[e], Z)
    core, core_rows = first * Z, len(tables.turns)
    for row in range(core_rows):
        _add(words, core, checks, row * Z, Z - tables.rotation, Z)
    for row in range(core_rows - 1):
        column = core + (row + 1) * Z
        words[column : column + Z] = checks[row * Z : (row + 1) * Z]
        if tables.turns[row] >= 0:
            _add(words, column, words, core, tables.turns[row], Z)
        if row:
            _add(words, column, words, column - Z, 0, Z)
    for e in range(len(tables.rows)):
        if tables.rows[e] >= core_rows and first <= tables.columns[e] < first + core_rows:
            _add(checks, tables.rows[e] * Z, words, tables.columns[e] * Z, tables.shifts[e], Z)
    words[core + core_rows * Z :] = checks[core_rows * Z :]


@no_type_check
@jit
def _add(sums, at, terms, start, shift, Z):
    """``sums[at + i] ^= terms[start + (i + shift) % Z]`` for all i of a column."""
    shift %= Z
    _xor(sums[at : at + Z - shift], terms[start + shift : start + Z])
    _xor(sums[at + Z - shift : at + Z], terms[start : start + shift])


@no_type_check
@jit
def _xor(sums, terms):
    """Of slices, so that the compiler makes vector instructions of it: in larger arrays it minds negative indices."""
    for i in range(len(sums)):
        sums[i] ^= terms[i]
