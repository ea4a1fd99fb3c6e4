"""Hybrid digital-analog coding: what matters most as bits, what they leave open as symbols of any value."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from constriction import stream
from jaxtyping import Float, Int
from torch import Tensor

from semjscc.codecs.blocks import Blocks, Coefficients, Labels
from semjscc.codecs.learned import grid, padded
from semjscc.codecs.packing import bits_to_bytes, bytes_to_bits
from semjscc.codecs.plan import STEPS, Plan, Whole
from semjscc.codecs.restoration import Restoration
from semjscc.codecs.weights import Trained
from semjscc.types import Bits, Images, Received, Symbols

WORD = 32  # bits that the range coder puts out at once
GAINS, GAINS_AN_OCTAVE, LEAST_LOG2 = 1024, 64, -4  # of the analog symbols, which are told; the least is 2^-4
READ_AHEAD = 64  # bits that the range decoder has taken in before it needs them


@dataclass(frozen=True)
class Heard:
    """What has arrived of one picture."""

    bits: Bits
    right: int  # how many of them, from the first on, are right
    rest: Received  # the analog layer


@dataclass(frozen=True)
class Shown:
    """A picture before the network."""

    images: Images
    variance: Images  # of the error in each pixel
    lost: bool = False  # mid-grey, as not even its classes have arrived


class HDA(Trained):
    """A picture in two layers, the quantised one in bits and the remainder in analog symbols::

        image -> cosines --> classes, loudness, levels --> range coder --------> bits
                     +-----> coefficients - levels ------> the largest, scaled --> symbols

        image <-- U-Net <-- cosines <-- levels + Wiener's estimate of remainders <-- bits, symbols

    Class and loudness of a block (:class:`~semjscc.codecs.blocks.Blocks`) tell both ends the variance of each
    coefficient: by it levels are coded (:class:`~semjscc.codecs.plan.Plan`), and by what they leave open the analog
    symbols are given to coefficients, with powers proportional to the deviation (Lee and Petersen, "Optimal linear
    coding for vector channels", 1976). The quantiser's step is the finest whose levels fit the bits. The receiver knows
    the variance of the error in every pixel, and hands it to a network with the picture
    (:class:`~semjscc.codecs.restoration.Restoration`), which is trained through the channel.

    The better the channel, the better the analog layer, without a cliff; the digital one gains from entropy coding, and
    must arrive. Levels are told in the order of falling variance, so that of damaged bits all is used up to the damage.
    See Skoglund, Phamdo and Alajaji, "Hybrid digital-analog source-channel coding for bandwidth compression/expansion",
    2006; that blocks tell how much there is of them is as in Dai et al., "Nonlinear transform source-channel coding for
    semantic communications", 2022 (arXiv:2112.10961).

    Args:
        stride: pixels a side of a block.
        classes: shapes of variances that a block may have.
        widths: channels in each scale of the network.
        depth: residual blocks in each.
        weights: a file that :meth:`~semjscc.codecs.weights.Trained.save` wrote.

    Raises:
        ValueError: the stride is no multiple of what the network halves.
    """

    def __init__(
        self,
        stride: int = 16,
        classes: int = 64,
        widths: Sequence[int] = (32, 64, 128),
        depth: int = 1,
        weights: str | None = None,
    ):
        super().__init__({"stride": stride, "classes": classes, "widths": list(widths), "depth": depth})
        if stride % 2 ** len(widths):
            raise ValueError(f"stride={stride} must be a multiple of {2 ** len(widths)}, for {len(widths)} widths")
        self.stride = stride
        self.blocks = Blocks(stride, classes)
        self.restoration = Restoration(widths, depth)
        self.load(weights)

    @torch.no_grad()
    def fit_statistics(self, images: Images) -> None:
        """Learns how coefficients are distributed, in closed form, before the network is trained."""
        self.blocks.fit(images)

    @torch.no_grad()
    def encode(self, images: Images, bits: int, symbols: int) -> tuple[Bits, Symbols]:
        """Both layers of one picture, ``[1, 3, height, width]``.

        Raises:
            ValueError: not even its classes fit the bits.
        """
        coefficients = self.blocks.coefficients(padded(images, self.stride)[0])
        labels = self.blocks.classify(coefficients)
        taken = self.blocks.bits(*labels) + math.log2(STEPS * GAINS) + WORD

        def fits(index: int) -> bool:
            return self._plan(labels, index).bits(coefficients) <= bits - bits % WORD - taken

        for index in range(bisect_left(range(STEPS), True, key=fits), STEPS):
            plan = self._plan(labels, index)
            levels = plan.quantised(coefficients)
            gain, analog = self._analog(coefficients - plan.reconstructed(levels), plan, symbols)
            encoder = stream.queue.RangeEncoder()
            encoder.encode(np.array([index, gain], np.int32), stream.model.Uniform(STEPS))
            self.blocks.write(encoder, *labels)
            plan.write(encoder, levels)
            if encoder.num_bits() <= bits:  # else the coder's rounding has cost more than a word
                return _to_bits(encoder.get_compressed(), bits).to(images.device), analog
        raise ValueError(
            f"{bits} bits do not hold a picture of {images.shape[2]} x {images.shape[3]} pixels, whose classes take "
            f"{math.ceil(taken)}: a higher bandwidth ratio, code rate or share of the digital layer is needed"
        )

    @torch.no_grad()
    def show(self, layers: Heard, size: tuple[int, int]) -> Shown:
        """One picture of ``size`` = (height, width) before the network."""
        decoder = stream.queue.RangeDecoder(_to_words(layers.bits))
        try:
            index, gain = decoder.decode(stream.model.Uniform(STEPS), 2).tolist()
            labels = self.blocks.read(decoder, grid(size, self.stride))
        except AssertionError:  # no encoder writes such words
            return self._nothing(size)
        right = layers.right - READ_AHEAD if layers.right < layers.bits.shape[1] else math.inf
        left_over = right - math.log2(STEPS * GAINS) - self.blocks.bits(*labels)
        if left_over < 0:
            return self._nothing(size)
        plan = self._plan(labels, index)
        levels, known = plan.read(decoder, left_over)
        estimate, variance = self._estimate(levels, plan, gain, layers.rest)
        variance = torch.where(known, variance, self.blocks.variance_log2(*labels).exp2())
        pictures = torch.stack([self.blocks.image(estimate), self.blocks.variance_image(variance)])
        shown, spread = pictures[:, None, :, : size[0], : size[1]]
        return Shown(shown, spread)

    def restore(self, images: Images, variance: Images) -> Images:
        """What the network makes of pictures and the variance of the error in each pixel."""
        rows, columns = images.shape[2:]
        restored = self.restoration(padded(images, self.stride), padded(variance, self.stride))[..., :rows, :columns]
        return restored if self.training else restored.clamp(0, 1)

    def _plan(self, labels: tuple[Labels, Labels], index: int) -> Plan:
        return Plan(self.blocks.variance_log2(*labels), self.blocks.change_log2, index)

    def _analog(self, remainder: Coefficients, plan: Plan, symbols: int) -> tuple[int, Symbols]:
        """The gain that is told, and symbols of unit power."""
        picked, scale = self._picked(plan, symbols)
        parts = F.pad(remainder.flatten()[picked] * scale, (0, 2 * symbols - len(picked)))
        power = 2 * parts.square().mean().clamp_min(torch.finfo(parts.dtype).tiny)
        told = GAINS_AN_OCTAVE * (-power.log2().item() / 2 - LEAST_LOG2) if symbols else 0.0
        return min(max(round(told), 0), GAINS - 1), torch.view_as_complex((parts * power.rsqrt()).view(1, -1, 2))

    def _estimate(self, levels: Whole, plan: Plan, gain: int, rest: Received) -> tuple[Coefficients, Coefficients]:
        """Coefficients by levels and Wiener's estimate of what these leave open, and the variance of the error."""
        estimate, variance = plan.reconstructed(levels).flatten(), plan.left_open(levels).flatten()
        picked, scale = self._picked(plan, rest.symbols.shape[1])
        scale = scale * 2.0 ** (LEAST_LOG2 + gain / GAINS_AN_OCTAVE)
        heard = torch.view_as_real(rest.symbols).flatten()[: len(picked)] / scale
        noise = (rest.noise_var / 2).repeat_interleave(2, -1).flatten()[: len(picked)] / scale.square()
        weight = variance[picked] / (variance[picked] + noise)
        estimate[picked] += weight * heard
        variance[picked] *= 1 - weight
        return estimate.view(levels.shape), variance.view(levels.shape)

    def _picked(self, plan: Plan, symbols: int) -> tuple[Int[Tensor, " picked"], Float[Tensor, " picked"]]:
        """Coefficients whose remainders go into so many symbols, and how they are scaled before the gain."""
        picked, variance = plan.largest(2 * symbols)
        return picked, variance**-0.25

    def _nothing(self, size: tuple[int, int]) -> Shown:
        grey = torch.full((1, 3, *size), 0.5, device=self.blocks.basis.device)
        return Shown(grey, grey, lost=True)


def _to_bits(words: np.ndarray, bits: int) -> Bits:
    """The first word first, filled up with zeros."""
    data = torch.frombuffer(bytearray(words.astype(">u4").tobytes()), dtype=torch.uint8)
    return F.pad(bytes_to_bits(data[None]), (0, bits - 8 * len(data)))


def _to_words(bits: Bits) -> np.ndarray:
    whole = bits[:, : bits.shape[1] // WORD * WORD].cpu()
    return np.frombuffer(bits_to_bytes(whole).numpy().tobytes(), ">u4").astype(np.uint32)
