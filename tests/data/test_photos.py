import pytest
import torch

from semjscc.data.photos import FILES, Photos


def test_eight_different_photographs_of_the_default_size():
    photos = [Photos()[index] for index in range(len(Photos()))]
    assert len({photo.name for photo in photos}) == 8
    assert photos[0].name == "astronaut"
    for photo in photos:
        assert photo.image.shape == (3, 256, 256)
        assert photo.image.min() >= 0
        assert photo.image.max() <= 1
        assert photo.image.std() > 0.1  # a picture, not a surface
        assert (photo.image[0] != photo.image[2]).any()  # in colour
        assert photo.captions == []


def test_all_of_the_photographs_come_with_scikit_image():
    assert all((Photos().folder / name).is_file() for name in FILES)
    assert Photos().skipped == []


def test_size_is_height_and_width():
    assert Photos((64, 96))[1].image.shape == (3, 64, 96)


def test_the_same_index_is_the_same_picture():
    assert torch.equal(Photos((32, 32))[2].image, Photos((32, 32))[2].image)


def test_there_is_a_last_photograph():
    with pytest.raises(IndexError):
        Photos()[8]
