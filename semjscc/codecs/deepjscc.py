"""Deep JSCC: five convolutions there, five back."""

from typing import cast

from torch import nn

from semjscc.codecs.learned import STEEP, Features, LearnedCodec, linear_start
from semjscc.types import SNR, Images


class DeepJSCC(LearnedCodec):
    """Bourtsoulatze, Burth Kurka and Gündüz, "Deep joint source-channel coding for wireless image transmission", 2019
    (arXiv:1809.01733): filters of 5 x 5 with strides of 1 or 2, each layer with a PReLU, the last with a sigmoid; the
    SNR is not looked at. c = 96 x bandwidth ratio features a position, one position for 4 x 4 pixels::

        images --> 16/2 --> 32/2 --> 32/1 --> 32/1 --> c/1 --> features
        images <-- 3/2  <-- 16/2 <-- 32/1 <-- 32/1 <-- 32/1 <-- features

    Args:
        bandwidth_ratio: complex symbols per 3 H W, a multiple of 1/48.
        width: filters of the outermost layer, half of those of the others.
        weights: a file that :meth:`~semjscc.codecs.weights.Trained.save` wrote.

    Raises:
        ValueError: there is no such bandwidth ratio, or the weights are of another architecture.
    """

    def __init__(self, bandwidth_ratio: float = 1 / 6, width: int = 16, weights: str | None = None):
        super().__init__(4, bandwidth_ratio, {"width": width})
        n, c = 2 * width, 2 * self.symbols_a_position
        self.encoder = nn.Sequential(
            *_conv(3, width, 2), *_conv(width, n, 2), *_conv(n, n, 1), *_conv(n, n, 1), *_conv(n, c, 1)
        )
        self.decoder = nn.Sequential(
            *_transposed(c, n, 1),
            *_transposed(n, n, 1),
            *_transposed(n, n, 1),
            *_transposed(n, width, 2),
            _transposed(width, 3, 2)[0],
            nn.Sigmoid(),
        )
        self.apply(linear_start)
        cast(nn.ConvTranspose2d, self.decoder[-2]).weight.data *= STEEP
        self.load(weights)

    def analyse(self, images: Images, snr_db: SNR) -> Features:
        return self.encoder(images)

    def synthesise(self, features: Features, noise_var: Features, snr_db: SNR) -> Images:
        return self.decoder(features)


def _conv(into: int, out: int, stride: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(into, out, 5, stride, 2), nn.PReLU(out)


def _transposed(into: int, out: int, stride: int) -> tuple[nn.Module, nn.Module]:
    return nn.ConvTranspose2d(into, out, 5, stride, 2, stride - 1), nn.PReLU(out)
