import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from semjscc.data.folder import Folder, read_picture


def ramp(height, width):
    """A picture whose red grows to the right and whose green grows downwards, over the full range."""
    red = np.broadcast_to(np.linspace(0, 255, width), (height, width))
    green = np.broadcast_to(np.linspace(0, 255, height)[:, None], (height, width))
    return Image.fromarray(np.stack([red, green, np.zeros_like(red)], -1).round().astype(np.uint8))


def png_16_bit(path, pixels, colour_type):
    """A PNG of 16-bit samples ``[height, width, samples]``; Pillow itself writes no such colours."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    )


def levels(path, size=None):
    return (read_picture(path, size) * 255).round().byte().movedim(0, -1).numpy()


# ---- a folder -------------------------------------------------------------------------------------------------------


def test_pictures_come_sorted_from_all_folders_below(tmp_path):
    for name in ("b.png", "A.JPG", "birds/c.webp", "a/z.gif", "d.tiff", "e.bmp", "f.avif", "g.jpeg", "h.tif"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        ramp(20, 30).save(path)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    source = Folder(str(tmp_path))
    names = ["A.JPG", "a/z.gif", "b.png", "birds/c.webp", "d.tiff", "e.bmp", "f.avif", "g.jpeg", "h.tif"]
    assert [source[index].name for index in range(len(source))] == names
    assert source.skipped == []
    expected = torch.from_numpy(np.array(ramp(20, 30))).movedim(-1, 0) / 255
    for index in range(len(source)):
        assert source[index].captions == []
        assert (source[index].image - expected).abs().mean() < 0.05  # the loss of the lossy formats


def test_a_broken_picture_among_good_ones_is_named_and_left_out(tmp_path):
    ramp(64, 64).save(tmp_path / "good.jpg")
    whole = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[:-100])  # opens, and fails only when it is decoded
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no picture")
    ramp(64, 64).save(tmp_path / "other.png")
    source = Folder(str(tmp_path), (16, 16))
    assert [source[index].name for index in range(len(source))] == ["good.jpg", "other.png"]
    assert [reason.split(":")[0] for reason in source.skipped] == ["cut.jpg", "empty.png", "text.png"]
    assert "truncated" in source.skipped[0]


def test_pictures_keep_their_own_sizes_or_share_one(tmp_path):
    for height, width in ((10, 20), (31, 7)):
        ramp(height, width).save(tmp_path / f"{height}.png")
    assert [Folder(str(tmp_path))[index].image.shape for index in (0, 1)] == [(3, 10, 20), (3, 31, 7)]
    assert [Folder(str(tmp_path), (12, 16))[index].image.shape for index in (0, 1)] == [(3, 12, 16)] * 2


def test_a_large_folder_shows_its_progress(tmp_path, capsys):
    for index in range(201):
        Image.new("RGB", (2, 2)).save(tmp_path / f"{index}.bmp")
    assert len(Folder(str(tmp_path))) == 201
    assert "201/201" in capsys.readouterr().err


def test_what_is_wrong_with_a_folder_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*missing.*\.jpg"):
        Folder(str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError, match=r"no pictures in .*\.jpg"):
        Folder(str(tmp_path))
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"not one of the 1 pictures in .*text\.png"):
        Folder(str(tmp_path))


# ---- a picture ------------------------------------------------------------------------------------------------------


def test_grey_fills_all_three_colours(tmp_path):
    Image.fromarray(np.array([[0, 77], [200, 255]], np.uint8)).save(tmp_path / "grey.png")
    assert levels(tmp_path / "grey.png").tolist() == [[[0] * 3, [77] * 3], [[200] * 3, [255] * 3]]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_are_white(tmp_path, mode):
    pixels = np.zeros((1, 3, len(mode)), np.uint8)
    pixels[0, :, -1] = [0, 102, 255]  # black that is transparent, 40 % and opaque
    Image.fromarray(pixels).save(tmp_path / "alpha.png")
    assert levels(tmp_path / "alpha.png")[0].tolist() == [[255] * 3, [153] * 3, [0] * 3]


def test_a_palette_gives_its_colours_and_its_transparency(tmp_path):
    picture = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    picture.putpalette([255, 0, 0, 0, 0, 255, 9, 9, 9])
    picture.save(tmp_path / "palette.png", transparency=bytes([255, 255, 0]))
    assert levels(tmp_path / "palette.png")[0].tolist() == [[255, 0, 0], [0, 0, 255], [255, 255, 255]]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_grey_keeps_its_range(tmp_path, suffix):
    Image.fromarray(np.array([[0, 257, 32768, 65535]], np.uint16)).save(tmp_path / f"grey.{suffix}")
    assert levels(tmp_path / f"grey.{suffix}")[0, :, 1].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize(("colour_type", "samples"), [(0, [65535]), (2, [65535, 257 * 77, 0]), (6, [0, 0, 0, 0])])
def test_16_bit_png_of_every_kind(tmp_path, colour_type, samples):
    png_16_bit(tmp_path / "deep.png", np.full((2, 3, len(samples)), samples), colour_type)
    expected = {0: [255] * 3, 2: [255, 77, 0], 6: [255] * 3}[colour_type]
    assert (levels(tmp_path / "deep.png") == expected).all()


def test_pixels_without_a_white_level_are_skipped_with_the_reason(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "float.tif")
    ramp(4, 4).save(tmp_path / "good.png")
    assert Folder(str(tmp_path)).skipped == ["float.tif: its 32-bit pixels do not say which value is white"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(tmp_path, orientation):
    stored = {  # how an upright picture lies in the file, by EXIF orientation
        1: lambda upright: upright,
        2: np.fliplr,
        3: lambda upright: np.rot90(upright, 2),
        4: np.flipud,
        5: lambda upright: upright.swapaxes(0, 1),
        6: lambda upright: np.rot90(upright, 1),
        7: lambda upright: np.rot90(upright, 2).swapaxes(0, 1),
        8: lambda upright: np.rot90(upright, -1),
    }
    upright = np.array(ramp(6, 10))
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored[orientation](upright))).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(levels(tmp_path / "turned.png"), upright)


def test_damaged_exif_data_do_not_cost_the_picture(tmp_path):
    ramp(8, 8).save(tmp_path / "exif.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09\x01\x12")
    assert levels(tmp_path / "exif.jpg").shape == (8, 8, 3)


def test_the_middle_is_cropped_to_the_aspect(tmp_path):
    ramp(100, 300).save(tmp_path / "wide.png")
    image = levels(tmp_path / "wide.png", (50, 50)).astype(float)
    assert image[:, :, 0].min() == pytest.approx(255 / 3, abs=3)  # the middle third, left to right
    assert image[:, :, 0].max() == pytest.approx(255 * 2 / 3, abs=3)
    assert image[0, :, 1].max() < 5  # and all of it, top to bottom
    assert image[-1, :, 1].min() > 250


def test_resizing_does_not_alias(tmp_path):
    board = np.indices((128, 128)).sum(0) % 2 * 255
    Image.fromarray(board.astype(np.uint8)).save(tmp_path / "board.png")
    assert np.abs(levels(tmp_path / "board.png", (16, 16)).astype(int) - 127.5).max() < 8
