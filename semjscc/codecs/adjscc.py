"""Attention Deep JSCC: one network for all SNRs."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.codecs.learned import STEEP, Features, LearnedCodec, Maps, linear_start, snr_level
from semjscc.types import SNR, Images

OPEN = 2.0  # what a gate's sigmoid sees at first: 0.88 of a filter comes through


class ADJSCC(LearnedCodec):
    """Xu, Ai, Chen, Yang, Sun and Rodrigues, "Wireless image transmission using deep source channel coding with
    attention modules", 2021 (arXiv:2012.00533): layers of n filters with strides of 1 or 2, each with (inverse)
    divisive normalisation, a PReLU and a module that weighs the filters by what they see and by the SNR (n = 256)::

        images --> 9x9 n/2 --> 5x5 n/2 --> 5x5 n/1 --> 5x5 n/1 --> 5x5 c/1 --> features
        images <-- 9x9 3/2 <-- 5x5 n/2 <-- 5x5 n/1 <-- 5x5 n/1 <-- 5x5 n/1 <-- features

    Args:
        bandwidth_ratio: complex symbols per 3 H W, a multiple of 1/48.
        width: filters, n.
        weights: a file that :meth:`~semjscc.codecs.weights.Trained.save` wrote.

    Raises:
        ValueError: there is no such bandwidth ratio, or the weights are of another architecture.
    """

    def __init__(self, bandwidth_ratio: float = 1 / 6, width: int = 64, weights: str | None = None):
        super().__init__(4, bandwidth_ratio, {"width": width})
        n, c = width, 2 * self.symbols_a_position
        self.encoder = _Attentive(
            [_down(3, n, 9, 2), _down(n, n, 5, 2), _down(n, n, 5, 1), _down(n, n, 5, 1)], nn.Conv2d(n, c, 5, 1, 2), n
        )
        last = _transposed(n, 3, 9, 2)
        self.decoder = _Attentive(
            [_up(c, n, 1), _up(n, n, 1), _up(n, n, 1), _up(n, n, 2)], nn.Sequential(last, nn.Sigmoid()), n
        )
        self.apply(linear_start)
        last.weight.data *= STEEP
        for gate in (*self.encoder.attention, *self.decoder.attention):
            nn.init.constant_(gate.weigh[2].bias, OPEN)
        self.load(weights)

    def analyse(self, images: Images, snr_db: SNR) -> Features:
        return self.encoder(images, snr_db)

    def synthesise(self, features: Features, noise_var: Features, snr_db: SNR) -> Images:
        return self.decoder(features, snr_db)


class _Attentive(nn.Module):
    """Layers of ``width`` filters, attention to the SNR behind each, open at first; and a last layer without."""

    def __init__(self, layers: list[nn.Module], last: nn.Module, width: int):
        super().__init__()
        self.layers, self.last = nn.ModuleList(layers), last
        self.attention = nn.ModuleList(Attention(width) for _ in layers)

    def forward(self, x: Maps, snr_db: SNR) -> Maps:
        for layer, attend in zip(self.layers, self.attention, strict=True):
            x = attend(layer(x), snr_db)
        return self.last(x)


class Attention(nn.Module):
    """Each filter times a number in 0..1, from the means of all filters over the picture and the SNR."""

    def __init__(self, width: int, hidden: int = 16):
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Linear(width + 1, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, width), nn.Sigmoid()
        )

    def forward(self, x: Features, snr_db: SNR) -> Features:
        context = torch.cat([x.mean((2, 3)), snr_level(snr_db).to(x)[:, None]], 1)
        return x * self.weigh(context)[:, :, None, None]


class GDN(nn.Module):
    """Divisive normalisation, y_i = x_i / sqrt(beta_i + sum_j gamma_ij x_j^2), or times the root in the ``inverse``.

    Ballé, Laparra and Simoncelli, 2016 (arXiv:1511.06281), with its exponents at 2 and 1/2. Beta and gamma are softplus
    of what is learned: positive, with a gradient everywhere.
    """

    def __init__(self, width: int, inverse: bool = False):
        super().__init__()
        self.inverse = inverse
        self.beta = nn.Parameter(_inverse_softplus(torch.ones(width)))
        self.gamma = nn.Parameter(_inverse_softplus(0.01 * torch.eye(width) + 1e-3))

    def forward(self, x: Features) -> Features:
        power = F.conv2d(x.square(), F.softplus(self.gamma)[:, :, None, None], F.softplus(self.beta))
        return x * (power.sqrt() if self.inverse else power.rsqrt())


def _inverse_softplus(x: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    return x.expm1().log()


def _down(into: int, out: int, kernel: int, stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(into, out, kernel, stride, kernel // 2), GDN(out), nn.PReLU(out))


def _up(into: int, out: int, stride: int) -> nn.Module:
    return nn.Sequential(_transposed(into, out, 5, stride), GDN(out, inverse=True), nn.PReLU(out))


def _transposed(into: int, out: int, kernel: int, stride: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(into, out, kernel, stride, kernel // 2, stride - 1)
