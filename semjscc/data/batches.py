"""Pictures of a source, a batch at a time."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

import torch

from semjscc.data.base import ImageSource, Picture
from semjscc.types import Pictures

CHUNK = 8  # pictures; as many as keep a CPU busy


def batches(
    source: ImageSource, num_images: int, batch_size: int, group: int = 1
) -> Iterator[tuple[list[int], Pictures]]:
    """The first ``num_images`` pictures, or all where there are fewer, with their indices.

    Neighbours of one size share a batch of at most ``batch_size``, rounded up to whole groups of ``group``; pictures of
    different sizes never do. A group that lacks pictures is filled up with those that it has, under indices below 0.
    """
    batch_size = group * math.ceil(batch_size / group)
    pictures = ((index, source[index]) for index in range(min(num_images, len(source))))
    for _, neighbours in groupby(pictures, key=lambda numbered: numbered[1].image.shape):
        while batch := list(islice(neighbours, batch_size)):
            yield _stacked(_filled(batch, group))


def chunks(total: int, num_images: int, group: int = 1) -> list[range]:
    """The first ``num_images`` of ``total`` pictures, in portions that go through together: 1, 1, 2, 4, 8, 8, ...

    Where a portion begins and ends depends neither on how many pictures are asked for, so that the last may hold a few
    more, nor on anything but ``group``, of which all are multiples (up to :data:`CHUNK`, rounded up).
    """
    most, found, start = group * math.ceil(CHUNK / group), [], 0
    while start < min(num_images, total):
        size = min(max(group, start), most)
        found.append(range(start, min(start + size, total)))
        start += size
    return found


def of_one_size(source: ImageSource, indices: Sequence[int], group: int = 1) -> Iterator[tuple[list[int], Pictures]]:
    """The pictures at ``indices``, neighbours of one size together, in whole groups as in :func:`batches`."""
    numbered = ((index, source[index]) for index in indices)
    for _, neighbours in groupby(numbered, key=lambda one: one[1].image.shape):
        yield _stacked(_filled(list(neighbours), group))


def group_of(source: ImageSource | Sequence[Picture], index: int, group: int) -> tuple[list[int], Pictures, int]:
    """Picture ``index`` and those that share its group of ``group``, with their indices; and its row among them.

    They are those of :func:`batches` where the pictures before have one size; neighbours of another size are left out.
    """
    first = index - index % group
    found = [(i, source[i]) for i in range(first, min(first + group, len(source)))]
    size = found[index - first][1].image.shape
    alike = [numbered for numbered in found if numbered[1].image.shape == size]
    indices, pictures = _stacked(_filled(alike, group))
    return indices, pictures, indices.index(index)


def _filled(batch: list[tuple[int, Picture]], group: int) -> list[tuple[int, Picture]]:
    """Up to whole groups, with the pictures of the last one."""
    last = batch[len(batch) // group * group :]
    return batch + [(-1 - i, last[i % len(last)][1]) for i in range(-len(batch) % group)]


def _stacked(batch: list[tuple[int, Picture]]) -> tuple[list[int], Pictures]:
    indices, pictures = zip(*batch, strict=True)
    images = torch.stack([picture.image for picture in pictures])
    names = [picture.name for picture in pictures]
    return list(indices), Pictures(images, names, [picture.captions for picture in pictures])
