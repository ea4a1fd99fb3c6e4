"""Hot loops in machine code: in single precision on a CPU, compiled by numba, and one for GPUs, compiled by Triton.
Each stands beside a torch form, which defines it and does everywhere else.

Numba keeps what it has compiled beside the file, and looks only at that file: after a change in ``functions.py``,
``floats.py`` or ``lanes.py``, touch the others.
"""

import warnings
from functools import cache
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor


def kernels(name: str, *arguments: Tensor) -> ModuleType | None:
    """The module of that name, if it can stand in for torch: real or complex numbers in single precision on a CPU of
    which no gradient is asked.
    """
    grad = torch.is_grad_enabled()
    if any(not x.is_cpu or x.real.dtype != torch.float32 or (grad and x.requires_grad) for x in arguments):
        return None
    return _load(name)


@cache
def _load(name: str) -> ModuleType | None:
    try:
        import_module("semjscc.compiled.functions").probe()
        return import_module(f"semjscc.compiled.{name}")
    except Exception as error:  # whatever it is that a compiler stumbles over
        warnings.warn(f"{name} falls back to torch, several times slower: {error}", RuntimeWarning, stacklevel=3)
        return None
