"""CIFAR-10 (Krizhevsky 2009) in its binary version: 60,000 pictures of 32 x 32."""

from typing import Literal

import numpy as np
import torch

from semjscc.data.base import ImageSource, Picture
from semjscc.data.downloads import MissingData, Origin, fetched

ARCHIVE = Origin("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")
FOLDER = "cifar-10-batches-bin"
FILES = {"train": [f"data_batch_{number}.bin" for number in range(1, 6)], "test": ["test_batch.bin"]}
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32  # [bytes]: the class, then red, green and blue


class CIFAR10(ImageSource):
    """Pictures in the order of the files, without captions; a picture's name is its class and its number.

    Args:
        split: 50,000 to train on or 10,000 to test with.
        root: folder with cifar-10-batches-bin in it; see :func:`semjscc.data.downloads.home`.

    Raises:
        MissingData: they are not there, and cannot be fetched, or a file is not whole.
    """

    def __init__(self, split: Literal["train", "test"] = "test", root: str | None = None):
        folder = fetched("cifar10", {f"{FOLDER}/{name}": ARCHIVE for name in FILES[split]}, root) / FOLDER
        files = [np.fromfile(folder / name, np.uint8) for name in FILES[split]]
        for name, content in zip(FILES[split], files, strict=True):
            if content.size == 0 or content.size % RECORD:
                raise MissingData(f"{folder / name} has {content.size} bytes, no whole records of {RECORD}: remove it")
        self.records = np.concatenate(files).reshape(-1, RECORD)
        self.skipped: list[str] = []

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Picture:
        label, pixels = self.records[index, 0], self.records[index, 1:].reshape(3, 32, 32)
        return Picture(torch.from_numpy(pixels.astype(np.float32)) / 255, f"{CLASSES[label]}-{index}")
