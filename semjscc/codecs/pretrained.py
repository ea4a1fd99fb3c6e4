"""How the weights of a pretrained model are held: how precisely, where, and whether there is room for them."""

from importlib.util import find_spec
from typing import Literal

import torch
from torch import nn

from semjscc.hub import check_memory

Precision = Literal["float32", "bfloat16", "float16"]
Quantized = Literal[4, 8] | None


class HubModel(nn.Module):
    """A frozen pretrained model, and how its weights are held.

    Args:
        dtype: of weights and arithmetic.
        bits: 8 or 4 for weights that are held in so many bits by bitsandbytes; diffusers wants a GPU for it.
        offload: weights stay in main memory and visit the accelerator when they are needed, whatever device the
            system is moved to. Without an accelerator it changes nothing.

    Raises:
        ValueError: ``bits`` are asked for and bitsandbytes is not installed.
    """

    def __init__(self, dtype: Precision, bits: Quantized, offload: bool):
        super().__init__()
        if bits and not find_spec("bitsandbytes"):
            raise ValueError(f"bits={bits} takes the package bitsandbytes: `pip install bitsandbytes`")
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.bits = bits
        self.quantization = {f"load_in_{bits}bit": True, "bnb_4bit_compute_dtype": self.dtype}
        self.offload = offload and torch.accelerator.is_available()

    def check_memory(self, folder: str) -> None:
        """Raises ``MemoryError`` before anything is loaded that would not fit."""
        check_memory(folder, self.bits or self.dtype.itemsize * 8)

    def _apply(self, fn, recurse: bool = True):
        return self if self.offload else super()._apply(fn, recurse)
