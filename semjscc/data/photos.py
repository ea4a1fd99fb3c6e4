"""The colour photographs inside the scikit-image wheel: natural pictures on every machine, without a download."""

from importlib.resources import files
from pathlib import Path
from typing import Literal

from semjscc.data.base import ImageSource, Picture
from semjscc.data.folder import read_picture

FILES = (  # everyday pictures first, then a microscope's, an ophthalmoscope's and a telescope's
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "motorcycle_left.png",
    "rocket.jpg",
    "ihc.png",
    "retina.jpg",
    "hubble_deep_field.jpg",
)
TEST = ("chelsea.png", "coffee.png", "rocket.jpg")


class Photos(ImageSource):
    """Eight colour photographs, cropped and resized as in :class:`semjscc.data.folder.Folder`, without captions.

    Args:
        size: (height, width) [pixels]. The default is the largest power of two to which no photograph must be
            enlarged (the smallest is 300 pixels high), and all five scales of MS-SSIM fit into it. None keeps each
            photograph's own.
        split: all of them, the five to train on or the three to test with.
    """

    def __init__(self, size: tuple[int, int] | None = (256, 256), split: Literal["all", "train", "test"] = "all"):
        self.size = size
        self.files = [name for name in FILES if split == "all" or (name in TEST) == (split == "test")]
        self.folder = Path(str(files("skimage") / "data"))
        self.skipped: list[str] = []

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Picture:
        path = self.folder / self.files[index]
        return Picture(read_picture(path, self.size), path.stem)
