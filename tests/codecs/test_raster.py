import warnings

import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from semjscc.codecs.formats import FORMATS as FILES
from semjscc.codecs.formats import Pixels
from semjscc.codecs.packing import bits_to_bytes, bytes_to_bits
from semjscc.codecs.raster import ImageFile, RawPixels
from semjscc.data.photos import Photos
from semjscc.units import linear_to_db

SIZE = (48, 80)
FORMATS = list(FILES)
EITHER = [(format, False) for format in FORMATS] + [(format, True) for format in ("JPEG", "JPEG2000", "WEBP")]
AMPLE = 4.0  # bits per pixel, headers included: a good picture of SIZE in every format


@pytest.fixture(scope="module")
def photos():
    source = Photos(SIZE)
    return torch.stack([source[index].image for index in range(2)])


def psnr_db(images, truth):
    return -linear_to_db((images - truth).square().mean((1, 2, 3)))


def damaged(bits, share, seed):
    flips = torch.rand(bits.shape, generator=torch.Generator().manual_seed(seed)) < share
    return (bits + flips) % 2


# ---- raw pixels -----------------------------------------------------------------------------------------------------


def test_raw_pixels_survive_the_round_trip(photos):
    bits = RawPixels().encode(photos)
    assert bits.shape == (2, 24 * SIZE[0] * SIZE[1])
    assert torch.equal(RawPixels().decode(bits, SIZE), photos)
    assert RawPixels().content_bits(bits).tolist() == [bits.shape[1]] * 2
    assert RawPixels().undecodable(bits, SIZE) is None


def test_raw_pixels_go_row_by_row_with_their_colours_side_by_side():
    images = torch.arange(24.0).view(1, 2, 3, 4).movedim(2, 1) / 255  # [height 2, colour 3, width 4] seen as an image
    expected = images[0].movedim(0, -1).flatten() * 255
    assert torch.equal(bits_to_bytes(RawPixels().encode(images))[0].float(), expected)


def test_raw_pixels_are_rounded_and_clipped():
    levels = torch.tensor([-9.0, 0.4, 0.6, 254.4, 254.6, 300.0])
    images = levels.view(1, 3, 1, 2) / 255
    decoded = RawPixels().decode(RawPixels().encode(images), (1, 2))
    assert (decoded * 255).round().flatten().tolist() == [0, 0, 1, 254, 255, 255]


def test_one_wrong_bit_of_raw_pixels_changes_one_colour_of_one_pixel(photos):
    bits = RawPixels().encode(photos[:1])
    bits[0, 0] = 1 - bits[0, 0]  # the most significant bit of the first red
    change = (RawPixels().decode(bits, SIZE) - photos[:1]).abs()
    assert change[0, 0, 0, 0].item() == pytest.approx(128 / 255)
    assert change.count_nonzero() == 1


# ---- files: the budget ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("format", "charged"), EITHER)
def test_every_picture_has_the_same_budget_and_uses_it_well(format, charged, photos):
    codec = ImageFile(format, AMPLE, charged)
    bits = codec.encode(photos)
    assert bits.shape == (2, 8 * int(AMPLE * SIZE[0] * SIZE[1] / 8))
    used = codec.content_bits(bits) / bits.shape[1]
    assert used.max() <= 1
    assert used.min() > 0.75  # a step of quality costs less than a quarter of a file
    assert codec.undecodable(bits, SIZE).tolist() == [0, 0]
    assert psnr_db(codec.decode(bits, SIZE), photos).min() > 25


@pytest.mark.parametrize(("format", "charged"), EITHER)
def test_more_bits_never_make_a_worse_picture(format, charged, photos):
    codec, pixels = ImageFile(format, charge_header=charged), SIZE[0] * SIZE[1]
    sent = [codec.fit(photos[:2], int(rate * pixels)) for rate in (1.5, 5.0)]
    quality = [psnr_db(codec.decode(bits, SIZE), photos[:2]) for bits in sent]
    gains = torch.stack(quality).diff(dim=0)
    assert gains.min() >= 0
    assert gains.mean() > 1  # dB


@pytest.mark.parametrize(("format", "charged"), EITHER)
def test_no_budget_is_ever_exceeded(format, charged):
    """From noise, which no codec likes, to a flat picture, and from too few bits for anything to plenty."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(2, 3, 24, 40, generator=generator)
    images = 0.5 + torch.tensor([0.0, 1.0]).view(2, 1, 1, 1) * (noise - 0.5)
    codec = ImageFile(format, charge_header=charged)
    for bits in (8, 1003, 9001):
        sent = codec.fit(images, bits)
        assert sent.shape == (2, bits // 8 * 8)
        lost = codec.undecodable(sent, (24, 40))
        assert (codec.content_bits(sent) == 0).equal(lost == 1)
    assert not lost.any()


@pytest.mark.parametrize("format", FORMATS)
def test_a_header_that_the_receiver_knows_makes_room_for_the_picture(format, photos):
    """What is saved is spent: the picture is at least as good, and a picture fits where the whole file does not."""
    whole, bare = ImageFile(format), ImageFile(format, charge_header=False)
    bits = 16_000
    photos = photos[:1]
    quality = [psnr_db(codec.decode(codec.fit(photos, bits), SIZE), photos) for codec in (whole, bare)]
    assert quality[1] >= quality[0]
    header = {"JPEG": 200, "JPEG2000": 140, "WEBP": 30, "AVIF": 250, "HEVC": 350}[format]  # bytes
    assert whole.undecodable(whole.fit(photos, 8 * header), SIZE).all()
    assert not bare.undecodable(bare.fit(photos, 8 * max(header, 100)), SIZE).any()


def test_without_a_size_of_its_own_a_file_must_be_told_one(photos):
    with pytest.raises(ValueError, match="must be told its budget"):
        ImageFile("JPEG").encode(photos)
    with pytest.raises(ValueError, match="at most 7 bits"):
        ImageFile("JPEG").fit(photos, 7)


def test_an_unknown_format_is_named_beside_those_there_are():
    with pytest.raises(ValueError, match=r"JPEG, JPEG2000, WEBP, AVIF, HEVC; got 'BPG'"):
        ImageFile("BPG")


def test_the_last_bits_are_zeros_and_no_content(photos):
    codec = ImageFile("JPEG", 8.0)
    bits = codec.encode(photos)
    data = bits_to_bytes(bits)
    for payload, length in zip(data, codec.content_bits(bits) // 8, strict=True):
        assert payload[length - 2 : length].tolist() == [0xFF, 0xD9]  # JPEG's end of image
        assert not payload[length:].any()


def test_jpeg_is_the_best_file_that_pillow_can_write_in_the_budget(photos, tmp_path):
    picture = Image.fromarray((photos[0] * 255).round().byte().movedim(0, -1).numpy())
    budget = int(3.0 * SIZE[0] * SIZE[1] / 8)
    best = 0.0
    for chroma in ("4:2:0", "4:4:4"):
        for quality in range(1, 101):
            path = tmp_path / "picture.jpg"
            picture.save(path, quality=quality, subsampling=chroma, optimize=True)
            if path.stat().st_size <= budget:
                bits = bytes_to_bits(torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8).unsqueeze(0))
                shown = ImageFile("JPEG", 3.0).decode(bits, SIZE)
                best = max(best, psnr_db(shown, photos[:1]).item())
    codec = ImageFile("JPEG", 3.0)
    found = psnr_db(codec.decode(codec.encode(photos[:1]), SIZE), photos[:1]).item()
    assert found >= best - 0.2  # dB, about half a step of quality: size is not quite monotonic in quality


def test_a_small_budget_sends_a_smaller_picture():
    photo = Photos((256, 256))[0].image.unsqueeze(0)
    codec = ImageFile("JPEG", 0.07)  # at full size even the lowest quality takes twice as much
    bits = codec.encode(photo)
    assert bits.shape == (1, 8 * 573)
    assert codec.undecodable(bits, (256, 256)).item() == 0
    assert codec.decode(bits, (256, 256)).shape == photo.shape
    assert psnr_db(codec.decode(bits, (256, 256)), photo).item() > 15  # mid-grey is at 10 dB


def test_an_impossible_budget_is_a_picture_lost_and_not_a_sweep(photos):
    codec = ImageFile("JPEG", 0.1)
    bits = codec.encode(photos[:2])
    assert bits.shape == (2, 8 * 48)
    assert codec.undecodable(bits, SIZE).tolist() == [1, 1]
    assert codec.content_bits(bits).tolist() == [0, 0]
    assert (codec.decode(bits, (48, 80)) == 0.5).all()


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (33, 57), (5, 200)])
def test_odd_sizes_survive(size):
    images = interpolate(torch.rand(1, 3, 2, 2), size, mode="bilinear")
    codec = ImageFile("WEBP", 8.0 * (1 + 100 / (size[0] * size[1])))
    assert psnr_db(codec.decode(codec.encode(images), size), images).item() > 20


def test_noise_of_full_quality_fits_into_pillows_buffer():
    images = torch.rand(1, 3, 272, 272)  # above Pillow's 65536 bytes at one byte per pixel, where its own guess ends
    codec = ImageFile("JPEG", 12.0)
    assert codec.content_bits(codec.encode(images)).item() > 8 * 272 * 272


@pytest.mark.parametrize("bits_per_pixel", [0.0, -1.0, float("nan")])
def test_a_senseless_budget_is_refused(bits_per_pixel):
    with pytest.raises(ValueError, match="must be positive"):
        ImageFile("JPEG", bits_per_pixel)


# ---- files: damage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("format", "charged"), EITHER)
def test_damage_is_shown_and_never_raised(format, charged, photos):
    codec = ImageFile(format, AMPLE, charged)
    bits = codec.encode(photos)
    lost = 0.0
    for seed in range(40):
        heard = damaged(bits, 10 ** -(1 + seed % 4), seed)
        images, undecodable = codec.decode(heard, SIZE), codec.undecodable(heard, SIZE)
        assert images.shape == photos.shape
        assert images.min() >= 0
        assert images.max() <= 1
        assert torch.equal((images == 0.5).flatten(1).all(1).float(), undecodable)
        lost += undecodable.mean().item() / 40
    assert 0.2 < lost < 0.95  # some pictures are lost, others shown as they are heard


@pytest.mark.parametrize(("format", "charged"), EITHER)
def test_every_single_wrong_bit_of_the_header_is_survived(format, charged, photos):
    codec = ImageFile(format, AMPLE, charged)
    bits = codec.encode(photos[:1])
    flips = torch.eye(bits.shape[1])[:480]
    images = codec.decode((bits + flips) % 2, SIZE)
    assert images.shape == (480, 3, *SIZE)


@pytest.mark.parametrize(("format", "charged"), EITHER)
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_silence_is_mid_grey(format, charged, value):
    codec = ImageFile(format, 4.0, charged)
    bits = torch.full((2, 4 * SIZE[0] * SIZE[1]), value)
    assert codec.undecodable(bits, SIZE).tolist() == [1, 1]
    assert (codec.decode(bits, SIZE) == 0.5).all()


@pytest.mark.parametrize("format", FORMATS)
def test_noise_is_mid_grey(format):
    codec = ImageFile(format, 1.0)
    assert codec.undecodable(torch.randint(2, (20, 4096)).float(), SIZE).tolist() == [1] * 20


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_ends_early_is_mid_grey(format, photos):
    codec = ImageFile(format, AMPLE)
    bits = codec.encode(photos[:1])
    assert codec.undecodable(bits[:, :800], SIZE).item() == 1


def test_a_jpeg_is_shown_as_far_as_it_came(photos):
    """In one scan, row after row: its upper half is untouched where only what comes later is lost."""
    codec = ImageFile("JPEG", AMPLE)
    file = FILES["JPEG"].write(Pixels(Image.fromarray((photos[0] * 255).byte().movedim(0, -1).numpy())), 0, 60)
    scan = file.index(b"\xff\xda")
    cut = file[: scan + (len(file) - scan) * 3 // 4]
    for lost in (b"", bytes(len(file) - len(cut))):
        shown, whole = (
            codec.decode(bytes_to_bits(torch.frombuffer(bytearray(data), dtype=torch.uint8)[None]), SIZE)
            for data in (cut + lost, file)
        )
        assert torch.equal(shown[..., :16, :], whole[..., :16, :])
        assert not torch.equal(shown[..., 32:, :], whole[..., 32:, :])


def test_a_header_that_claims_a_giant_picture_is_not_followed(photos):
    codec = ImageFile("JPEG", 4.0)
    data = bits_to_bytes(codec.encode(photos[:1]))
    start = bytes(data[0].tolist()).index(b"\xff\xc0") + 5  # height and width in the start of frame
    data[0, start : start + 4] = torch.tensor([0x25, 0, 0x26, 0])  # 92 million pixels, where Pillow begins to warn
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        assert codec.undecodable(bytes_to_bits(data), SIZE).item() == 1
    assert leaked == []
    data[0, start : start + 4] = torch.tensor([0, SIZE[0] * 2, 0, SIZE[1]])
    assert codec.undecodable(bytes_to_bits(data), SIZE).item() == 1


def test_damage_in_the_filling_does_no_harm(photos):
    codec = ImageFile("JPEG", 10.0)
    bits = codec.encode(photos)
    filling = torch.arange(bits.shape[1]) >= codec.content_bits(bits).unsqueeze(1)
    assert filling.any(1).all()
    assert torch.equal(codec.decode(torch.where(filling, 1.0, bits), SIZE), codec.decode(bits, SIZE))
