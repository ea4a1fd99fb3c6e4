"""How near the delivered pixels are to the sent ones."""

from typing import cast

from torch import Tensor
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from semjscc.metrics.base import PictureMetric
from semjscc.types import Images
from semjscc.units import linear_to_db

WINDOW = 11  # pixels
ROUNDING = 1 / (12 * 255**2)  # variance of the error of rounding to 8 bits, on [0, 1]


class Fidelity(PictureMetric):
    """Distance and structural similarity of RGB pictures in [0, 1], both rounded to 8 bits.

    - ``mse``: mean squared error over pixels and colours; the PSNR of its mean over images is the field's other PSNR
    - ``psnr_db``: 10 log10(1 / mse) [dB]. It ends at 58.92 dB, where the error is as small as that of the rounding
      itself: identical pictures get this and not infinity, so that a mean over images stays finite.
    - ``ssim``: Gaussian window of 11 x 11, sigma 1.5, K1 = 0.01, K2 = 0.03, mean over pixels and colours (Wang et al.,
      2004); absent for pictures smaller than the window
    - ``ms_ssim``: the same over five scales (Wang et al., 2003); absent for pictures whose shorter side is below
      176 pixels, which leave the window no room in the coarsest scale, a sixteenth of the picture
    """

    def compare(self, sent: Images, shown: Images) -> dict[str, Tensor]:
        truth, shown = _rounded(sent), _rounded(shown)
        mse = (shown - truth).square().mean((1, 2, 3))
        figures = {"psnr_db": -linear_to_db(mse.clamp(min=ROUNDING)), "mse": mse}
        side = min(truth.shape[2:])
        if side >= WINDOW:
            ssim = structural_similarity_index_measure(shown, truth, reduction="none", data_range=1.0)
            figures["ssim"] = cast(Tensor, ssim)  # a pair only where a map is asked for
        if side >= 16 * WINDOW:
            figures["ms_ssim"] = multiscale_structural_similarity_index_measure(
                shown, truth, reduction="none", data_range=1.0
            )
        return figures


def _rounded(images: Images) -> Images:
    return (images.clamp(0, 1) * 255).round() / 255
