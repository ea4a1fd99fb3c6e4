"""How far apart two pictures are to networks that were taught what people see."""

import warnings
from abc import abstractmethod
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torchvision.models import get_weight

from semjscc.metrics.base import PictureMetric
from semjscc.types import Images

BACKBONES = {"alex": "AlexNet_Weights", "vgg": "VGG16_Weights", "squeeze": "SqueezeNet1_1_Weights"}  # torchvision's


class LearnedDistance(PictureMetric):
    """A figure of a network's own, 0 for equal pictures; ``absent`` says why there is none where it cannot be had.

    Pictures whose shorter side is below ``smallest`` have no such figure.
    """

    name: str
    smallest: int  # [pixels]

    def __init__(self) -> None:
        super().__init__()
        self.network: nn.Module | None = None
        try:
            self.network = self.load().requires_grad_(False).eval()
        except (ImportError, OSError) as error:
            self.absent = f"{self.name}: {error}"

    @abstractmethod
    def load(self) -> nn.Module:
        """The network, of two batches of pictures in [-1, 1]; ``ImportError`` or ``OSError`` where it is not here."""

    @torch.no_grad()
    def compare(self, sent: Images, shown: Images) -> dict[str, Tensor]:
        if self.network is None or min(sent.shape[2:]) < self.smallest:
            return {}
        pairs = zip((2 * sent - 1).split(1), (2 * shown.clamp(0, 1) - 1).split(1), strict=True)
        return {self.name: torch.cat([self.network(*pair).flatten() for pair in pairs])}


class LPIPS(LearnedDistance):
    """``lpips``: learned perceptual image patch similarity, version 0.1 (Zhang et al. 2018, arXiv:1801.03924).

    The package has the weights of its last layers only. Those of the network below, which torchvision would fetch, must
    be in torch's hub folder: nothing is fetched here.

    Args:
        net: "alex", which figures are quoted for where none is named; "vgg"; "squeeze".
    """

    name, smallest = "lpips", 31

    def __init__(self, net: Literal["alex", "vgg", "squeeze"] = "alex"):
        self.net = net
        super().__init__()

    def load(self) -> nn.Module:
        url = get_weight(f"{BACKBONES[self.net]}.IMAGENET1K_V1").url
        weights = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
        if not weights.is_file():
            raise FileNotFoundError(f"its backbone's weights are not here; fetch {url} to {weights}")
        import lpips

        with warnings.catch_warnings(action="ignore"):  # it asks torchvision in a way that is no longer the best
            return lpips.LPIPS(net=self.net, version="0.1", verbose=False)


class ShiftTolerantLPIPS(LearnedDistance):
    """``st_lpips``: LPIPS that forgives a shift by a pixel (Ghildyal and Liu 2022, arXiv:2207.13686), on AlexNet.

    The package ``stlpips-pytorch`` carries all its weights. Its figures are not those of ``lpips``: they are smaller.
    """

    name, smallest = "st_lpips", 21

    def load(self) -> nn.Module:
        from stlpips_pytorch import stlpips

        return stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False)
