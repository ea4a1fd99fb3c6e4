"""Layered min-sum decoding on a GPU: the computation of :mod:`semjscc.compiled.min_sum`, in floats of 16 bits.

They hold the same whole numbers exactly, and posteriors that do not saturate. A program (a block of threads) decodes a
few code blocks from the first iteration to the last, and no more programs run at once than have their posteriors and
messages in the L2 cache: only LLRs and bits go through the GPU's memory. Checked in Triton's interpreter and compiled
for some GPUs, but not yet run on one.
"""

from typing import NamedTuple

import numpy as np
import torch
import triton
from torch import Tensor

from semjscc.compiled import min_sum
from semjscc.compiled.min_sum_kernel import decode_blocks


class Shape(NamedTuple):
    """How the work is cut, in powers of two."""

    blocks: int  # of code at once, side by side in memory; a program waits for the slowest
    rows: int  # of a column of the base graph at once
    warps: int


SHAPE = Shape(blocks=4, rows=128, warps=4)


class Tables(NamedTuple):
    """A code as in :class:`semjscc.compiled.min_sum.Tables`, on a device."""

    starts: Tensor
    places: Tensor  # bit of the codeword with which the column of an entry begins
    shifts: Tensor
    sources: Tensor
    sizes: tuple[int, ...]  # constants of the kernel, in its order


def on(device: torch.device, code: min_sum.Tables) -> Tables:
    """The tables of a code, brought to a device."""
    arrays = code.starts, code.columns * code.lifting, code.shifts, code.sources
    lengths = code.k, len(code.sources), len(code.columns) * code.lifting, len(code.starts) - 1, code.lifting
    starts, places, shifts, sources = (torch.from_numpy(x.astype(np.int32)).to(device) for x in arrays)
    return Tables(starts, places, shifts, sources, (code.iterations, code.offset, code.factor, *lengths))


def decode(tables: Tables, llrs: Tensor) -> Tensor:
    """LLRs ``[batch, received]`` of any precision --> information bits ``[batch, k]``.

    Raises:
        ValueError: LLRs that are neither on a GPU nor for the interpreter.
    """
    if not (llrs.is_cuda or triton.knobs.runtime.interpret):
        raise ValueError(f"Triton decodes on a GPU, or with TRITON_INTERPRET=1 anywhere; got LLRs on {llrs.device}")
    (*_, k, codeword, edges, _, _), (blocks, rows, warps) = tables.sizes, SHAPE
    bits, numbers = llrs.new_empty(len(llrs), k), blocks * (codeword + edges + rows)
    programs = min(-(-len(llrs) // blocks), max(1, _cache(llrs.device) // (2 * numbers)))
    scratch = torch.zeros(programs, numbers, dtype=torch.float16, device=llrs.device)
    arrays = llrs.contiguous(), bits, scratch, *tables[:-1]
    with torch.cuda.device_of(llrs):
        if programs:
            decode_blocks[(programs,)](*arrays, *llrs.shape, *tables.sizes, blocks, rows, num_warps=warps)
    return bits


def _cache(device: torch.device) -> int:
    """Bytes of the L2 cache; for the interpreter, some."""
    return torch.cuda.get_device_properties(device).L2_cache_size if device.type == "cuda" else 2**16
