"""Which form of the LDPC code does the work: torch, or loops compiled for a processor (:mod:`semjscc.compiled`)."""

from types import ModuleType

from torch import Tensor

from semjscc.compiled import kernels

BACKENDS = ("auto", "compiled", "triton", "torch")
ON_GPU = {"min_sum": "min_sum_triton"}  # the loops that there are for GPUs


def check_backend(backend: str, has_rule: bool) -> None:
    """Raises ``ValueError`` for an unknown name, and for loops where they have no rule to decode by."""
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}; got {backend!r}")
    if backend in ("compiled", "triton") and not has_rule:
        raise ValueError(
            f'backend "{backend}" decodes with schedule "layered" and algorithm "min-sum" or "offset-min-sum"'
        )


def loops(work: str, backend: str, x: Tensor) -> ModuleType | None:
    """Those that do some work ("parity" or "min_sum") on ``x``; None where torch has to: for gradients, above all."""
    if backend == "torch" or x.requires_grad:
        return None
    on_gpu = backend == "triton" or (backend == "auto" and x.is_cuda)
    name = ON_GPU.get(work) if on_gpu else work if x.is_cpu else None
    return kernels(name) if name else None
