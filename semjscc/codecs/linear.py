"""The linear code of pictures block by block: where a learned code starts from, and what it has to surpass."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.types import Images

Coefficients = Float[Tensor, "batch rows columns coefficients"]
COLOURS = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0))  # brightness, red - blue, purple - green
SHARES = (1.0, 0.06, 0.06)  # of the variance in each colour
LEVEL, LOWEST, FALL = 0.25, 0.07, 1.4  # variance of the DCT at (u, v) in blocks of 8: LEVEL (u^2 + v^2 + LOWEST)^-FALL


class LinearCode(nn.Module):
    """Coefficients of blocks of pixels, each with a power of its own, and what a linear estimate makes of them::

        images --> transform --> coefficients --> loudness --> features --> + pilot
        images <-- transform <-- coefficients <-- loudness <-- estimate <-- - pilot, / scale

    It starts as the discrete cosine transform of the colours' sums and differences, those of greatest variance first,
    with powers proportional to the deviation (Lee and Petersen, "Optimal linear coding for vector channels", 1976);
    transforms, loudness and variances are learned on from there. Each picture is sent with unit power whatever its
    contrast: the last feature has a mean of its own, the pilot, which tells how much louder it was made.

    Args:
        stride: pixels a side of a block.
        coefficients: of a block, at most 3 stride^2.
    """

    def __init__(self, stride: int, coefficients: int):
        super().__init__()
        self.stride = stride
        basis, variance = cosines(stride)
        self.there = nn.Parameter(basis[:coefficients].clone())
        self.back = nn.Parameter(basis[:coefficients].clone())
        self.variance_log = nn.Parameter(variance[:coefficients].log())
        power = variance[:coefficients].sqrt()
        self.loudness_log = nn.Parameter(-self.variance_log.data / 4 - (2 * power.mean()).log() / 2)
        self.pilot = nn.Parameter(torch.tensor(1.0))

    def features(self, images: Images) -> Coefficients:
        """Of pictures whose sides are multiples of the stride, without the pilot."""
        blocks = F.pixel_unshuffle(images - 0.5, self.stride).movedim(1, -1)
        return blocks @ self.there.T * self.loudness_log.exp()

    def with_pilot(self, features: Coefficients) -> Coefficients:
        return torch.cat([features[..., :-1], features[..., -1:] + self.pilot], -1)

    def estimate(self, heard: Coefficients, noise_var: Coefficients) -> Coefficients:
        """Features without pilot and noise, by Wiener's weights for the power and noise of each; the first ones."""
        scale = (heard[..., -1:].mean((1, 2), keepdim=True) / self.pilot).clamp(0.05, 20.0)
        features = torch.cat([heard[..., :-1], heard[..., -1:] - scale * self.pilot], -1)
        power = (self.variance_log + 2 * self.loudness_log).exp()[: heard.shape[-1]] * scale.square()
        return features * power / (power + noise_var) / scale

    def images(self, features: Coefficients) -> Images:
        """Pictures, not yet in [0, 1], of all features."""
        blocks = features * (-self.loudness_log).exp() @ self.back
        return F.pixel_shuffle(blocks.movedim(-1, 1), self.stride) + 0.5


def cosines(n: int) -> tuple[Float[Tensor, "all pixels"], Float[Tensor, " all"]]:
    """Orthonormal transform of blocks of 3 n n pixels and the variance of its outputs, in falling order."""
    order, place = torch.arange(n)[:, None], torch.arange(n)[None]
    rows = (math.pi * (2 * place + 1) * order / (2 * n)).cos() * math.sqrt(2 / n)
    rows[0] /= math.sqrt(2)
    colours = F.normalize(torch.tensor(COLOURS), dim=1)
    basis = torch.einsum("ck,ua,vb->cuvkab", colours, rows, rows).reshape(3 * n * n, -1)
    frequency = (order.square() + place.square()) * (8 / n) ** 2
    variance = LEVEL * torch.tensor(SHARES)[:, None, None] * (frequency + LOWEST) ** -FALL
    sorted_variance, index = variance.flatten().sort(descending=True, stable=True)
    return basis[index], sorted_variance
