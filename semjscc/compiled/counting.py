"""The numbers of :mod:`semjscc.counting`."""

import math
from functools import partial
from typing import no_type_check

import numpy as np
import torch
from torch import Tensor

from semjscc.compiled.functions import cos_pi, in_threads, jit, log, sin_pi
from semjscc.compiled.splitmix import GOLDEN, ROUNDS

BLOCK = 1024  # numbers
LEAST = 512  # blocks that are worth a thread

_G, _M1, _M2 = (np.uint64(x) for x in (GOLDEN, ROUNDS[0][1], ROUNDS[1][1]))
_S1, _S2, _S3 = (np.uint64(shift) for shift, _ in ROUNDS)
_UPPER_24, _UPPER_32 = np.uint64(40), np.uint64(32)
_STEP_24, _STEP_31, _STEP_32 = (np.float32(2.0**-digits) for digits in (24, 31, 32))
_HALF = np.float32(0.5)


@no_type_check
@jit
def _mix(x):
    x = (x ^ (x >> _S1)) * _M1
    x = (x ^ (x >> _S2)) * _M2
    return x ^ (x >> _S3)


@no_type_check
@jit
def _uniform(key, out):
    for i in range(out.shape[0]):
        out[i] = np.float32(_mix(key + np.uint64(i) * _G) >> _UPPER_24) * _STEP_24


@no_type_check
@jit
def _complex_normal(key, out):
    """``out`` holds real and imaginary parts in turn."""
    n = out.shape[0] // 2
    radius, turn = np.empty(n, np.float32), np.empty(n, np.float32)
    for i in range(n):
        bits = _mix(key + np.uint64(i) * _G)
        radius[i] = np.float32(np.uint32(bits >> _UPPER_32)) * _STEP_32 + _HALF * _STEP_32
        turn[i] = np.float32(np.int32(np.uint32(bits))) * _STEP_31
    for i in range(n):
        r, v = math.sqrt(abs(log(radius[i]))), turn[i]
        radius[i] = r * cos_pi(v)
        turn[i] = r * sin_pi(v)
    for i in range(n):
        out[2 * i] = radius[i]
        out[2 * i + 1] = turn[i]


@no_type_check
@jit
def _fill(keys, start, out, first, last):
    """Blocks ``first`` to ``last``, of all streams' blocks; ``out`` is [streams, count, 1 or 2], uniform or normal."""
    blocks = -(-out.shape[1] // BLOCK)
    for block in range(first, last):
        stream, low = block // blocks, block % blocks * BLOCK
        key = keys[stream] + np.uint64(start + low + 1) * _G
        part = out[stream, low : low + BLOCK].reshape(-1)
        if out.shape[2] == 1:
            _uniform(key, part)
        else:
            _complex_normal(key, part)


def _drawn(keys: Tensor, start: int, count: int, parts: int) -> Tensor:
    out = torch.empty(len(keys), count, parts)
    work = partial(_fill, keys.numpy().view(np.uint64), start, out.numpy())
    in_threads(work, len(keys) * -(-count // BLOCK), LEAST)
    return out


def uniform(keys: Tensor, start: int, count: int) -> Tensor:
    return _drawn(keys, start, count, 1).squeeze(-1)


def complex_normal(keys: Tensor, start: int, count: int) -> Tensor:
    return torch.view_as_complex(_drawn(keys, start, count, 2))
