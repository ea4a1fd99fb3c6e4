"""Decodes in Triton's interpreter, which has to be switched on before Triton is imported: in a process of its own.

``TRITON_INTERPRET=1 python -m tests.compiled.interpreted FILE`` writes what comes out to a file of torch.
"""

import sys

import torch
from torch import Tensor
from triton.runtime import interpreter

from semjscc.compiled import min_sum_triton
from semjscc.compiled.min_sum_triton import Shape
from semjscc.phy.fec import LDPC5G
from tests.phy.fec.test_ldpc import heard, random_bits

NOISY = {"k": 20, "n": 40, "iterations": 4}
EXACT = {"k": 13, "n": 20, "iterations": 2}


def noisy() -> tuple[Tensor, Tensor]:
    """Bits, and LLRs from which a part of the blocks is lost."""
    bits = random_bits(100, NOISY["k"])
    return bits, heard(LDPC5G(**NOISY).encode(bits), snr_db=-0.5)


def quarters() -> tuple[Tensor, Tensor]:
    """LLRs and logits beforehand, some infinite, that are whole numbers of steps, and so small that none saturates."""
    generator = torch.Generator().manual_seed(0)
    llrs, prior = (torch.randint(-6, 7, (5, EXACT[length]), generator=generator) / 4 for length in ("n", "k"))
    prior[0, 7:9], prior[3, 8] = torch.inf, -torch.inf
    return llrs, prior


def decode(code: dict[str, int], shape: Shape, programs: int, *given: Tensor, **options) -> Tensor:
    """With the work cut into ``shape`` for so many programs."""
    decoder = LDPC5G(**code, **options, backend="triton")
    bytes_each = 2 * shape.blocks * (decoder.beliefs.num_bits + decoder.beliefs.num_edges + shape.rows)
    min_sum_triton.SHAPE, min_sum_triton._cache = shape, lambda device: programs * bytes_each
    return decoder.decode(*given)


def main() -> None:
    """Decodes all of it; without looking for overflows, which takes most of the time."""
    interpreter.interpreter_builder.options = interpreter.InterpreterOptions(sanitize_overflow=False)
    found = {
        "noisy": decode(NOISY, Shape(128, 4, 1), 1, noisy()[1]),
        "groups": decode(EXACT, Shape(2, 4, 1), 2, quarters()[0]),  # three of them, for two programs
        "known": decode(EXACT, Shape(8, 4, 1), 1, *quarters()),
        "scaled": decode(EXACT, Shape(8, 2, 1), 1, quarters()[0].double(), algorithm="min-sum"),
        "none": decode(EXACT, Shape(8, 2, 1), 1, quarters()[0][:0]),
    }
    torch.save(found, sys.argv[1])


if __name__ == "__main__":
    main()
