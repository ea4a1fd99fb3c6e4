"""SwinJSCC: windows of attention, and one network for all SNRs and bandwidth ratios."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models.swin_transformer import PatchMerging, SwinTransformerBlock
from torchvision.ops.misc import Permute

from semjscc.codecs.learned import Features, LearnedCodec, snr_level, symbols_a_position
from semjscc.types import SNR, Images

Tokens = Float[Tensor, "batch _ _ _"]  # rows, columns, width
HEAD = 32  # width of a head


class SwinJSCC(LearnedCodec):
    """Yang, Wang, Dai, Qin, Niu and Zhang, "SwinJSCC: taming Swin transformer for deep joint source-channel coding",
    2024 (arXiv:2308.09361): stages of shifted windows, each half as fine and twice as wide as the one before, and
    behind them a modulator that is told the SNR and the bandwidth ratio::

        images --> 2x2 patches --> stages --> modulate --> features --> the first ones, as many as the ratio affords
        images <-- 2x2 patches <-- stages <-- modulate <-- features <-- zero where nothing was sent

    There the features to be sent are chosen picture by picture, and the receiver is to be told which. Here they are the
    first ones of every picture: training at a ratio drawn for each batch puts there what matters most (Rippel, Gelbart
    and Adams, "Learning ordered representations with nested dropout", 2014), and nothing but symbols is sent.

    Args:
        bandwidth_ratio: what pictures are sent at in evaluation or without gradients; may be set anew at any time.
        bandwidth_ratios: what training draws from; the largest is the most that can be sent.
        width: of a token in the first stage, a multiple of 32.
        depths: pairs of blocks in each stage, one with windows as they are and one with shifted windows; there are as
            many stages, and the stride is 2^stages.
        window: tokens a side.
        weights: a file that :meth:`~semjscc.codecs.weights.Trained.save` wrote.

    Raises:
        ValueError: there is no such bandwidth ratio, the weights are of another architecture, or heads of 32 do not
            fill the width.
    """

    def __init__(
        self,
        bandwidth_ratio: float = 1 / 6,
        bandwidth_ratios: Sequence[float] = (1 / 24, 1 / 12, 1 / 6, 1 / 3),
        width: int = 32,
        depths: Sequence[int] = (1, 2),
        window: int = 4,
        weights: str | None = None,
    ):
        super().__init__(
            2 ** len(depths), max(bandwidth_ratios), {"width": width, "depths": list(depths), "window": window}
        )
        if width % HEAD:
            raise ValueError(f"width={width} must be a multiple of {HEAD}, the width of a head")
        self.most = self.symbols_a_position
        self.choices = [symbols_a_position(ratio, self.stride) for ratio in bandwidth_ratios]
        self.bandwidth_ratio = bandwidth_ratio
        widths, c = [width * 2**stage for stage in range(len(depths))], 2 * self.most
        self.inward, self.outward = _inward(widths, depths, window), _outward(widths, depths, window)
        self.modulate, self.demodulate = _Modulator(widths[-1]), _Modulator(widths[-1])
        self.to_features, self.to_tokens = nn.Linear(widths[-1], c), nn.Linear(c, widths[-1])
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
        tokens = self.modulate(self.inward(images), snr_db, each / self.most)
        return self.to_features(tokens).movedim(-1, 1)[:, : 2 * each]

    def synthesise(self, features: Features, snr_db: SNR) -> Images:
        heard = features.movedim(1, -1)
        tokens = self.to_tokens(F.pad(heard, (0, 2 * self.most - heard.shape[-1])))
        return self.outward(self.demodulate(tokens, snr_db, heard.shape[-1] / (2 * self.most)))

    def _draw(self) -> int:
        return self.choices[torch.randint(len(self.choices), ())]


class _Modulator(nn.Module):
    """Tokens, each number of them times one in 0..1 from the token itself, the SNR and the share of features sent."""

    def __init__(self, width: int, layers: int = 3):
        super().__init__()
        self.mix = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        self.weigh = nn.ModuleList(
            nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.Sigmoid()) for _ in range(layers)
        )

    def forward(self, x: Tokens, snr_db: SNR, share: float) -> Tokens:
        level = snr_level(snr_db).to(x)
        state = torch.stack([level, torch.full_like(level, share)], 1)
        gate = x
        for mix, weigh in zip(self.mix, self.weigh, strict=True):
            gate = mix(gate) * weigh(state)[:, None, None]
        return x * gate.sigmoid()


class _Split(nn.Module):
    """Each token into 2 x 2 tokens of width ``out``, the reverse of merging patches."""

    def __init__(self, into: int, out: int):
        super().__init__()
        self.norm, self.spread = nn.LayerNorm(into), nn.Linear(into, 4 * out)

    def forward(self, x: Tokens) -> Tokens:
        parts = self.spread(self.norm(x)).unflatten(-1, (2, 2, -1))  # [batch, rows, columns, 2, 2, out]
        return parts.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def _inward(widths: Sequence[int], depths: Sequence[int], window: int) -> nn.Sequential:
    """Pictures to tokens of the last width."""
    merge = [nn.Sequential(nn.Conv2d(3, widths[0], 2, 2), Permute([0, 2, 3, 1])), *map(PatchMerging, widths)]
    stages = zip(merge, widths, depths, strict=False)
    layers = [layer for resize, width, depth in stages for layer in (resize, *_blocks(width, depth, window))]
    return nn.Sequential(*layers, nn.LayerNorm(widths[-1]))


def _outward(widths: Sequence[int], depths: Sequence[int], window: int) -> nn.Sequential:
    """Tokens of the last width to pictures, in [0, 1]."""
    split = [_Split(into, out) for into, out in zip(widths, [3, *widths], strict=False)]
    stages = reversed(list(zip(split, widths, depths, strict=True)))
    layers = [layer for resize, width, depth in stages for layer in (*_blocks(width, depth, window), resize)]
    return nn.Sequential(*layers, Permute([0, 3, 1, 2]), nn.Sigmoid())


def _blocks(width: int, depth: int, window: int) -> list[nn.Module]:
    """Pairs of blocks, windows as they are and shifted."""
    heads, shifts = width // HEAD, depth * [0, window // 2]
    return [SwinTransformerBlock(width, heads, [window, window], [shift, shift]) for shift in shifts]
