"""Patches of pictures, cut as they are needed: which, where and how is a function of the patch's number alone.

So a training that goes on after a kill sees what it would have seen, and so do several processes that share one.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count, permutations
from typing import Any, TypedDict

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info
from tqdm import tqdm

from semjscc.data.base import ImageSource
from semjscc.rng import PerImage


class Batch(TypedDict):
    """What a step is handed."""

    images: Float[Tensor, "batch 3 height width"]  # in [0, 1]
    numbers: Int[Tensor, " batch"]  # of the patches
    names: list[str]  # of the pictures they are cut from


class Patches:
    """Square patches by number, without end: picture after picture, in an order that is shuffled anew every round.

    Pictures are decoded once and kept as bytes, as long as ``memory`` lasts; the others are decoded for each patch.

    Args:
        side: of a patch [pixels].
        seed: of order, places and flips.
        flip: every second patch is mirrored, left to right.
        memory: for pictures [bytes].
        reductions: whole factors, one of which each patch is reduced by, as far as its picture is large enough.
        recolour: red, green and blue are exchanged, in each of the six orders.
    """

    def __init__(
        self,
        source: ImageSource,
        side: int,
        seed: int,
        flip: bool,
        memory: float,
        reductions: Sequence[int] = (1,),
        recolour: bool = False,
    ):
        self.source, self.side, self.seed, self.flip = source, side, seed, flip
        self.reductions, self.orders = reductions, list(permutations(range(3))) if recolour else [(0, 1, 2)]
        self.kept: list[tuple[UInt8[Tensor, "3 height width"], str]] = []
        for index in tqdm(range(len(source)), desc="reading pictures", leave=False):
            if memory <= 0:
                break
            self.kept.append(self._read(index))
            memory -= self.kept[-1][0].numel()

    def batch(self, numbers: list[int]) -> Batch:
        """The patches of these numbers; raises ``ValueError`` where a picture is smaller than a patch."""
        like = torch.empty(0, dtype=torch.float64)
        chances = PerImage([(self.seed, number) for number in numbers]).uniform("patch", (len(numbers), 5), like)
        pictures = [self._picture(number) for number in numbers]
        patches = [self._cut(*picture, *at) for picture, at in zip(pictures, chances.tolist(), strict=True)]
        names = [name for _, name in pictures]
        return {"images": torch.stack(patches).float() / 255, "numbers": torch.tensor(numbers), "names": names}

    def _picture(self, number: int) -> tuple[UInt8[Tensor, "3 height width"], str]:
        turn, place = divmod(number, len(self.source))
        index = int(_order(self.seed, turn, len(self.source))[place])
        return self.kept[index] if index < len(self.kept) else self._read(index)

    def _read(self, index: int) -> tuple[UInt8[Tensor, "3 height width"], str]:
        picture = self.source[index]
        return (picture.image * 255).round().to(torch.uint8), picture.name

    def _cut(
        self,
        pixels: UInt8[Tensor, "3 height width"],
        name: str,
        down: float,
        right: float,
        mirrored: float,
        coarser: float,
        colours: float,
    ) -> UInt8[Tensor, "3 side side"]:
        height, width = pixels.shape[1:]
        fitting = [factor for factor in self.reductions if factor * self.side <= min(height, width)]
        if not fitting:
            raise ValueError(f"{name} is {height} x {width} pixels: too small for {min(self.reductions) * self.side}")
        factor = fitting[int(coarser * len(fitting))]
        side = factor * self.side
        top, left = int(down * (height - side + 1)), int(right * (width - side + 1))
        patch = pixels[list(self.orders[int(colours * len(self.orders))]), top : top + side, left : left + side]
        if factor > 1:
            patch = avg_pool2d(patch.float(), factor).round().to(torch.uint8)
        return patch.flip(2) if self.flip and mirrored < 0.5 else patch


@lru_cache(maxsize=4)
def _order(seed: int, turn: int, pictures: int) -> np.ndarray:
    return np.random.default_rng((seed, turn)).permutation(pictures)


class Stream(IterableDataset):
    """Whole batches without end for one of several processes, number ``first`` and on; workers take turns.

    Batch s of process r is patches (s x processes + r) x size and on.
    """

    def __init__(self, patches: Patches, size: int, first: int = 0, rank: int = 0, processes: int = 1):
        self.patches, self.size, self.first, self.rank, self.processes = patches, size, first, rank, processes

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        at, turns = (worker.id, worker.num_workers) if worker else (0, 1)
        for step in count(self.first + at, turns):
            start = (step * self.processes + self.rank) * self.size
            yield self.patches.batch(list(range(start, start + self.size)))


class Watched(Dataset):
    """The first patches, always the same."""

    def __init__(self, patches: Patches, length: int):
        self.patches, self.length = patches, length

    def __len__(self) -> int:
        return self.length

    def __getitems__(self, numbers: list[int]) -> Batch:
        return self.patches.batch(numbers)


class PatchesData(LightningDataModule):
    """Patches of one source to learn from, patches of another to watch.

    Args:
        side: of the patches to learn from [pixels].
        val_side: of those to watch; every source's pictures must be as large as its patches.
        num_val: patches to watch, the same at all times.
        batch_size: patches a step and process.
        num_workers: processes that cut patches; 0 cuts them between the steps.
        memory: for decoded pictures [bytes].
        seed: of the sequence of patches.
        reductions: of patches to learn from, as in :class:`Patches`.
        recolour: likewise.
    """

    def __init__(
        self,
        train: ImageSource,
        val: ImageSource,
        side: int = 64,
        val_side: int = 128,
        num_val: int = 32,
        batch_size: int = 32,
        num_workers: int = 0,
        memory: float = 4e9,
        seed: int = 0,
        reductions: Sequence[int] = (1,),
        recolour: bool = False,
    ):
        super().__init__()
        self.reductions, self.recolour = reductions, recolour
        self.train, self.val, self.side, self.val_side = train, val, side, val_side
        self.num_val, self.batch_size, self.num_workers = num_val, batch_size, num_workers
        self.memory, self.seed, self.first = memory, seed, 0

    def setup(self, stage: str) -> None:
        varied = self.reductions, self.recolour
        self.train_patches = Patches(self.train, self.side, self.seed, True, self.memory, *varied)
        self.val_patches = Patches(self.val, self.val_side, self.seed, False, self.memory)

    def train_dataloader(self) -> DataLoader:
        rank, processes = self.trainer.global_rank, self.trainer.world_size
        stream = Stream(self.train_patches, self.batch_size, self.first, rank, processes)
        return DataLoader(stream, batch_size=None, num_workers=self.num_workers)

    def val_dataloader(self) -> DataLoader:
        watched = Watched(self.val_patches, self.num_val)
        return DataLoader(watched, self.batch_size, collate_fn=_as_it_is, num_workers=self.num_workers)

    def state_dict(self) -> dict[str, Any]:
        """How many batches have been learned from."""
        return {"first": self.trainer.global_step * self.trainer.accumulate_grad_batches}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.first = state_dict["first"]


def _as_it_is(batch: Any) -> Any:
    return batch
