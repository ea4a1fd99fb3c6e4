"""SwinJSCC: windows of attention, and one network for all SNRs and bandwidth ratios."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.swin_transformer import PatchMerging, SwinTransformerBlock
from torchvision.ops.misc import Permute

from semjscc.codecs.learned import Features, LearnedCodec, snr_level, symbols_a_position
from semjscc.codecs.linear import LinearCode
from semjscc.types import SNR, Images

Tokens = Float[Tensor, "batch _ _ _"]  # rows, columns, width
HEAD = 32  # width of a head


class SwinJSCC(LearnedCodec):
    """Yang, Wang, Dai, Qin, Niu and Zhang, "SwinJSCC: taming Swin transformer for deep joint source-channel coding",
    2024 (arXiv:2308.09361): stages of shifted windows, each half as fine and twice as wide as the one before, and
    modulators that are told the SNR and the bandwidth ratio. Here they refine a linear code::

        images --> patches --> stages --> modulate --> last blocks --> gains, corrections
           +--> linear code -------------------------------------> * gains + corrections --> the first features

        images <-- + <-- patches <-- stages <--+-- last blocks <-- demodulate <--+
                   +--- linear code <-- * gains <--------------------------------+-- Wiener's estimate of the features

    All refinements start at nothing: training starts with a linear code of blocks as large as the stride, and need not
    find it first, for which thousands of steps are too few (docs/LOG.md).

    There the features to be sent are chosen picture by picture, and the receiver is to be told which. Here they are the
    first ones of every picture: training at a ratio drawn for each batch puts there what matters most (Rippel, Gelbart
    and Adams, "Learning ordered representations with nested dropout", 2014), and nothing but symbols is sent.

    Args:
        bandwidth_ratio: what pictures are sent at in evaluation or without gradients; may be set anew at any time.
        bandwidth_ratios: what training draws from, one named twice twice as often; the largest is the most that can
            be sent.
        width: of a token in the first stage.
        patch: pixels a side of such a token.
        depths: pairs of blocks in each stage, one with windows as they are and one with shifted windows; there are as
            many stages, and the stride is patch 2^(stages - 1).
        window: tokens a side.
        weights: a file that :meth:`~semjscc.codecs.weights.Trained.save` wrote.

    Raises:
        ValueError: there is no such bandwidth ratio, the weights are of another architecture, or heads of 32 do not
            fill the width of a stage that has blocks.
    """

    def __init__(
        self,
        bandwidth_ratio: float = 1 / 6,
        bandwidth_ratios: Sequence[float] = (1 / 24, 1 / 12, 1 / 6, 1 / 3),
        width: int = 32,
        patch: int = 2,
        depths: Sequence[int] = (1, 2),
        window: int = 4,
        weights: str | None = None,
    ):
        layout = {"width": width, "patch": patch, "depths": list(depths), "window": window}
        super().__init__(patch * 2 ** (len(depths) - 1), max(bandwidth_ratios), layout)
        self.most = self.symbols_a_position
        self.choices = [symbols_a_position(ratio, self.stride) for ratio in bandwidth_ratios]
        self.bandwidth_ratio = bandwidth_ratio
        widths, c = [width * 2**stage for stage in range(len(depths))], 2 * self.most
        self.linear = LinearCode(self.stride, c)
        self.inward, self.modulate = _inward(widths, depths, patch, window), _Modulator(widths[-1])
        self.last = nn.Sequential(*_blocks(widths[-1], depths[-1], window), nn.LayerNorm(widths[-1]))
        self.to_features = _silent(nn.Linear(widths[-1], 2 * c))
        self.to_tokens, self.demodulate = nn.Linear(c, widths[-1]), _Modulator(widths[-1])
        self.first = nn.Sequential(*_blocks(widths[-1], depths[-1], window), nn.LayerNorm(widths[-1]))
        self.to_gains, self.outward = _silent(nn.Linear(widths[-1], c)), _outward(widths, depths, patch, window)
        self.load(weights)

    @property
    def bandwidth_ratio(self) -> float:
        """Complex symbols per 3 H W."""
        return self.symbols_a_position / (3 * self.stride**2)

    @bandwidth_ratio.setter
    def bandwidth_ratio(self, ratio: float) -> None:
        each = symbols_a_position(ratio, self.stride)
        if not self.affords(each):
            raise ValueError(f"bandwidth_ratio={ratio} is more than {self.most / (3 * self.stride**2):.4f}, the most")
        self.symbols_a_position = each

    def affords(self, each: int) -> bool:
        return 1 <= each <= self.most

    def analyse(self, images: Images, snr_db: SNR) -> Features:
        each = self._draw() if self.training and torch.is_grad_enabled() else self.symbols_a_position
        tokens = self.last(self.modulate(self.inward(images), snr_db, each / self.most))
        gains, corrections = self.to_features(tokens).float().chunk(2, -1)
        features = self.linear.features(images) * gains.exp() + corrections
        return self.linear.with_pilot(features[..., : 2 * each]).movedim(-1, 1)

    def synthesise(self, features: Features, noise_var: Features, snr_db: SNR) -> Images:
        heard = self.linear.estimate(features.movedim(1, -1), noise_var.movedim(1, -1))
        share = heard.shape[-1] / (2 * self.most)
        heard = F.pad(heard, (0, 2 * self.most - heard.shape[-1]))
        tokens = self.first(self.demodulate(self.to_tokens(heard), snr_db, share))
        images = self.linear.images(heard * self.to_gains(tokens).float().exp()) + self.outward(tokens)
        return images if self.training else images.clamp(0, 1)

    def _draw(self) -> int:
        return self.choices[torch.randint(len(self.choices), ())]


def _silent(layer: nn.Linear) -> nn.Linear:
    """One that says nothing at first."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class _Modulator(nn.Module):
    """Tokens, each number times a scale and plus a shift that follow from the SNR and the share of features sent.

    There the scale is in 0..1 and looks at the tokens, too, and nothing is added: that learns later (docs/LOG.md).
    """

    def __init__(self, width: int, hidden: int = 64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, hidden), nn.GELU(), _silent(nn.Linear(hidden, 2 * width)))

    def forward(self, x: Tokens, snr_db: SNR, share: float) -> Tokens:
        level = snr_level(snr_db).to(x)
        state = torch.stack([level, torch.full_like(level, share)], 1)
        scale, shift = self.layers(state)[:, None, None].chunk(2, -1)
        return x * (1 + scale) + shift


class _Split(nn.Module):
    """Each token into ``side`` x ``side`` tokens of width ``out``, the reverse of merging patches."""

    def __init__(self, into: int, out: int, side: int):
        super().__init__()
        self.side, self.spread = side, nn.Linear(into, side**2 * out)

    def forward(self, x: Tokens) -> Tokens:
        parts = self.spread(x).unflatten(-1, (self.side, self.side, -1))  # [batch, rows, columns, side, side, out]
        return parts.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def _inward(widths: Sequence[int], depths: Sequence[int], patch: int, window: int) -> nn.Sequential:
    """Pictures to the tokens of the last stage, in front of its blocks."""
    embed = nn.Sequential(nn.Conv2d(3, widths[0], patch, patch), Permute([0, 2, 3, 1]))
    stages = zip(widths, depths, strict=True)
    layers = [layer for width, depth in stages for layer in (*_blocks(width, depth, window), PatchMerging(width))]
    return nn.Sequential(embed, *layers[: -1 - 2 * depths[-1]])


def _outward(widths: Sequence[int], depths: Sequence[int], patch: int, window: int) -> nn.Sequential:
    """Those behind the blocks of the last stage to what pictures are corrected by, nothing at first."""
    stages = reversed(list(zip(widths, widths[1:], depths, strict=False)))
    layers = [
        layer
        for width, above, depth in stages
        for layer in (_Split(above, width, 2), *_blocks(width, depth, window), nn.LayerNorm(width))
    ]
    last = _Split(widths[0], 3, patch)
    _silent(last.spread)
    return nn.Sequential(*layers, last, Permute([0, 3, 1, 2]))


def _blocks(width: int, depth: int, window: int) -> list[nn.Module]:
    """Pairs of blocks, windows as they are and shifted."""
    if depth and width % HEAD:
        raise ValueError(f"a stage with width={width} must have a multiple of {HEAD}, the width of a head")
    heads, shifts = width // HEAD, depth * [0, window // 2]
    return [SwinTransformerBlock(width, heads, [window, window], [shift, shift]) for shift in shifts]
