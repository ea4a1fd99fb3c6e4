"""Memory for large results."""

import math
import mmap
import weakref
from collections import deque
from contextlib import suppress

import numpy as np
import torch
from torch import Tensor

LARGE = 2**25  # bytes; smaller blocks glibc keeps for the next time
KEPT = 2**27  # bytes; larger ones are given back at once
_spare: deque[mmap.mmap] = deque(maxlen=2)  # its methods are atomic: threads and the collector may meet here


def empty(*shape: int) -> Tensor:
    """As ``torch.empty(*shape)`` of floats.

    Large tensors lie in huge pages where the system has them, in what another one of their size has left: to be handed
    memory 4 kB after 4 kB, or zeroed, may take longer than what is written there.
    """
    size = 4 * math.prod(shape)
    if size < LARGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(*shape)
    block = _used(size) or _new(size)
    array = np.frombuffer(block, np.float32)
    if size <= KEPT:
        weakref.finalize(array, _spare.append, block).atexit = False
    return torch.from_numpy(array).view(*shape)


def _used(size: int) -> mmap.mmap | None:
    """One that waits, of this size; those of other sizes have had their time."""
    with suppress(IndexError):
        while len(block := _spare.pop()) != size:
            pass
        return block
    return None


def _new(size: int) -> mmap.mmap:
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without huge pages
        block.madvise(mmap.MADV_HUGEPAGE)
    return block
