"""Gray-mapped square QAM (38.211, 5.1) and its soft demapper."""

import math
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from semjscc.compiled import kernels
from semjscc.types import Bits, LLRs, Symbols

ORDERS = (2, 4, 6, 8, 10, 12)
BLOCK = {"cpu": 2**17}  # metrics in memory at once: on a CPU, as many as stay in its cache


class QAM(nn.Module):
    """bits --> symbols of unit average power, and back to LLRs.

    The even bits of a label choose the level of the real part, the odd bits, by the same Gray code, that of the
    imaginary part; the two are independent. So the demapper weighs 2^(m/2) levels on each axis, never all 2^m points.

    Raises:
        ValueError: ``bits_per_symbol`` is not one of 2, 4, ..., 12 (1024-QAM and 4096-QAM continue 38.211's recursion).
    """

    labels: Int[Tensor, "levels bits"]
    levels: Float[Tensor, " levels"]

    def __init__(self, bits_per_symbol: int):
        super().__init__()
        if bits_per_symbol not in ORDERS:
            raise ValueError(f"bits_per_symbol must be one of {', '.join(map(str, ORDERS))}; got {bits_per_symbol}")
        self.bits_per_symbol = bits_per_symbol
        per_axis = bits_per_symbol // 2
        indices = torch.arange(2**per_axis)[:, None]
        self.register_buffer("labels", indices >> torch.arange(per_axis).flip(0) & 1, persistent=False)
        self.register_buffer("levels", _amplitudes(self.labels.double()), persistent=False)

    @property
    def points(self) -> Complex[Tensor, " points"]:
        """The constellation; the label of point i is i in binary, first bit first."""
        labels = torch.arange(2**self.bits_per_symbol, device=self.levels.device)[:, None]
        shifts = torch.arange(self.bits_per_symbol, device=self.levels.device).flip(0)
        return self.modulate((labels >> shifts & 1).float()).squeeze(1)

    def modulate(self, bits: Bits) -> Symbols:
        """Symbols of ``bits_per_symbol`` bits each, in the precision of ``bits``.

        Raises:
            ValueError: the bits do not fill whole symbols.
        """
        if bits.shape[1] % self.bits_per_symbol:
            raise ValueError(f"{bits.shape[1]} bits do not fill symbols of {self.bits_per_symbol} bits")
        axes = bits.unflatten(1, (-1, self.bits_per_symbol // 2, 2)).movedim(2, 3)  # [batch, symbols, I/Q, bits]
        return torch.view_as_complex(_amplitudes(axes).contiguous())

    def demodulate(self, symbols: Symbols, noise_var: Float[Tensor, "..."], method: str = "app") -> LLRs:
        """Logits log P(1)/P(0) of each bit, for symbols in complex Gaussian noise.

        Args:
            symbols: Received symbols, equalised.
            noise_var: N0 of the complex noise, N0/2 on each axis; of any shape that broadcasts to ``symbols``. LLRs
                stay finite without noise.
            method: "app", exact a-posteriori probabilities for equally likely bits, or "maxlog", the nearest level of
                each kind.

        Raises:
            ValueError: no such method.
        """
        if method not in DEMAPPERS:
            raise ValueError(f"method must be one of {', '.join(DEMAPPERS)}; got {method!r}")
        noise_var = noise_var.to(symbols.real).clamp_min(torch.finfo(symbols.real.dtype).tiny ** 0.5)
        if len(self.levels) == 2:  # a straight line
            return torch.view_as_real(symbols * (-4 * self.levels[0].to(noise_var) / noise_var)).flatten(1)
        flat = symbols.flatten(), noise_var.expand(symbols.shape).flatten(), self.levels.to(noise_var)
        compiled = kernels("qam", *flat)
        llrs = compiled.DEMAPPERS[method](*flat) if compiled else _in_blocks(*flat, DEMAPPERS[method])
        return llrs.reshape(len(symbols), symbols.shape[1] * self.bits_per_symbol)


def _in_blocks(symbols: Tensor, noise_var: Tensor, levels: Tensor, demap: Callable) -> Float[Tensor, "symbols bits"]:
    """Block by block, in memory proportional to the LLRs; with gradients too: their blocks are computed once more in
    the backward pass, so that nothing else is kept.
    """
    size = max(1, BLOCK.get(symbols.device.type, 2**24) // len(levels))
    if torch.is_grad_enabled() and (symbols.requires_grad or noise_var.requires_grad):
        demap = partial(checkpoint, demap, use_reentrant=False, preserve_rng_state=False)
    blocks = zip(symbols.split(size), noise_var.split(size), strict=True)
    return torch.cat([demap(*block, levels) for block in blocks])


def _maxlog(
    symbols: Complex[Tensor, " symbols"], noise_var: Float[Tensor, " symbols"], levels: Float[Tensor, " levels"]
) -> Float[Tensor, "symbols bits"]:
    """In closed form, with u the value of an axis in units of half the distance between two levels.

    The levels are a mirror image of themselves, and so is each half. So bit j is 1 where u_j < 0, with u_0 = u and
    u_{j+1} = 2^(m-1-j) - |u_j|; the nearest level of all is |u_m| away, and the nearest with the other bit |u_j| + 1.
    """
    unit = levels.amax() / (len(levels) - 1)
    u, folded = torch.view_as_real(symbols).T.contiguous() / unit, []
    for power in reversed(range(len(levels).bit_length() - 1)):
        sign = torch.ones_like(u).copysign_(u.detach())  # never 0: |u| has a slope where a bit is undecided, too
        folded.append((sign, size := u * sign))
        u = 2.0**power - size
    nearer, farther, weight = 1.0 - u.abs(), 1.0 + u.abs(), -unit.square() / noise_var
    llrs = [(size + nearer) * (size + farther) * (sign * weight) for sign, size in folded]
    return torch.stack(llrs).flatten(0, 1).T  # the bits of I and Q take turns


def _app(
    symbols: Complex[Tensor, " symbols"], noise_var: Float[Tensor, " symbols"], levels: Float[Tensor, " levels"]
) -> Float[Tensor, "symbols bits"]:
    """Bit by bit: the levels where it is 1 against those where it is 0, and then the two halves of the table are one.

    Halving makes the work proportional to the levels, not to levels x bits.
    """
    axes = torch.view_as_real(symbols).T.contiguous()
    metric = (axes - levels[:, None, None]).square_().mul_(-1 / noise_var)  # [levels, I/Q, symbols]
    llrs = []
    while len(metric) > 1:
        kinds = metric.unflatten(0, (2, -1))
        zero, one = _logsumexp(kinds, 1)
        llrs.append(one - zero)
        metric = _logsumexp(kinds, 0)
    return torch.stack(llrs).flatten(0, 1).T  # the bits of I and Q take turns


def _logsumexp(x: Tensor, dim: int) -> Tensor:
    """torch's own takes 100 times as long where exp underflows; e^-80 is nothing beside the largest term, 1."""
    if x.shape[dim] == 1:
        return x.squeeze(dim)
    largest = x.detach().amax(dim, keepdim=True)
    return (x - largest).clamp_min_(-80.0).exp_().sum(dim).log_() + largest.squeeze(dim)


DEMAPPERS: dict[str, Callable] = {"app": _app, "maxlog": _maxlog}


def _amplitudes(bits: Float[Tensor, "*symbols bits"]) -> Float[Tensor, "*symbols"]:
    """Level of one axis: (1-2b0)(2^(m-1) - (1-2b1)(2^(m-2) - ... (1-2b_(m-1)))), over the root of the mean power."""
    signs = 1.0 - 2.0 * bits
    level = torch.zeros_like(signs[..., 0])
    for power, sign in enumerate(reversed(signs.unbind(-1))):
        level = sign * (2.0**power - level)
    return level / math.sqrt(2.0 / 3.0 * (4 ** bits.shape[-1] - 1))
