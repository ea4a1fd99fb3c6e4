"""Symbols that are improved for their own picture before they are sent."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import mse_loss
from tqdm import tqdm

from semjscc.codecs.base import SymbolCodec
from semjscc.codecs.learned import LearnedCodec, unit_power
from semjscc.rng import PerImage
from semjscc.types import SNR, Images, Received, Symbols
from semjscc.units import noise_variance


class Online(SymbolCodec):
    """A learned code whose sender knows its receiver, and tries out there what would arrive::

        images -> codec.encode -> symbols -> + noise of its own -> codec.decode -> squared error
                                     ^------------------- Adam ---------------------+

    What is best for one picture, not for those that the network was trained on, is found by gradient descent on its
    symbols. The receiver is the codec's own and is told nothing. See Dai et al., "Toward adaptive semantic
    communications: efficient data transmission via online learned nonlinear transform source-channel coding", 2023
    (arXiv:2211.04339), who adapt the receiver as well.

    The sender thinks of noise at the SNR alone, without fades. Every picture meets the same noise in the same step, so
    that its symbols do not depend on the others in the batch. While it is trained nothing is improved.

    Args:
        codec: the learned code.
        steps: of the descent; each costs one decoding forward and backward.
        rate: of Adam at first, falling to 0 over the steps [root of the mean power of a real part].

    Raises:
        ValueError: the codec is not a learned one, whose symbols may be any; or there are negative steps.
    """

    def __init__(self, codec: SymbolCodec, steps: int = 100, rate: float = 0.1):
        super().__init__()
        if not isinstance(codec, LearnedCodec):
            raise ValueError(f"{type(codec).__name__}'s symbols cannot be improved: a LearnedCodec is wanted")
        if steps < 0:
            raise ValueError(f"steps={steps} must not be negative")
        self.codec, self.steps, self.rate, self.card = codec, steps, rate, codec.card

    def encode(self, images: Images, snr_db: SNR) -> Symbols:
        symbols = self.codec.encode(images, snr_db)
        if self.training and torch.is_grad_enabled():
            return symbols
        return self._improved(symbols.detach(), images, snr_db)

    def decode(self, received: Received, snr_db: SNR, size: tuple[int, int]) -> Images:
        return self.codec.decode(received, snr_db, size)

    @torch.enable_grad()
    def _improved(self, symbols: Symbols, images: Images, snr_db: SNR) -> Symbols:
        N0 = noise_variance(snr_db).to(symbols.real)[:, None].expand(symbols.shape)
        parts = torch.view_as_real(symbols).clone().requires_grad_()
        adam, rng = torch.optim.Adam([parts]), PerImage([(0, 0)])
        for step in tqdm(range(self.steps), desc="improving symbols", leave=False, disable=None):
            adam.param_groups[0]["lr"] = self.rate * 0.5**0.5 * (1 - step / self.steps)
            noise = rng.complex_normal("online", (1, symbols.shape[1]), symbols)
            heard = Received(_normalised(parts) + noise * N0.sqrt(), N0)
            delivered = self.codec.decode(heard, snr_db, (images.shape[2], images.shape[3]))
            errors = mse_loss(delivered, images, reduction="none").mean((1, 2, 3))
            (parts.grad,) = torch.autograd.grad(errors.sum(), parts)
            adam.step()
        return _normalised(parts).detach()


def _normalised(parts: Float[Tensor, "batch symbols 2"]) -> Symbols:
    return unit_power(torch.view_as_complex(parts))
