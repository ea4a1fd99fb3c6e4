"""Hybrid digital-analog coding: what matters most as bits, what they leave open as symbols of any value."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from constriction import stream
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semjscc.codecs.blocks import Blocks, Coefficients, changes, summed
from semjscc.codecs.levels import MOST, model, quantised, rows_of, tables
from semjscc.codecs.packing import bits_to_bytes, bytes_to_bits
from semjscc.codecs.restoration import Restoration
from semjscc.codecs.weights import Trained
from semjscc.types import Bits, Images, Received, Symbols

WORD = 32  # bits that the range coder puts out at once
STEPS, STEPS_AN_OCTAVE, FINEST_LOG2 = 1024, 64, -6  # of quantisers, which are told; the finest is 2^-6
GAINS, GAINS_AN_OCTAVE, LEAST_LOG2 = 1024, 64, -4  # of the analog symbols, which are told; the least is 2^-4
READ_AHEAD = 64  # bits that the range decoder has taken in before it needs them


Rows = Int[Tensor, "rows columns coefficients"]


@dataclass(frozen=True)
class Plan:
    """What both ends know of a picture once its classes and its step are told."""

    variance_log2: Coefficients
    step: float
    rows: Rows  # of the levels' tables


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
    coefficient: by it levels are coded (:mod:`~semjscc.codecs.levels`), and by what they leave open the analog symbols
    are given to coefficients, with powers proportional to the deviation (Lee and Petersen, "Optimal linear coding for
    vector channels", 1976). The quantiser's step is the finest whose levels fit the bits. The receiver knows the
    variance of the error in every pixel, and hands it to a network with the picture
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
        coefficients = self.blocks.coefficients(self._padded(images)[0])
        labels = self.blocks.classify(coefficients)
        variance_log2 = self.blocks.variance_log2(*labels)
        taken = self.blocks.bits(*labels) + math.log2(STEPS * GAINS) + WORD

        def fits(index: int) -> bool:
            return self._bits(coefficients, self._plan(variance_log2, index)) <= bits - bits % WORD - taken

        for index in range(bisect_left(range(STEPS), True, key=fits), STEPS):
            plan = self._plan(variance_log2, index)
            levels = self._quantised(coefficients, plan)
            gain, analog = self._analog(coefficients - self._reconstructed(levels, plan), plan, symbols)
            encoder = stream.queue.RangeEncoder()
            encoder.encode(np.array([index, gain], np.int32), stream.model.Uniform(STEPS))
            self.blocks.write(encoder, *labels)
            self._write(encoder, levels, plan)
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
            labels = self.blocks.read(decoder, self.grid(size))
        except AssertionError:  # no encoder writes such words
            return self._nothing(size)
        right = layers.right - READ_AHEAD if layers.right < layers.bits.shape[1] else math.inf
        left_over = right - math.log2(STEPS * GAINS) - self.blocks.bits(*labels)
        if left_over < 0:
            return self._nothing(size)
        plan = self._plan(self.blocks.variance_log2(*labels), index)
        levels, known = self._read(decoder, plan, left_over)
        estimate, variance = self._estimate(levels, plan, gain, layers.rest)
        variance = torch.where(known, variance, plan.variance_log2.exp2())
        pictures = torch.stack([self.blocks.image(estimate), self.blocks.variance_image(variance)])
        shown, spread = pictures[:, None, :, : size[0], : size[1]]
        return Shown(shown, spread)

    def restore(self, images: Images, variance: Images) -> Images:
        """What the network makes of pictures and the variance of the error in each pixel."""
        rows, columns = images.shape[2:]
        restored = self.restoration(self._padded(images), self._padded(variance))[..., :rows, :columns]
        return restored if self.training else restored.clamp(0, 1)

    def grid(self, size: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of blocks of pictures of ``size`` = (height, width)."""
        return -(-size[0] // self.stride), -(-size[1] // self.stride)

    @property
    def _device(self) -> torch.device:
        return self.blocks.basis.device

    def _padded(self, images: Images) -> Float[Tensor, "batch 3 _ _"]:
        """To whole blocks, with the last row and column."""
        return F.pad(images, (0, -images.shape[3] % self.stride, 0, -images.shape[2] % self.stride), mode="replicate")

    def _plan(self, variance_log2: Coefficients, index: int) -> Plan:
        step = 2.0 ** (FINEST_LOG2 + index / STEPS_AN_OCTAVE)
        return Plan(variance_log2, step, rows_of(variance_log2, step))

    def _quantised(self, coefficients: Coefficients, plan: Plan) -> Rows:
        """Levels; 0 where they are not told. Those of means are what their changes, of at most MOST, add up to."""
        levels = quantised(coefficients, plan.step)
        levels[..., 0] = summed(_changes_of_means(coefficients, plan))
        levels[..., 1:][plan.rows[..., 1:] < tables(self._device).told] = 0
        return levels

    def _reconstructed(self, levels: Rows, plan: Plan) -> Coefficients:
        size = tables(self._device).middle[plan.rows, levels.abs().clamp(max=MOST)]
        return torch.copysign(size, levels.float()) * plan.step

    def _bits(self, coefficients: Coefficients, plan: Plan) -> float:
        """What it takes to tell the levels."""
        known, rows = tables(self._device), plan.rows[..., 1:]
        told = rows >= known.told
        others = known.bits[rows[told], quantised(coefficients[..., 1:][told], plan.step).abs()]
        means = self._bits_of_means(_changes_of_means(coefficients, plan), plan)
        return others.double().sum().item() + means.sum().item()

    def _bits_of_means(self, steps: Int[Tensor, "rows columns"], plan: Plan) -> Float[Tensor, "rows columns"]:
        return tables(self._device).bits[self._row_of_means(plan), steps.abs()]

    def _row_of_means(self, plan: Plan) -> int:
        return int(rows_of(self.blocks.change_log2, plan.step))

    def _order(self, plan: Plan) -> tuple[Int[Tensor, " told"], list[tuple[int, int]]]:
        """Coefficients in the order that their levels are told in, without means; and rows with how many of each."""
        told = plan.rows >= tables(self._device).told
        told[..., 0] = False
        rows = torch.where(told, plan.rows, 0).flatten()
        order = _falling(rows)[: int(told.sum())]
        values, counts = rows[order].unique_consecutive(return_counts=True)
        return order, list(zip(values.tolist(), counts.tolist(), strict=True))

    def _write(self, encoder: stream.queue.RangeEncoder, levels: Rows, plan: Plan) -> None:
        steps = changes(levels[..., 0]).flatten()
        encoder.encode(_symbols(steps), model(self._row_of_means(plan)))
        order, groups = self._order(plan)
        for (row, _), group in zip(groups, levels.flatten()[order].split([n for _, n in groups]), strict=True):
            encoder.encode(_symbols(group), model(row))

    def _read(
        self, decoder: stream.queue.RangeDecoder, plan: Plan, bits: float
    ) -> tuple[Rows, Bool[Tensor, "rows columns coefficients"]]:
        """Levels, 0 from the first on that needs more than ``bits``, and which are right."""
        levels, known = torch.zeros_like(plan.rows), torch.ones_like(plan.rows, dtype=torch.bool)
        order, groups = self._order(plan)
        known.view(-1)[order] = False
        known[..., 0] = False
        means, row = levels[..., 0], self._row_of_means(plan)
        with suppress(AssertionError):  # damage: no such stream
            steps = _levels(decoder.decode(model(row), means.numel())).to(means).view(means.shape)
            bits -= self._bits_of_means(steps, plan).sum().item()
            if bits < 0:
                return levels, known
            levels[..., 0], known[..., 0] = summed(steps), True
            start = 0
            for row, count in groups:
                found = _levels(decoder.decode(model(row), count)).to(means)
                spent = tables(self._device).bits[row, found.abs()].double().cumsum(0)
                right = int((spent <= bits).sum())
                levels.view(-1)[order[start : start + right]] = found[:right]
                known.view(-1)[order[start : start + right]] = True
                start, bits = start + count, bits - spent[-1].item()
                if bits < 0:
                    break
        return levels, known

    def _estimate(self, levels: Rows, plan: Plan, gain: int, rest: Received) -> tuple[Coefficients, Coefficients]:
        """Coefficients by levels and Wiener's estimate of what these leave open, and the variance of the error."""
        estimate = self._reconstructed(levels, plan).flatten()
        variance = (tables(self._device).left[plan.rows, levels.abs().clamp(max=MOST)] * plan.step**2).flatten()
        picked, scale = self._picked(plan, rest.symbols.shape[1])
        scale = scale * 2.0 ** (LEAST_LOG2 + gain / GAINS_AN_OCTAVE)
        heard = torch.view_as_real(rest.symbols).flatten()[: len(picked)] / scale
        noise = (rest.noise_var / 2).repeat_interleave(2, -1).flatten()[: len(picked)] / scale.square()
        weight = variance[picked] / (variance[picked] + noise)
        estimate[picked] += weight * heard
        variance[picked] *= 1 - weight
        return estimate.view(levels.shape), variance.view(levels.shape)

    def _nothing(self, size: tuple[int, int]) -> Shown:
        grey = torch.full((1, 3, *size), 0.5, device=self._device)
        return Shown(grey, grey, lost=True)

    def _analog(self, remainder: Coefficients, plan: Plan, symbols: int) -> tuple[int, Symbols]:
        """The gain that is told, and symbols of unit power."""
        picked, scale = self._picked(plan, symbols)
        parts = F.pad(remainder.flatten()[picked] * scale, (0, 2 * symbols - len(picked)))
        power = 2 * parts.square().mean().clamp_min(torch.finfo(parts.dtype).tiny)
        told = GAINS_AN_OCTAVE * (-power.log2().item() / 2 - LEAST_LOG2) if symbols else 0.0
        return min(max(round(told), 0), GAINS - 1), torch.view_as_complex((parts * power.rsqrt()).view(1, -1, 2))

    def _picked(self, plan: Plan, symbols: int) -> tuple[Int[Tensor, " picked"], Float[Tensor, " picked"]]:
        """Coefficients whose remainders go into so many symbols, and how they are scaled before the gain."""
        known, rows = tables(self._device), plan.rows.flatten()
        picked = _falling(known.rank[rows])[: 2 * symbols]
        return picked, (known.open[rows[picked]] * plan.step**2) ** -0.25


def _changes_of_means(coefficients: Coefficients, plan: Plan) -> Int[Tensor, "rows columns"]:
    return changes(quantised(coefficients[..., 0], plan.step)).clamp(-MOST, MOST)


def _falling(small: Int[Tensor, " all"]) -> Int[Tensor, " all"]:
    """Where the largest of numbers in 0..255 are, the first of equal ones first; numpy counts, and torch compares."""
    order = np.argsort(255 - small.to("cpu", torch.uint8).numpy(), kind="stable")
    return torch.from_numpy(order).to(small.device)


def _symbols(levels: Int[Tensor, " levels"]) -> np.ndarray:
    """As the range coder numbers them."""
    return (levels + MOST).int().cpu().numpy()


def _levels(symbols: np.ndarray) -> Int[Tensor, " levels"]:
    return torch.from_numpy(symbols) - MOST


def _to_bits(words: np.ndarray, bits: int) -> Bits:
    """The first word first, filled up with zeros."""
    data = torch.frombuffer(bytearray(words.astype(">u4").tobytes()), dtype=torch.uint8)
    return F.pad(bytes_to_bits(data[None]), (0, bits - 8 * len(data)))


def _to_words(bits: Bits) -> np.ndarray:
    whole = bits[:, : bits.shape[1] // WORD * WORD].cpu()
    return np.frombuffer(bits_to_bytes(whole).numpy().tobytes(), ">u4").astype(np.uint32)
