"""Memory for large results."""

import math
import mmap
from contextlib import suppress

import torch
from torch import Tensor

LARGE = 2**25  # bytes; smaller blocks glibc keeps for the next time


def empty(*shape: int) -> Tensor:
    """As ``torch.empty(*shape)`` of floats. Large tensors lie in huge pages where the system has them: to hand out 4 kB
    after 4 kB may take longer than what is written there.
    """
    size = 4 * math.prod(shape)
    if size < LARGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(*shape)
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without huge pages
        block.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(block, dtype=torch.float32).view(*shape)
