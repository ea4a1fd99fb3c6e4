"""DeepJSCC-MIMO: a vision transformer that is told how well each symbol was heard."""

import torch
import torch.nn.functional as F
from torch import nn

from semjscc.codecs.learned import Features, LearnedCodec, Maps, snr_level
from semjscc.types import SNR, Images
from semjscc.units import linear_to_db

HEAD = 32  # width of a head
QUIETEST = 1e-6  # least noise variance that is told apart from none


class DeepJSCCMIMO(LearnedCodec):
    """Wu, Shao, Bian, Mikolajczyk and Gündüz, "Deep joint source-channel coding for adaptive image transmission over
    MIMO channels", 2024 (arXiv:2309.00470), the open loop: only the receiver knows the channel::

        images --> patches, SNR --> transformer --> features
        images <-- patches      <-- transformer <-- features, SNR of each symbol after equalisation

    There the channel enters as a heat map of H and the noise. A link here hands up what its equaliser made of them: the
    noise variance left in each symbol, interference and the error of estimation included. So the network suits any
    numbers of antennas and streams, and does not see which streams disturb each other. Places of patches are told by a
    convolution of depth 1 rather than a table, for pictures of any size.

    Args:
        bandwidth_ratio: complex symbols per 3 H W, a multiple of 1 / (3 patch^2).
        patch: pixels a side.
        width: of a token, a multiple of 32, the width of a head.
        depth: layers of the encoder, and of the decoder.
        weights: a file that :meth:`~semjscc.codecs.weights.Trained.save` wrote.

    Raises:
        ValueError: there is no such bandwidth ratio, the weights are of another architecture, or heads of 32 do not
            fill the width.
    """

    def __init__(
        self,
        bandwidth_ratio: float = 1 / 6,
        patch: int = 8,
        width: int = 128,
        depth: int = 4,
        weights: str | None = None,
    ):
        super().__init__(patch, bandwidth_ratio, {"width": width, "depth": depth})
        if width % HEAD:
            raise ValueError(f"width={width} must be a multiple of {HEAD}, the width of a head")
        k = self.symbols_a_position
        self.encoder = _Transformer(3 * patch**2 + 1, 2 * k, width, depth)
        self.decoder = _Transformer(3 * k, 3 * patch**2, width, depth)
        self.load(weights)

    def analyse(self, images: Images, snr_db: SNR) -> Features:
        patches = F.pixel_unshuffle(images, self.stride)
        level = snr_level(snr_db).to(images)[:, None, None, None].expand(-1, 1, *patches.shape[2:])
        return self.encoder(torch.cat([patches, level], 1))

    def synthesise(self, features: Features, noise_var: Features, snr_db: SNR) -> Images:
        """The SNR of each symbol says more than ``snr_db``, which is not looked at."""
        heard_db = -linear_to_db((2 * noise_var[:, ::2]).clamp_min(QUIETEST))
        return F.pixel_shuffle(self.decoder(torch.cat([features, snr_level(heard_db)], 1)), self.stride).sigmoid()


class _Transformer(nn.Module):
    """Features of each position into others, by attention to all positions."""

    def __init__(self, into: int, out: int, width: int, depth: int):
        super().__init__()
        self.embed = nn.Conv2d(into, width, 1)
        self.place = nn.Conv2d(width, width, 3, padding=1, groups=width)
        layers = [
            nn.TransformerEncoderLayer(width, width // HEAD, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(depth)
        ]
        self.layers = nn.Sequential(*layers, nn.LayerNorm(width), nn.Linear(width, out))

    def forward(self, x: Maps) -> Maps:
        x = self.embed(x)
        x = x + self.place(x)
        tokens = x.flatten(2).transpose(1, 2)
        return self.layers(tokens).transpose(1, 2).unflatten(2, x.shape[2:])
