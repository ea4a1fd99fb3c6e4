"""Scenes for training: drawn once, kept as bytes, handed out a batch at a time."""

from typing import TypedDict

import torch
from jaxtyping import Float, Int, UInt8
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from semjscc.data.scenes import Scenes


class Batch(TypedDict):
    """What a training step is handed."""

    images: Float[Tensor, "batch 3 height width"]  # in [0, 1]
    captions: list[str]
    index: Int[Tensor, " batch"]  # of each scene among those drawn


class Drawn(Dataset):
    """The first ``length`` scenes of a source in memory, indexed by whole batches."""

    def __init__(self, scenes: Scenes, length: int):
        self.images: UInt8[Tensor, "scenes 3 height width"] = torch.empty(
            (length, 3, scenes.size, scenes.size), dtype=torch.uint8
        )
        self.captions: list[str] = []
        for i in tqdm(range(length), desc=f"drawing {scenes.split} scenes", leave=False):
            picture = scenes[i]
            self.images[i] = (picture.image * 255).round().to(torch.uint8)
            self.captions += picture.captions

    def __len__(self) -> int:
        return len(self.captions)

    def __getitems__(self, indices: list[int]) -> Batch:
        index = torch.tensor(indices)
        return {
            "images": self.images[index].float() / 255,
            "captions": [self.captions[i] for i in indices],
            "index": index,
        }


class ScenesData(LightningDataModule):
    """Scenes of the train split to learn from, scenes of the val split to watch.

    Args:
        num_train: scenes drawn before the first step (3 ms and 12 kB each)
        num_val: scenes for validation
        batch_size: scenes per step
        seed: of the sequence of scenes
    """

    def __init__(self, num_train: int = 30_000, num_val: int = 256, batch_size: int = 32, seed: int = 0):
        super().__init__()
        self.num_train, self.num_val, self.batch_size, self.seed = num_train, num_val, batch_size, seed

    def setup(self, stage: str) -> None:
        self.train_scenes = Drawn(Scenes("train", seed=self.seed), self.num_train)
        self.val_scenes = Drawn(Scenes("val", seed=self.seed), self.num_val)

    def _loader(self, scenes: Drawn, train: bool) -> DataLoader:
        return DataLoader(scenes, self.batch_size, shuffle=train, drop_last=train, collate_fn=lambda batch: batch)

    def train_dataloader(self) -> DataLoader:
        return self._loader(self.train_scenes, train=True)

    def val_dataloader(self) -> DataLoader:
        return self._loader(self.val_scenes, train=False)
