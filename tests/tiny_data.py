"""Published data sets of a few small pictures each, in their own layouts."""

import json
from pathlib import Path

import numpy as np
from torchvision.transforms.functional import to_pil_image

from semjscc.data.photos import Photos


def save_data(root: Path, side: int = 256) -> Path:
    """Every set that is not shipped, in a folder of its own below ``root``."""
    pictures = [to_pil_image(Photos((side, side))[index].image) for index in range(3)]
    coco = {
        "val2017": [f"{number:012d}.jpg" for number in range(2)],
        "val2014": [f"COCO_val2014_{number:012d}.jpg" for number in range(2)],
    }
    files = [f"kodak/kodim{number:02d}.png" for number in range(1, 25)]
    files += [f"div2k/DIV2K_{part}_HR/000{number}.png" for part in ("train", "valid") for number in (1, 2)]
    files += [f"photographs/{split}/a.png" for split in ("train", "val", "test")]
    files += [f"coco/{split}/{name}" for split, names in coco.items() for name in names]
    for index, file in enumerate(files):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        pictures[index % 3].save(root / file, compress_level=1)
    (root / "coco" / "annotations").mkdir()
    for split, names in coco.items():
        told = {
            "images": [{"id": number, "file_name": name} for number, name in enumerate(names)],
            "annotations": [{"id": k, "image_id": k % 2, "caption": "a photograph"} for k in range(10)],
        }
        (root / "coco" / "annotations" / f"captions_{split}.json").write_text(json.dumps(told))
    cifar = root / "cifar10" / "cifar-10-batches-bin"
    cifar.mkdir(parents=True)
    for name in ("test_batch", *(f"data_batch_{number}" for number in range(1, 6))):
        np.arange(4 * 3073).astype(np.uint8).clip(0, 9).tofile(cifar / f"{name}.bin")
    return root
