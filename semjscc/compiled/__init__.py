"""Hot loops in machine code, in single precision on a CPU, compiled by numba. Each stands beside a torch form, which
defines it and does everywhere else.

Numba keeps what it has compiled beside the file, and looks only at that file: after a change in ``functions.py`` or
``lanes.py``, touch the others.
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
    if any(x.device.type != "cpu" or x.real.dtype != torch.float32 for x in arguments):
        return None
    if torch.is_grad_enabled() and any(x.requires_grad for x in arguments):
        return None
    return _load(name)


@cache
def _load(name: str) -> ModuleType | None:
    try:
        import_module("semjscc.compiled.functions").probe()
    except Exception as error:  # whatever it is that a compiler stumbles over
        warnings.warn(
            f"{name} falls back to torch, several times slower on a CPU: {error}", RuntimeWarning, stacklevel=3
        )
        return None
    return import_module(f"semjscc.compiled.{name}")
