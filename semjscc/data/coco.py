"""COCO with its captions (Lin et al. 2014; Chen et al. 2015), as of 2014 or of 2017."""

import json
from collections import defaultdict
from typing import Literal

from semjscc.data.base import ImageSource, Picture
from semjscc.data.downloads import Origin, fetched
from semjscc.data.folder import read_picture

ADDRESS = "http://images.cocodataset.org"
MD5 = {
    "train2014": "0da8c0bd3d6becc4dcb32757491aca88",
    "val2014": "a3d79f5ed8d289b7a7554ce06a5782b3",
    "train2017": "cced6f7f71b7629ddf16f17bbcfab6b2",
    "val2017": "442b8da7639aecaf257c1dceb8ba8c80",
    "annotations_trainval2014": "0a379cfc70b0e71301e0f377548639bd",
    "annotations_trainval2017": "f4bbac642086de4f52a3fdda2de5fa2c",
}


class COCO(ImageSource):
    """Pictures sorted by file name, each with its captions, five or more.

    Args:
        split: val2017 takes 1 GB of downloads, captions included; train2017 19 GB.
        root: folder with folders of the split's name and "annotations"; see :func:`semjscc.data.downloads.home`.
        size: (height, width) of all pictures, see :func:`semjscc.data.folder.read_picture`; None keeps their own.

    Raises:
        MissingData: they are not there, and cannot be fetched.
    """

    def __init__(
        self,
        split: Literal["val2017", "train2017", "val2014", "train2014"] = "val2017",
        root: str | None = None,
        size: tuple[int, int] | None = None,
    ):
        captions, told = f"annotations/captions_{split}.json", f"annotations_trainval{split[-4:]}"
        origins = {
            split: Origin(f"{ADDRESS}/zips/{split}.zip", MD5[split]),
            captions: Origin(f"{ADDRESS}/annotations/{told}.zip", MD5[told]),
        }
        folder = fetched("coco", origins, root)
        self.folder, self.size = folder / split, size
        self.captions = _captions(json.loads((folder / captions).read_text()))
        self.names = sorted(self.captions)
        self.skipped: list[str] = []

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Picture:
        name = self.names[index]
        return Picture(read_picture(self.folder / name, self.size), name, self.captions[name])


def _captions(told: dict) -> dict[str, list[str]]:
    """The captions of each picture by its file's name, in the order of their numbers."""
    of_picture = defaultdict(list)
    for caption in sorted(told["annotations"], key=lambda caption: caption["id"]):
        of_picture[caption["image_id"]].append(caption["caption"].strip())
    return {picture["file_name"]: of_picture[picture["id"]] for picture in told["images"]}
