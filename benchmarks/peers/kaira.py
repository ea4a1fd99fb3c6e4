"""Kaira, where it has the part. It asks for older packages than ours (numpy 1), so it is put into a folder of its own:

    uv pip install --target out/kaira --no-deps pykaira compressai seaborn joblib cloudpickle pandas einops \\
        torch-geometric pytorch-msssim xxhash
    python -m benchmarks --kaira out/kaira

Its modules are imported in the functions, which only its own worker calls.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from sionna.phy.fec.ldpc import LDPC5GEncoder
from torch import Tensor

COLUMNS, INFORMATION = 52, 10  # of base graph 2
KNOWN = 100.0  # the LLR of a filler bit


def version(folder: Path) -> str:
    """What is in the folder.

    Raises:
        ValueError: there is none.
    """
    for found in folder.glob("pykaira-*.dist-info"):
        return found.name.split("-")[1].removesuffix(".dist")
    raise ValueError(f"there is no kaira in {folder}: see benchmarks/peers/kaira.py")


def demapper(order: int, method: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Max-log only; its labels and its noise variance (of one axis) are others than ours, the work is the same."""
    from kaira.modulations import QAMDemodulator

    assert method == "maxlog"
    return QAMDemodulator(2**order)


def decoder(k: int, n: int) -> Callable[[Tensor], Tensor]:
    """Belief propagation over the whole graph of a code of base graph 2, 20 iterations; it knows no rate matching."""
    from kaira.models.fec.decoders import BeliefPropagationDecoder
    from kaira.models.fec.encoders import LDPCCodeEncoder

    checks = torch.as_tensor(LDPC5GEncoder(k, n, device="cpu").pcm.toarray()).float()
    code = BeliefPropagationDecoder(LDPCCodeEncoder(checks), bp_iters=20)
    length, lifting = checks.shape[1], checks.shape[1] // COLUMNS
    punctured, fillers = 2 * lifting, INFORMATION * lifting - k

    def decode(llrs: Tensor) -> Tensor:
        information, parity = llrs.neg().split([k - punctured, n - k + punctured], 1)  # positive for 0
        unsent, known = llrs.new_zeros(len(llrs), length), llrs.new_full((len(llrs), fillers), KNOWN)
        whole = torch.cat([unsent[:, :punctured], information, known, parity, unsent], 1)[:, :length]
        return (code(whole, return_soft=True)[1].reshape(len(llrs), -1)[:, :k] < 0).float()

    return decode
