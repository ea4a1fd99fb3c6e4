"""A network that sees what was lost."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.types import Images

Maps = Float[Tensor, "batch _ _ _"]

AROUND = 4  # pixels to each side that a pixel's surroundings reach
STEEPEST = 8.0  # deviations
LEAST = 1e-8  # variance, far below that of rounding to 8 bits


class Restoration(nn.Module):
    """Pictures and the variance of the error in each pixel to better pictures: a U-Net of residual blocks on half-size
    planes, as Zhang et al., "Plug-and-play image restoration with deep denoiser prior", 2021 (arXiv:2008.13751), with
    a variance for every pixel. It starts as the identity.

    It sees and corrects in units of the error's deviation: what stands out from its surroundings, over the deviation,
    and the variance's logarithm; what it says times the deviation is added. Where errors differ a hundredfold between
    pictures and SNRs, all of them are learned from alike (docs/LOG.md).

    Args:
        widths: channels of each scale, the first at half size.
        depth: residual blocks in each scale on the way down, and on the way up.
    """

    def __init__(self, widths: Sequence[int], depth: int):
        super().__init__()
        pairs = list(pairwise(widths))
        self.first = nn.Conv2d(4 * 6, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Sequential(*_blocks(a, depth), nn.Conv2d(a, b, 2, 2)) for a, b in pairs)
        self.bottom = nn.Sequential(*_blocks(widths[-1], 2 * depth))
        self.up = nn.ModuleList(nn.Sequential(nn.ConvTranspose2d(b, a, 2, 2), *_blocks(a, depth)) for a, b in pairs)
        self.last = nn.Conv2d(widths[0], 4 * 3, 3, padding=1)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, images: Images, variance: Images) -> Images:
        """Of sides that are multiples of 2 ** len(widths)."""
        variance = variance.clamp_min(LEAST)
        deviation = variance.sqrt()
        surroundings = F.avg_pool2d(F.pad(images, 4 * [AROUND], mode="replicate"), 2 * AROUND + 1, 1)
        detail = ((images - surroundings) / deviation).clamp(-STEEPEST, STEEPEST) / 2
        x = self.first(F.pixel_unshuffle(torch.cat([detail, variance.log10() / 4 + 0.75], 1), 2))
        passed = []
        for layer in self.down:
            passed.append(x)
            x = layer(x)
        x = x + self.bottom(x)
        for layer, finer in zip(reversed(self.up), reversed(passed), strict=True):
            x = finer + layer(x)
        return images + deviation * F.pixel_shuffle(self.last(x), 2).float()


class _Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)
        )

    def forward(self, x: Maps) -> Maps:
        return x + self.layers(x)


def _blocks(width: int, depth: int) -> list[nn.Module]:
    return [_Residual(width) for _ in range(depth)]
