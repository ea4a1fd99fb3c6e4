"""What both ends of a two-layer code know of a picture once its classes and its step are told, and what follows."""

from contextlib import suppress

import numpy as np
import torch
from constriction import stream
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semjscc.codecs.blocks import Coefficients, changes, summed
from semjscc.codecs.levels import MOST, model, quantised, rows_of, tables

Whole = Int[Tensor, "rows columns coefficients"]
Known = Bool[Tensor, "rows columns coefficients"]
Means = Int[Tensor, "rows columns"]

STEPS, STEPS_AN_OCTAVE, FINEST_LOG2 = 1024, 64, -6  # of quantisers; the finest is 2^-6


class Plan:
    """Levels of a picture's coefficients, how they are told, and which remainders go where.

    Levels are told in the order of falling variance, so that the beginning of a damaged stream is worth the most; the
    means of blocks first, as the change from block to block. Of those that are next to always zero none is told.

    Args:
        variance_log2: of each coefficient, binary logarithm.
        change_log2: of the change of means from block to block, likewise.
        index: of the quantiser's step, 0..STEPS-1, the finest first.
    """

    def __init__(self, variance_log2: Coefficients, change_log2: Float[Tensor, ""], index: int):
        self.step = 2.0 ** (FINEST_LOG2 + index / STEPS_AN_OCTAVE)
        self.tables = tables(variance_log2.device)
        self.rows = rows_of(variance_log2, self.step)
        self.row_of_means = int(rows_of(change_log2, self.step))

    def quantised(self, coefficients: Coefficients) -> Whole:
        """Levels; 0 where they are not told. Those of means are what their changes, of at most MOST, add up to."""
        levels = quantised(coefficients, self.step)
        levels[..., 0] = summed(self._changes_of_means(coefficients))
        levels[..., 1:][self.rows[..., 1:] < self.tables.told] = 0
        return levels

    def reconstructed(self, levels: Whole) -> Coefficients:
        """The mean of the coefficients that have these levels."""
        size = self.tables.middle[self.rows, levels.abs().clamp(max=MOST)]
        return torch.copysign(size, levels.float()) * self.step

    def left_open(self, levels: Whole) -> Coefficients:
        """The variance of what they leave open."""
        return self.tables.left[self.rows, levels.abs().clamp(max=MOST)] * self.step**2

    def largest(self, count: int) -> tuple[Int[Tensor, " picked"], Float[Tensor, " picked"]]:
        """The coefficients of which most is left open, whatever their levels, and the variance of that."""
        rows = self.rows.flatten()
        picked = _falling(self.tables.rank[rows])[:count]
        return picked, self.tables.open[rows[picked]] * self.step**2

    def bits(self, coefficients: Coefficients) -> float:
        """What it takes to tell their levels."""
        rows = self.rows[..., 1:]
        told = rows >= self.tables.told
        others = self.tables.bits[rows[told], quantised(coefficients[..., 1:][told], self.step).abs()]
        return others.double().sum().item() + self._bits_of_means(self._changes_of_means(coefficients))

    def write(self, encoder: stream.queue.RangeEncoder, levels: Whole) -> None:
        encoder.encode(_symbols(changes(levels[..., 0]).flatten()), model(self.row_of_means))
        order, groups = self._order()
        for (row, _), group in zip(groups, levels.flatten()[order].split([n for _, n in groups]), strict=True):
            encoder.encode(_symbols(group), model(row))

    def read(self, decoder: stream.queue.RangeDecoder, bits: float) -> tuple[Whole, Known]:
        """Levels, 0 from the first on that needs more than ``bits``, and which of them are right."""
        levels, known = torch.zeros_like(self.rows), torch.ones_like(self.rows, dtype=torch.bool)
        order, groups = self._order()
        known.view(-1)[order] = False
        known[..., 0] = False
        with suppress(AssertionError):  # damage: no encoder writes such words
            means = levels[..., 0]
            steps = _levels(decoder.decode(model(self.row_of_means), means.numel()), means).view(means.shape)
            bits -= self._bits_of_means(steps)
            if bits >= 0:
                levels[..., 0], known[..., 0] = summed(steps), True
            for (row, count), places in zip(groups, order.split([n for _, n in groups]), strict=True):
                if bits < 0:
                    break
                found = _levels(decoder.decode(model(row), count), means)
                spent = self.tables.bits[row, found.abs()].double().cumsum(0)
                right = places[spent <= bits]
                levels.view(-1)[right], known.view(-1)[right] = found[: len(right)], True
                bits -= spent[-1].item()
        return levels, known

    def _order(self) -> tuple[Int[Tensor, " told"], list[tuple[int, int]]]:
        """Coefficients in the order that their levels are told in, without means; and rows with how many of each."""
        told = self.rows >= self.tables.told
        told[..., 0] = False
        rows = torch.where(told, self.rows, 0).flatten()
        order = _falling(rows)[: int(told.sum())]
        values, counts = rows[order].unique_consecutive(return_counts=True)
        return order, list(zip(values.tolist(), counts.tolist(), strict=True))

    def _changes_of_means(self, coefficients: Coefficients) -> Means:
        return changes(quantised(coefficients[..., 0], self.step)).clamp(-MOST, MOST)

    def _bits_of_means(self, steps: Means) -> float:
        return self.tables.bits[self.row_of_means, steps.abs()].double().sum().item()


def _falling(small: Int[Tensor, " all"]) -> Int[Tensor, " all"]:
    """Where the largest of numbers in 0..255 are, the first of equal ones first; numpy counts, and torch compares."""
    order = np.argsort(255 - small.to("cpu", torch.uint8).numpy(), kind="stable")
    return torch.from_numpy(order).to(small.device)


def _symbols(levels: Int[Tensor, " levels"]) -> np.ndarray:
    """As the range coder numbers them."""
    return (levels + MOST).int().cpu().numpy()


def _levels(symbols: np.ndarray, like: Tensor) -> Int[Tensor, " levels"]:
    return torch.from_numpy(symbols).to(like) - MOST
