"""What learned image codecs share: any picture size, any bandwidth ratio there is, unit power per image."""

import math
from abc import abstractmethod
from functools import lru_cache
from typing import Any, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from semjscc.codecs.base import SymbolCodec
from semjscc.codecs.weights import Trained
from semjscc.types import SNR, Images, Received, Symbols

Features = Float[Tensor, "batch features rows columns"]  # two neighbours are the real and imaginary part of a symbol
Maps = Float[Tensor, "batch _ _ _"]  # features between two layers, of any width and size


class LearnedCodec(Trained, SymbolCodec):
    """Pictures <-> features on a grid ``stride`` times as coarse, each pair of them a complex symbol::

        images --> pad  --> analyse    --> features --> symbols --> unit power
        images <-- crop <-- synthesise <-- features <-- symbols

    Bandwidth ratio = symbols a position / (3 stride^2). A side that is no multiple of the stride is continued by its
    last row or column, and pays for that. Symbols are sent scattered, in an order that their number fixes: a bad slot
    harms a little everywhere, and neighbours in the picture are not misjudged by one error of the channel's estimate.

    Args:
        stride: pixels a position of the grid, along each side.
        bandwidth_ratio: complex symbols per 3 H W.
        layout: what else the weights depend on.

    Raises:
        ValueError: no whole number of symbols a position has this bandwidth ratio.
    """

    def __init__(self, stride: int, bandwidth_ratio: float, layout: dict[str, Any]):
        each = symbols_a_position(bandwidth_ratio, stride)
        super().__init__({"stride": stride, "symbols_a_position": each, **layout})
        self.stride = stride
        self.symbols_a_position = each

    @abstractmethod
    def analyse(self, images: Images, snr_db: SNR) -> Features:
        """Features, of any power, of pictures whose sides are multiples of the stride."""

    @abstractmethod
    def synthesise(self, features: Features, noise_var: Features, snr_db: SNR) -> Images:
        """Pictures of such sides from what was heard and the variance of the noise in it."""

    def encode(self, images: Images, snr_db: SNR) -> Symbols:
        """Raises ``ValueError`` for a picture without pixels."""
        symbols = unit_power(_to_symbols(self.analyse(padded(images, self.stride), snr_db)))
        return symbols[:, scattered(symbols.shape[1])]

    def decode(self, received: Received, snr_db: SNR, size: tuple[int, int]) -> Images:
        """Raises ``ValueError`` where the symbols are not those of a picture of this size."""
        features = self.arrange(torch.view_as_real(received.symbols), size)
        noise_var = self.arrange(received.noise_var[..., None].expand(-1, -1, 2) / 2, size)
        return _at_least_float32(self.synthesise(features, noise_var, snr_db)[..., : size[0], : size[1]])

    def grid(self, size: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of the features of pictures of ``size`` = (height, width)."""
        return grid(size, self.stride)

    def symbols(self, size: tuple[int, int]) -> int:
        """How many symbols a picture of ``size`` = (height, width) takes."""
        return math.prod(self.grid(size)) * self.symbols_a_position

    def affords(self, each: int) -> bool:
        """Whether pictures may be sent with so many symbols a position."""
        return each == self.symbols_a_position

    def arrange(self, values: Float[Tensor, "batch symbols parts"], size: tuple[int, int]) -> Features:
        """What there is of each symbol, as features of pictures of ``size``."""
        rows, columns = self.grid(size)
        each, rest = divmod(values.shape[1], rows * columns)
        if rest or not self.affords(each):
            raise ValueError(f"{values.shape[1]} symbols for {size[0]} x {size[1]} pixels, not {self.symbols(size)}")
        in_order = values[:, scattered(values.shape[1]).argsort()]
        return in_order.reshape(len(values), each, rows, columns, -1).movedim(-1, 2).flatten(1, 2)


def grid(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Rows and columns of squares of ``stride`` pixels that cover ``size`` = (height, width).

    Raises ``ValueError`` for a picture without pixels.
    """
    if min(size) < 1:
        raise ValueError(f"a picture of {size[0]} x {size[1]} pixels: at least 1 x 1 is needed")
    return -(-size[0] // stride), -(-size[1] // stride)


def padded(images: Images, stride: int) -> Maps:
    """Pictures continued by their last row and column, to whole squares of ``stride`` pixels."""
    height, width = images.shape[2:]
    rows, columns = grid((height, width), stride)
    below, right = rows * stride - height, columns * stride - width
    return F.pad(images, (0, right, 0, below), mode="replicate") if below or right else images


def symbols_a_position(bandwidth_ratio: float, stride: int) -> int:
    """Complex symbols that each ``stride`` x ``stride`` pixels are worth; 0.1667 is taken for 1/6.

    Raises:
        ValueError: that is no whole number, or none; the nearest ratios are named.
    """
    finest = 3 * stride**2
    each = bandwidth_ratio * finest
    if each > 0.5 and math.isclose(each, round(each), rel_tol=1e-3):
        return round(each)
    nearest = sorted({max(1, math.floor(each)), max(1, math.ceil(each))})
    said = " and ".join(f"{count}/{finest} = {count / finest:.4f}" for count in nearest)
    raise ValueError(
        f"bandwidth_ratio={bandwidth_ratio}: with {stride} x {stride} pixels a position it is a multiple of "
        f"1/{finest}; nearest: {said}"
    )


def unit_power(symbols: Symbols) -> Symbols:
    """Each image's symbols over the root of their mean power; nothing but zeros stays as it is."""
    parts = torch.view_as_real(symbols)
    power = 2 * parts.square().mean((1, 2), keepdim=True)
    return torch.view_as_complex(parts * power.clamp_min(torch.finfo(power.dtype).tiny).rsqrt())


STEEP = 4.0  # times the slope of a sigmoid in its middle is 1


def linear_start(layer: nn.Module) -> None:
    """Starts a layer as near to a linear isometry as it can be, so that nearly all of a picture comes through at once.

    A convolution takes its central stride x stride pixels by an orthogonal matrix (the identity where the stride is 1),
    a transposed one gives them back, PReLUs have a slope of 1, and a tenth of Glorot's noise lies over the weights
    ("delta-orthogonal": Xiao et al. 2018, arXiv:1806.05393). With torch's or Glorot's own weights the fine detail, a
    thousandth of a picture's power, is found far later (docs/LOG.md).
    """
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        (stride, _), (middle, _) = layer.stride, (side // 2 for side in layer.kernel_size)
        nn.init.xavier_uniform_(layer.weight, gain=0.1)
        nn.init.zeros_(cast(Tensor, layer.bias))
        a, b = layer.weight.shape[:2]
        core = torch.eye(a, b) if stride == 1 else nn.init.orthogonal_(torch.empty(a, b * stride**2))
        layer.weight.data[:, :, middle : middle + stride, middle : middle + stride] += core.view(a, b, stride, stride)
    elif isinstance(layer, nn.PReLU):
        nn.init.ones_(layer.weight)
    elif isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)


def snr_level(snr_db: Tensor) -> Tensor:
    """What networks are told of an SNR [dB] of any shape: a number of about 1, finite without noise, too."""
    return snr_db.clamp(-20.0, 40.0) / 20.0


def _to_symbols(features: Features) -> Symbols:
    parts = _at_least_float32(features).unflatten(1, (-1, 2)).movedim(2, -1)
    return torch.view_as_complex(parts.contiguous()).flatten(1)


@lru_cache(maxsize=16)
def scattered(symbols: int) -> Int[Tensor, " {symbols}"]:
    """Which of so many symbols is sent first, second, ..."""
    return torch.randperm(symbols, generator=torch.Generator().manual_seed(0))


def _at_least_float32(x: Tensor) -> Tensor:
    """Mixed precision ends here."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
