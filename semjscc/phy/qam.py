"""Gray-mapped square QAM (38.211, 5.1) and its soft demapper."""

import math

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor, nn

from semjscc.types import Bits, LLRs, Symbols

ORDERS = (2, 4, 6, 8, 10, 12)


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
        if method not in _GATHER:
            raise ValueError(f"method must be one of {', '.join(_GATHER)}; got {method!r}")
        axes = torch.view_as_real(symbols)
        noise_var = noise_var.to(axes).clamp_min(torch.finfo(axes.dtype).tiny ** 0.5).expand(symbols.shape)[..., None]
        levels = self.levels.to(axes)[:, None, None, None]
        metric = -((axes - levels) ** 2) / noise_var  # [levels, batch, symbols, I/Q]
        gather = _GATHER[method]
        llrs = [gather(metric[ones]) - gather(metric[~ones]) for ones in self.labels.bool().unbind(1)]
        return torch.stack(llrs, dim=2).flatten(1)  # the bits of I and Q take turns


_GATHER = {"app": lambda metric: metric.logsumexp(0), "maxlog": lambda metric: metric.amax(0)}


def _amplitudes(bits: Float[Tensor, "*symbols bits"]) -> Float[Tensor, "*symbols"]:
    """Level of one axis: (1-2b0)(2^(m-1) - (1-2b1)(2^(m-2) - ... (1-2b_(m-1)))), over the root of the mean power."""
    signs = 1.0 - 2.0 * bits
    level = torch.zeros_like(signs[..., 0])
    for power, sign in enumerate(reversed(signs.unbind(-1))):
        level = sign * (2.0**power - level)
    return level / math.sqrt(2.0 / 3.0 * (4 ** bits.shape[-1] - 1))
