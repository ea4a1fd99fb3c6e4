"""DeepJSCC-Q: learned symbols that a digital modem can send."""

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.codecs.base import SymbolCodec
from semjscc.codecs.learned import LearnedCodec
from semjscc.codecs.weights import Trained
from semjscc.types import SNR, Images, Received, Symbols

STEPS = 17  # of the bisection
Parts = Float[Tensor, "batch symbols 2"]  # real and imaginary parts, in units of half a step between levels


class DeepJSCCQ(Trained, SymbolCodec):
    """Tung, Kurka, Jankowski and Gündüz, "DeepJSCC-Q: constellation constrained deep joint source-channel coding", 2022
    (arXiv:2206.08100): another codec whose symbols are rounded to square QAM, with the gradient of soft assignments::

        images --> codec.encode --> times gain --> nearest points --> symbols
        images <-- codec.decode <------------------------------------ symbols

    There a penalty in training makes all points equally likely, and so the mean power that of the constellation. Here
    each image is scaled before it is rounded, so that its points have unit power, up to the step that the next symbol
    to change would make, and never more: a modem sends the points as they are.

    Args:
        codec: whose symbols are rounded.
        bits_per_symbol: even; the constellation has 2^bits points.
        softness: a level weighs exp(-d^2 / softness) in the gradient, d steps away: at 1/2 it passes nearly as if
            nothing were rounded, and stops beyond the outermost levels.
        weights: a file that :meth:`~semjscc.codecs.weights.Trained.save` wrote.

    Raises:
        ValueError: the bits per symbol are odd or fewer than 2, or the weights are of another architecture.
    """

    def __init__(
        self, codec: LearnedCodec, bits_per_symbol: int = 4, softness: float = 0.5, weights: str | None = None
    ):
        if bits_per_symbol < 2 or bits_per_symbol % 2:
            raise ValueError(f"bits_per_symbol={bits_per_symbol} must be 2, 4, 6, ...: the constellation is square")
        super().__init__({"bits_per_symbol": bits_per_symbol, "of": codec.architecture})
        self.codec = codec
        self.softness = softness
        self.side = 2 ** (bits_per_symbol // 2)  # levels of an axis: -side + 1, -side + 3, ..., side - 1 units
        self.power = (self.side**2 - 1) / 3  # mean square of the levels
        self.load(weights)

    def encode(self, images: Images, snr_db: SNR) -> Symbols:
        parts = torch.view_as_real(self.codec.encode(images, snr_db)) * (2 * self.power) ** 0.5
        return torch.view_as_complex(self._rounded(parts * self._gain(parts.detach())) * (2 * self.power) ** -0.5)

    def decode(self, received: Received, snr_db: SNR, size: tuple[int, int]) -> Images:
        return self.codec.decode(received, snr_db, size)

    def symbols(self, size: tuple[int, int]) -> int:
        """How many symbols a picture of ``size`` = (height, width) takes."""
        return self.codec.symbols(size)

    def _rounded(self, parts: Parts) -> Parts:
        """The nearest levels exactly; the gradient is that of the mean of all levels, the nearer the heavier."""
        nearest = self._nearest(parts)
        if not parts.requires_grad:
            return nearest
        levels = torch.arange(1 - self.side, self.side, 2).to(parts)
        weights = ((parts[..., None] - levels).square() / (-4 * self.softness)).softmax(-1)
        soft = (weights * levels).sum(-1)
        return nearest + (soft - soft.detach())

    def _nearest(self, parts: Parts) -> Parts:
        return (2 * (parts / 2).floor() + 1).clamp(1 - self.side, self.side - 1)

    def _gain(self, parts: Parts) -> Float[Tensor, "batch 1 1"]:
        """The largest in 1/4..4 at which the levels have their power at most, to 1e-5; bisected, from 1 on."""
        gain = parts.new_ones(len(parts), 1, 1)
        best = gain / 4
        for step in range(STEPS):
            missing = self.power - self._nearest(parts * gain).square().mean((1, 2), keepdim=True)
            best = torch.where(missing >= 0, torch.maximum(best, gain), best)
            gain = gain * 2.0 ** (missing.sign() * 0.5**step)
        return best
