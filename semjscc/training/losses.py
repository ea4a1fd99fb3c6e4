"""What a delivered picture is trained to be near in. The mean squared error is torch's own: ``torch.nn.MSELoss``."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

from semjscc.metrics.lpips import LearnedDistance
from semjscc.types import Images
from semjscc.units import linear_to_db

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, finest first: Wang et al. 2003, table 1
WINDOW = 11  # [pixels]


class NegativePSNR(nn.Module):
    """-PSNR [dB], a mean over pictures: where errors differ a hundredfold, the share taken off each counts."""

    def forward(self, delivered: Images, images: Images) -> Float[Tensor, ""]:
        return linear_to_db(mse_loss(delivered, images, reduction="none").mean((1, 2, 3)).clamp_min(1e-8)).mean()


class MSSSIM(nn.Module):
    """1 - MS-SSIM (Wang et al. 2003), a mean over images.

    Of its five scales, patches below 176 pixels have room for the finer ones only, two at 32 and three at 64; their
    weights are then made to sum to 1. A similarity s counts as (1 + s) / 2, which has a gradient below 0 as well.

    Raises:
        ValueError: a side is below the 11 pixels of the window.
    """

    def forward(self, delivered: Images, images: Images) -> Float[Tensor, ""]:
        side = min(images.shape[2:])
        if side < WINDOW:
            raise ValueError(f"{images.shape[2]} x {images.shape[3]} pixels: MS-SSIM's window takes {WINDOW}")
        weights = [weight for scale, weight in enumerate(WEIGHTS) if side >= WINDOW * max(2**scale, scale**2)]
        betas = tuple(weight / sum(weights) for weight in weights)
        return 1 - multiscale_structural_similarity_index_measure(
            delivered, images, data_range=1.0, betas=betas, normalize="simple"
        )


class Perceptual(nn.Module):
    """Mean squared error, and ``weight`` times the distance that a network makes of two pictures; it is not trained.

    Args:
        distance: the metric whose network it is.

    Raises:
        FileNotFoundError: the network cannot be had; see :class:`~semjscc.metrics.lpips.LearnedDistance`.
    """

    def __init__(self, distance: LearnedDistance, weight: float = 0.01):
        super().__init__()
        if distance.network is None:
            raise FileNotFoundError(f"no perceptual loss: {distance.absent}")
        self.network, self.weight = distance.network, weight

    def train(self, mode: bool = True) -> "Perceptual":
        """The network stays as it is."""
        return self

    def forward(self, delivered: Images, images: Images) -> Float[Tensor, ""]:
        distance = self.network(2 * delivered - 1, 2 * images - 1).mean()
        return mse_loss(delivered, images) + self.weight * distance
