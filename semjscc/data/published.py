"""Published pictures without captions that lie in a folder as files."""

from typing import Literal

from semjscc.data.downloads import Origin, fetched
from semjscc.data.folder import Folder

DIV2K = "https://data.vision.ee.ethz.ch/cvl/DIV2K"
MD5 = {"train": "bdc2d9338d4e574fe81bf7d158758658", "valid": "9fcdda83005c5e5997799b69f955ff88"}


def kodak(root: str | None = None, size: tuple[int, int] | None = None) -> Folder:
    """The 24 photographs of the Kodak Lossless True Color Image Suite, 768 x 512 or 512 x 768.

    Args:
        root: folder they lie in, or are put into; see :func:`semjscc.data.downloads.home`.
        size: as in :class:`~semjscc.data.folder.Folder`.

    Raises:
        MissingData: they are not there, and cannot be fetched.
    """
    names = [f"kodim{number:02d}.png" for number in range(1, 25)]
    origins = {name: Origin(f"http://r0k.us/graphics/kodak/kodak/{name}") for name in names}
    return Folder(str(fetched("kodak", origins, root)), size)


def div2k(
    split: Literal["train", "valid"] = "valid", root: str | None = None, size: tuple[int, int] | None = None
) -> Folder:
    """800 photographs to train on or 100 to validate with, about 2040 x 1400 (Agustsson and Timofte 2017, DIV2K).

    Args:
        split: "train" takes 3.3 GB of downloads, "valid" 0.4 GB.
        root: folder with DIV2K_train_HR or DIV2K_valid_HR in it; see :func:`semjscc.data.downloads.home`.
        size: as in :class:`~semjscc.data.folder.Folder`.

    Raises:
        MissingData: they are not there, and cannot be fetched.
    """
    part = f"DIV2K_{split}_HR"
    folder = fetched("div2k", {part: Origin(f"{DIV2K}/{part}.zip", MD5[split])}, root)
    return Folder(str(folder / part), size)
