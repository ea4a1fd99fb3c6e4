"""Published sets, in tiny folders of their layout, and the one line where they are not."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from semjscc.data import downloads
from semjscc.data.cifar10 import CIFAR10
from semjscc.data.coco import COCO
from semjscc.data.downloads import MissingData
from semjscc.data.photographs import lay_out, listed, photographs
from semjscc.data.published import div2k, kodak


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    def urlopen(url, timeout):
        raise OSError("no network")

    monkeypatch.setattr(downloads, "urlopen", urlopen)


def picture(path, size=(12, 8), level=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, 0, 0)).save(path)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        (kodak, "kodim01.png"),
        (div2k, "DIV2K_valid_HR"),
        (CIFAR10, "test_batch.bin"),
        (COCO, "val2017"),
        (photographs, "python -m semjscc.data.photographs"),
    ],
)
def test_what_is_missing_is_said_in_one_line(source, part, tmp_path):
    with pytest.raises(MissingData, match=f"no .* in {tmp_path}.*{part}") as caught:
        source(root=str(tmp_path))
    assert "\n" not in str(caught.value)


def test_kodak_has_24_photographs_in_their_order(tmp_path):
    for number in range(1, 25):
        picture(tmp_path / f"kodim{number:02d}.png", level=number)
    source = kodak(str(tmp_path))
    assert [round(255 * source[i].image[0, 0, 0].item()) for i in range(len(source))] == list(range(1, 25))
    assert source[0].image.shape == (3, 8, 12)


def test_div2k_takes_the_folder_of_its_split(tmp_path):
    picture(tmp_path / "DIV2K_valid_HR" / "0801.png")
    picture(tmp_path / "DIV2K_train_HR" / "0001.png")
    assert div2k("train", str(tmp_path)).names == ["0001.png"]
    assert div2k(root=str(tmp_path), size=(4, 4))[0].image.shape == (3, 4, 4)


def cifar(folder, name, labels):
    """Records of constant pictures, red the label, green 100 and blue 200."""
    folder.mkdir(exist_ok=True)
    planes = np.repeat(np.array([[label, 100, 200] for label in labels], np.uint8), 1024, axis=1)
    np.concatenate([np.array(labels, np.uint8)[:, None], planes], 1).tofile(folder / name)


def test_cifar_10_reads_red_green_and_blue_of_every_record(tmp_path):
    folder = tmp_path / "cifar-10-batches-bin"
    cifar(folder, "test_batch.bin", [3, 9])
    for number in range(1, 6):
        cifar(folder, f"data_batch_{number}.bin", [number])
    test = CIFAR10(root=str(tmp_path))
    assert [test[i].name for i in range(len(test))] == ["cat-0", "truck-1"]
    assert torch.equal((test[1].image * 255).round()[:, 5, 7], torch.tensor([9.0, 100.0, 200.0]))
    assert test[0].image.shape == (3, 32, 32)
    assert [CIFAR10("train", str(tmp_path))[i].name for i in range(5)] == [
        "automobile-0", "bird-1", "cat-2", "deer-3", "dog-4",
    ]  # fmt: skip
    with (folder / "test_batch.bin").open("ab") as file:
        file.write(b"x")
    with pytest.raises(MissingData, match=r"test_batch\.bin has 6147 bytes"):
        CIFAR10(root=str(tmp_path))


@pytest.mark.parametrize(("split", "stem"), [("val2017", ""), ("val2014", "COCO_val2014_")])
def test_coco_gives_every_picture_its_captions(tmp_path, split, stem):
    names = {7: f"{stem}000000000007.jpg", 3: f"{stem}000000000003.jpg"}
    for name in names.values():
        picture(tmp_path / split / name)
    told = {
        "images": [{"id": number, "file_name": name} for number, name in names.items()],
        "annotations": [
            {"id": 10 - k, "image_id": 7 if k % 2 else 3, "caption": f" caption {10 - k}\n"} for k in range(10)
        ],
    }
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / f"captions_{split}.json").write_text(json.dumps(told))
    source = COCO(split, str(tmp_path), (16, 16))
    assert [source[i].name for i in range(len(source))] == sorted(names.values())
    assert source[0].captions == [f"caption {number}" for number in (2, 4, 6, 8, 10)]
    assert source[1].image.shape == (3, 16, 16)


# ---- photographs of Debian packages ---------------------------------------------------------------------------------


def test_the_list_has_three_splits_and_every_name_once():
    names = [(photograph.split, photograph.name) for photograph in listed()]
    assert len(set(name.lower() for _, name in names)) == len(names) == 47
    assert [sum(split == wanted for split, _ in names) for wanted in ("train", "val", "test")] == [35, 4, 8]
    assert all(photograph.licence and photograph.author for photograph in listed())


def test_photographs_are_reduced_by_a_whole_factor_and_laid_by_split(tmp_path):
    chosen = [photograph for photograph in listed() if photograph.name in ("EveningGlow", "Dune", "LadyBird", "Path")]
    sizes = {"EveningGlow": (2560, 1600), "Dune": (1680, 1050), "LadyBird": (5200, 3200)}
    for photograph in chosen:
        if photograph.name in sizes:
            picture(tmp_path / "files" / photograph.file, sizes[photograph.name])
    missing = list(lay_out(chosen, tmp_path / "files", tmp_path / "out"))
    assert ["Path" in file for file in missing] == [True]
    source = photographs("test", str(tmp_path / "out"))
    assert source.names == ["Dune.png", "EveningGlow.png", "LadyBird.png"]
    assert [tuple(source[i].image.shape[1:]) for i in range(3)] == [(525, 840), (533, 853), (800, 1300)]
