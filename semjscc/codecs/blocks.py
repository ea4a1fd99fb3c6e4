"""Blocks of pixels in classes: how much there is of each frequency in a block, told in a few bits."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from constriction import stream
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm import tqdm

from semjscc.codecs.linear import cosines
from semjscc.types import Images

Coefficients = Float[Tensor, "rows columns coefficients"]
Labels = Int[Tensor, "rows columns"]

QUIETEST_DB, LOUDER_DB, LOUDEST = -72.0, 3.0, 32  # loudness 0, from one to the next, and the last
DOUBT = 0.2  # blocks a class by which a loudness is taken for all others, where its classes are counted
CATEGORICAL = partial(stream.model.Categorical, perfect=False)
ROUNDING = (0.5 / 255) ** 2  # the least that is told from nothing


class Blocks(nn.Module):
    """Pictures as cosines of blocks, each block of one of a few *classes* and with a *loudness* of its own.

    A class is a shape of the variances of a block's coefficients, the loudness scales all of them but the mean's. Both
    are chosen for each block by likelihood, as Gaussian, and told with the probabilities that they have in photographs:
    a loudness as the change from the block on its left, at the edge from the one above; then the class, given the
    loudness. Shapes are found by Lloyd's algorithm on photographs.

    Args:
        stride: pixels a side of a block.
        classes: how many shapes there are.
    """

    basis: Float[Tensor, "coefficients pixels"]
    shapes_log2: Float[Tensor, "classes others"]
    mean_log2: Float[Tensor, ""]
    change_log2: Float[Tensor, ""]
    class_shares: Float[Tensor, "loudnesses classes"]
    change_shares: Float[Tensor, " changes"]

    def __init__(self, stride: int, classes: int):
        super().__init__()
        self.stride = stride
        basis, variance = cosines(stride)
        self.register_buffer("basis", basis, persistent=False)
        start = variance[1:].log2().expand(classes, -1)
        self.register_buffer("shapes_log2", start - start.mean(1, keepdim=True))
        self.register_buffer("mean_log2", variance[0].log2())  # of blocks' means, times the stride
        self.register_buffer("change_log2", variance[0].log2() - 2)  # of the difference between neighbours in them
        self.register_buffer("class_shares", torch.full((LOUDEST + 1, classes), 1 / classes))
        self.register_buffer("change_shares", torch.full((2 * LOUDEST + 1,), 1 / (2 * LOUDEST + 1)))

    def coefficients(self, image: Float[Tensor, "3 height width"]) -> Coefficients:
        """Of a picture whose sides are multiples of the stride."""
        return F.pixel_unshuffle(image - 0.5, self.stride).movedim(0, -1) @ self.basis.T

    def image(self, coefficients: Coefficients) -> Float[Tensor, "3 height width"]:
        """Not yet in [0, 1]."""
        return F.pixel_shuffle((coefficients @ self.basis).movedim(-1, 0), self.stride) + 0.5

    def variance_image(self, variance: Coefficients) -> Float[Tensor, "3 height width"]:
        """Of each pixel, where the coefficients have these variances and nothing in common."""
        return F.pixel_shuffle((variance @ self.basis.square()).movedim(-1, 0), self.stride)

    def classify(self, coefficients: Coefficients) -> tuple[Labels, Labels]:
        """Most likely class and loudness of each block."""
        energy = coefficients[..., 1:].square() + ROUNDING
        gains = energy @ (-self.shapes_log2).exp2().T / energy.shape[-1]  # of each class, most likely
        classes = gains.argmin(-1)  # shapes have a mean logarithm of 0
        loudness = (10 * gains.gather(-1, classes[..., None]).squeeze(-1).log10() - QUIETEST_DB) / LOUDER_DB
        return classes, loudness.round().clamp(0, LOUDEST).long()

    def variance_log2(self, classes: Labels, loudness: Labels) -> Coefficients:
        """What class and loudness tell of each coefficient."""
        gain_log2 = (QUIETEST_DB + LOUDER_DB * loudness) / 10 * float(np.log2(10))
        others = self.shapes_log2[classes] + gain_log2[..., None]
        return torch.cat([self.mean_log2.expand(*classes.shape, 1), others], -1)

    def bits(self, classes: Labels, loudness: Labels) -> float:
        """What it takes to tell them."""
        shares = [self.class_shares[loudness, classes], self.change_shares[changes(loudness) + LOUDEST]]
        return -sum(share.log2().sum().item() for share in shares)

    def write(self, encoder: stream.queue.RangeEncoder, classes: Labels, loudness: Labels) -> None:
        encoder.encode(_numbers(changes(loudness) + LOUDEST), CATEGORICAL(self._shares_of_changes()))
        encoder.encode(_numbers(classes), CATEGORICAL(), self._shares_of_classes(loudness))

    def read(self, decoder: stream.queue.RangeDecoder, grid: tuple[int, int]) -> tuple[Labels, Labels]:
        """Classes and loudness; damage shows in them."""
        steps = torch.from_numpy(decoder.decode(CATEGORICAL(self._shares_of_changes()), grid[0] * grid[1]))
        loudness = summed(steps.long().view(grid) - LOUDEST).clamp(0, LOUDEST).to(self.basis.device)
        classes = torch.from_numpy(decoder.decode(CATEGORICAL(), self._shares_of_classes(loudness)))
        return classes.long().view(grid).to(loudness.device), loudness

    def _shares_of_changes(self) -> np.ndarray:
        return self.change_shares.double().cpu().numpy()

    def _shares_of_classes(self, loudness: Labels) -> np.ndarray:
        return self.class_shares[loudness.flatten()].double().cpu().numpy()

    def fit(self, images: Images, rounds: int = 40, seed: int = 0) -> None:
        """Learns shapes, variances of the mean and probabilities from patches; a class with few blocks stays."""
        pictures = [self.coefficients(image) for image in images]
        self._fit_shapes(torch.cat([c.flatten(0, 1) for c in pictures]), rounds, seed)
        means = torch.stack([c[..., 0] for c in pictures])
        self.mean_log2.copy_(means.var().log2())
        self.change_log2.copy_(means.diff(dim=-1).square().mean().log2())
        labels = [self.classify(c) for c in pictures]
        classes, loudness = (torch.cat([one.flatten() for one in each]) for each in zip(*labels, strict=True))
        steps = torch.cat([changes(one)[:, 1:].flatten() for _, one in labels]) + LOUDEST
        counted = steps.bincount(minlength=len(self.change_shares)) + 0.5
        self.change_shares.copy_(counted / counted.sum())
        number = self.class_shares.shape[1]
        counted = (loudness * number + classes).bincount(minlength=self.class_shares.numel()).view(-1, number)
        counted = counted + DOUBT * number * (counted.sum(0) + 0.5) / (counted.sum() + 0.5 * number)
        self.class_shares.copy_(counted / counted.sum(1, keepdim=True))

    def _fit_shapes(self, blocks: Float[Tensor, "blocks coefficients"], rounds: int, seed: int) -> None:
        energy = blocks[:, 1:].square() + ROUNDING
        chance = torch.randn(self.shapes_log2.shape, generator=torch.Generator().manual_seed(seed))
        self._set_shapes(energy.mean(0).log2() + chance.to(energy))
        for _ in tqdm(range(rounds), desc="classes of blocks", leave=False):
            gains = energy @ (-self.shapes_log2).exp2().T / energy.shape[1]
            best, classes = gains.min(1)
            relative = energy / best[:, None]
            shapes = self.shapes_log2.clone()
            for label in range(len(shapes)):
                if (members := classes == label).sum() > 20:
                    shapes[label] = relative[members].mean(0).log2()
            self._set_shapes(shapes)

    def _set_shapes(self, shapes_log2: Float[Tensor, "classes others"]) -> None:
        self.shapes_log2.copy_(shapes_log2 - shapes_log2.mean(1, keepdim=True))


def changes(x: Labels) -> Labels:
    """From the block on the left, in the first column from the one above; the first block's from zero."""
    before = F.pad(x[:, :-1], (1, 0))
    before[1:, 0] = x[:-1, 0]
    return x - before


def summed(steps: Labels) -> Labels:
    """What has these changes."""
    return torch.cat([steps[:, :1].cumsum(0), steps[:, 1:]], 1).cumsum(1)


def _numbers(labels: Labels) -> np.ndarray:
    return labels.flatten().int().cpu().numpy()
