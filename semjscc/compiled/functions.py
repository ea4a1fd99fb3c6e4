"""What the compiled loops share: elementary functions, and threads.

The functions have no branches, so that the compiler makes vector instructions of a loop that calls them (of libm's it
cannot). They are polynomials between Chebyshev's points, good to a few units in the last place.
"""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import no_type_check

import numpy as np
import torch
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

jit = njit(nogil=True, fastmath={"contract", "arcp", "afn", "reassoc", "nsz"}, error_model="numpy", cache=True)


def _polynomial(f: Callable, low: float, high: float, degree: int) -> tuple[np.float32, ...]:
    """Coefficients, constant first."""
    fit = np.polynomial.Chebyshev.interpolate(f, degree, [low, high])
    return tuple(np.float32(c) for c in fit.convert(kind=np.polynomial.Polynomial).coef)


_E = _polynomial(np.exp2, -0.5, 0.5, 6)
_L = _polynomial(lambda x: np.log1p(x) / x, 0.5**0.5 - 1.0, 2.0**0.5 - 1.0, 9)
_C = _polynomial(lambda square: np.cos(np.pi * np.sqrt(square)), 0.0, 1.0, 7)
_S = _polynomial(lambda square: np.pi * np.sinc(np.sqrt(square)), 0.0, 1.0, 6)
_LN2, _LOG2E, _ONE, _ROUND = (np.float32(x) for x in (math.log(2.0), 1.0 / math.log(2.0), 1.0, 1.5 * 2**23))
_HALF, _TWO = np.float32(0.5), np.float32(2.0)
_EXPONENT, _BIAS, _MANTISSA = np.int32(23), np.int32(127), np.int32(0x7FFFFF)  # of a float
_UNIT, _ROOT = np.int32(0x3F800000), np.int32(0x3F3504F3)  # 1 and sqrt(1/2)
_OFFSET = _UNIT - _ROOT


def _cast(given: types.Type, made: types.Type, llvm: ir.Type) -> Callable:
    @intrinsic
    def cast(typing, x):
        return made(given), lambda context, builder, signature, args: builder.bitcast(args[0], llvm)

    return cast


_bits = _cast(types.float32, types.int32, ir.IntType(32))
_float = _cast(types.int32, types.float32, ir.FloatType())


@no_type_check
@njit(nogil=True, fastmath={"contract"}, cache=True)
def exp(x):
    """e^x for x <= 0; below -80 it is e^-80. Added to 1.5 2^23, a small number is rounded to a whole one."""
    x = max(x, np.float32(-80.0)) * _LOG2E
    shifted = x + _ROUND
    x -= shifted - _ROUND
    value = _E[0] + x * (_E[1] + x * (_E[2] + x * (_E[3] + x * (_E[4] + x * (_E[5] + x * _E[6])))))
    return value * _float((_bits(shifted) << _EXPONENT) + _UNIT)


@no_type_check
@njit(nogil=True, fastmath={"contract"}, cache=True)
def wrapped(x):
    """``x`` less the nearest even number, in [-1, 1], for an ``x`` of up to 2^23."""
    return x - _TWO * ((x * _HALF + _ROUND) - _ROUND)


@no_type_check
@jit
def log(x):
    """ln x of a normal positive number: x = 2^e (1 + m), with 1 + m between sqrt(1/2) and sqrt(2)."""
    word = _bits(x) + _OFFSET
    m = _float((word & _MANTISSA) + _ROOT) - _ONE
    tail = _L[4] + m * (_L[5] + m * (_L[6] + m * (_L[7] + m * (_L[8] + m * _L[9]))))
    value = m * (_L[0] + m * (_L[1] + m * (_L[2] + m * (_L[3] + m * tail))))
    return np.float32((word >> _EXPONENT) - _BIAS) * _LN2 + value


@no_type_check
@jit
def cos_pi(x):
    """cos(pi x) for x in [-1, 1]."""
    s = x * x
    return _C[0] + s * (_C[1] + s * (_C[2] + s * (_C[3] + s * (_C[4] + s * (_C[5] + s * (_C[6] + s * _C[7]))))))


@no_type_check
@jit
def sin_pi(x):
    """sin(pi x) for x in [-1, 1]."""
    s = x * x
    return x * (_S[0] + s * (_S[1] + s * (_S[2] + s * (_S[3] + s * (_S[4] + s * (_S[5] + s * _S[6]))))))


def probe() -> None:
    """Raises whatever stands in the compiler's way."""
    exp(np.float32(0.0))


def in_threads(work: Callable[[int, int], None], count: int, least: int) -> None:
    """``work(first, last)`` over 0..count on as many threads as torch uses, at least ``least`` for each of them."""
    threads = min(torch.get_num_threads(), count // least)
    if threads < 2:
        return work(0, count)
    bounds = [count * i // threads for i in range(threads + 1)]
    others = _helpers(os.getpid(), threads - 1).map(work, bounds[1:-1], bounds[2:])  # begins at once
    work(0, bounds[1])
    list(others)


@lru_cache(maxsize=1)
def _helpers(process: int, count: int) -> ThreadPoolExecutor:
    """Threads beside the caller's own, kept for the next time; a forked process has none of its parent's."""
    return ThreadPoolExecutor(count)
