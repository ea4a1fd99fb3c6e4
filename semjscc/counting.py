"""Random numbers by counting: number i of a stream is a hash of the stream's key and i.

So any stretch of many streams is drawn at once, on any device, and is the same wherever it begins. The hash is
SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
"""

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from semjscc.compiled import kernels
from semjscc.compiled.splitmix import GOLDEN, ROUNDS


def bits(keys: Int[Tensor, " streams"], start: int, count: int) -> Int[Tensor, "streams count"]:
    """Numbers of 64 bits, from number ``start`` of each stream on."""
    numbers = torch.arange(start + 1, start + count + 1, device=keys.device)
    x = keys[:, None] + numbers * _signed(GOLDEN)
    for shift, factor in ROUNDS:
        x = (x ^ _shifted(x, shift)) * _signed(factor)
    return x


def fold(words: Int[Tensor, "streams words"]) -> Int[Tensor, " streams"]:
    """Keys from words, hashed together one after the other."""
    keys = torch.zeros_like(words[:, 0])
    for word in words.unbind(1):
        keys = bits(keys ^ word, 0, 1).squeeze(1)
    return keys


def uniform(keys: Int[Tensor, " streams"], start: int, count: int, like: Tensor) -> Float[Tensor, "streams count"]:
    """U[0, 1): the upper bits of numbers ``start`` and on, as many as the real precision of ``like`` holds."""
    if compiled := kernels("counting", like.detach()):
        return compiled.uniform(keys, start, count)
    dtype = like.real.dtype
    digits = 24 if dtype == torch.float32 else 53
    return _shifted(bits(keys, start, count), 64 - digits).to(dtype) * 2.0**-digits


def complex_normal(
    keys: Int[Tensor, " streams"], start: int, count: int, like: Tensor
) -> Complex[Tensor, "streams count"]:
    """CN(0, 1) by Box and Muller, sqrt(-ln u) exp(j pi v): u in (0, 1] of a number's upper half, v in [-1, 1) of its
    lower half.
    """
    if compiled := kernels("counting", like.detach()):
        return compiled.complex_normal(keys, start, count)
    dtype = like.real.dtype
    x = bits(keys, start, count)
    radius = (_shifted(x, 32).to(dtype) * 2.0**-32 + 2.0**-33).log().neg().clamp_min(0.0).sqrt()
    return torch.polar(radius, x.to(torch.int32).to(dtype) * (torch.pi * 2.0**-31))


def _shifted(x: Int[Tensor, "*any"], places: int) -> Int[Tensor, "*any"]:
    """To the right, with zeros moving in, as in unsigned numbers."""
    return (x >> places) & ((1 << (64 - places)) - 1)


def _signed(x: int) -> int:
    return x - 2**64 if x >= 2**63 else x
