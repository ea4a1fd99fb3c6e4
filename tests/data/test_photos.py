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


def test_the_splits_share_nothing_and_keep_the_order():
    splits = [[Photos((8, 8), split)[i].name for i in range(len(Photos((8, 8), split)))] for split in ("train", "test")]
    assert splits == [
        ["astronaut", "motorcycle_left", "ihc", "retina", "hubble_deep_field"],
        ["chelsea", "coffee", "rocket"],
    ]


def test_photographs_may_keep_their_own_size():
    assert Photos(None, "test")[0].image.shape == (3, 300, 451)
