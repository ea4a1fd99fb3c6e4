"""What a receiver knows of a file need not be sent."""

import pytest
from PIL import Image

from semjscc.codecs.formats import FORMATS, RECIPE, Pixels, halved
from semjscc.data.photos import Photos

SIZE = (80, 48)  # width, height
MIDDLE = {name: form.levels // 2 for name, form in FORMATS.items()}


@pytest.fixture(scope="module")
def picture():
    image = Photos((SIZE[1], SIZE[0]))[0].image
    return Pixels(Image.fromarray((image * 255).round().byte().movedim(0, -1).numpy()))


def every_setting():
    return [(name, setting) for name, form in FORMATS.items() for setting in range(len(form.settings))]


@pytest.mark.parametrize(("name", "setting"), every_setting())
def test_what_is_stripped_comes_back(name, setting, picture):
    form = FORMATS[name]
    file = form.write(picture, setting, MIDDLE[name])
    stripped = form.strip(picture, setting, 0, MIDDLE[name])
    assert form.restore(stripped, SIZE) == file
    assert form.read(file, SIZE).size == SIZE


@pytest.mark.parametrize(("name", "most"), [("JPEG2000", 12), ("WEBP", 12), ("AVIF", 18), ("HEVC", 18)])
def test_of_a_container_there_is_next_to_nothing_left(name, most, picture):
    """Two bytes of recipe, and a deflated header: where the data lie, and how long they are, is news."""
    form = FORMATS[name]
    file, level = form.write(picture, 0, MIDDLE[name]), MIDDLE[name]
    data = len(file) - file.index(form.start) - len(form.start)
    assert len(form.strip(picture, 0, 0, level)) - data <= RECIPE + most


def test_of_a_jpegs_header_its_own_huffman_tables_are_left(picture):
    form = FORMATS["JPEG"]
    file = form.write(picture, 0, 50)
    tables, at = 0, 2
    while file[at + 1] != 0xDA:  # segment by segment to the start of scan
        length = int.from_bytes(file[at + 2 : at + 4], "big")
        tables += (length + 2) * (file[at + 1] == 0xC4)
        at += length + 2
    news = len(form.strip(picture, 0, 0, 50)) - (len(file) - at - 2) - RECIPE
    assert 0 < news < tables
    assert at > tables + 150  # two quantisation tables and the frame, which the receiver can write itself


@pytest.mark.parametrize("name", FORMATS)
def test_a_halved_picture_is_restored_from_the_whole_ones_size(name, picture):
    form = FORMATS[name]
    smaller = Pixels(picture.image.resize(halved(SIZE, 2)))
    stripped = form.strip(smaller, 0, 2, MIDDLE[name])
    assert form.read(form.restore(stripped, SIZE), SIZE).size == (20, 12)


def test_halving_rounds_up_as_often_as_it_is_done():
    size = (257, 33)
    for times in range(6):
        assert halved((257, 33), times) == size
        size = (size[0] + 1) // 2, (size[1] + 1) // 2


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_recipe_or_header_gives_nothing_to_read(name, picture):
    form = FORMATS[name]
    stripped = form.strip(picture, 0, 0, MIDDLE[name])
    for wrong in (b"", b"\x00", b"\xf0" + stripped[1:], b"\x0f" + stripped[1:], stripped[:1] + b"\x00" + stripped[2:]):
        assert form.restore(wrong, SIZE) is None
    assert form.restore(stripped[:RECIPE] + b"\xff" * 40, SIZE) is None


def test_a_header_that_inflates_for_ever_is_cut_short(picture):
    import zlib

    bomb = zlib.compressobj(9, wbits=-15)
    payload = b"\x00\x32" + bomb.compress(bytes(2**24)) + bomb.flush()
    assert len(payload) < 2**15
    assert FORMATS["JPEG"].restore(payload, SIZE) is None


def test_a_picture_is_written_once(picture, monkeypatch):
    form, calls = FORMATS["WEBP"], []
    save = Image.Image.save
    monkeypatch.setattr(Image.Image, "save", lambda self, *words, **more: calls.append(1) or save(self, *words, **more))
    first = form.write(picture, 0, 37)
    assert form.write(Pixels(picture.image.copy()), 0, 37) == first
    assert len(calls) <= 1
    assert form.write(Pixels(picture.image.rotate(180)), 0, 37) != first


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (8, 3), (33, 57)])
def test_every_format_takes_pictures_of_any_size(name, size):
    form, picture = FORMATS[name], Pixels(Image.effect_noise(size, 50))
    for setting in range(len(form.settings)):
        stripped = form.strip(picture, setting, 0, MIDDLE[name])
        assert form.read(form.restore(stripped, size), size).size == size
