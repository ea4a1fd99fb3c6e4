"""The colour photographs inside the scikit-image wheel: natural pictures on every machine, without a download."""

from importlib.resources import files
from pathlib import Path

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


class Photos(ImageSource):
    """Eight colour photographs, cropped and resized as in :class:`semjscc.data.folder.Folder`, without captions.

    Args:
        size: (height, width) [pixels]. The default is the largest power of two to which no photograph must be
            enlarged (the smallest is 300 pixels high), and all five scales of MS-SSIM fit into it.
    """

    def __init__(self, size: tuple[int, int] = (256, 256)):
        self.size = size
        self.folder = Path(str(files("skimage") / "data"))
        self.skipped: list[str] = []

    def __len__(self) -> int:
        return len(FILES)

    def __getitem__(self, index: int) -> Picture:
        path = self.folder / FILES[index]
        return Picture(read_picture(path, self.size), path.stem)
