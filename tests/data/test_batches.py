import pytest
import torch

from semjscc.data.base import ImageSource, Picture
from semjscc.data.batches import batches


class Sizes(ImageSource):
    """Pictures of the given (height, width), each filled with its index."""

    def __init__(self, sizes):
        self.sizes, self.skipped = sizes, []

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, index):
        return Picture(torch.full((3, *self.sizes[index]), float(index)), f"picture-{index}", [f"caption {index}"])


def test_neighbours_of_one_size_share_a_batch():
    a, b = (2, 3), (3, 2)
    found = list(batches(Sizes([a, a, a, b, a, b, b]), 7, batch_size=2))
    assert [indices for indices, _ in found] == [[0, 1], [2], [3], [4], [5, 6]]


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_every_picture_comes_once_with_what_is_known_of_it(batch_size):
    source = Sizes([(4, 4)] * 7 + [(4, 5)] * 3)
    found = list(batches(source, 10, batch_size))
    assert [index for indices, _ in found for index in indices] == list(range(10))
    for indices, pictures in found:
        assert len(indices) == len(pictures.images) <= batch_size
        assert pictures.images[:, 0, 0, 0].tolist() == indices
        assert pictures.names == [f"picture-{index}" for index in indices]
        assert pictures.captions == [[f"caption {index}"] for index in indices]


def test_groups_are_whole_and_filled_up_by_nobodys_pictures():
    found = list(batches(Sizes([(2, 2)] * 8 + [(3, 3)]), 9, batch_size=4, group=3))
    assert [indices for indices, _ in found] == [[0, 1, 2, 3, 4, 5], [6, 7, -1], [8, -1, -2]]
    assert found[1][1].images[:, 0, 0, 0].tolist() == [6.0, 7.0, 6.0]
    assert found[2][1].images[:, 0, 0, 0].tolist() == [8.0, 8.0, 8.0]


@pytest.mark.parametrize(("num_images", "expected"), [(0, 0), (3, 3), (9, 5)])
def test_no_more_than_asked_for_and_no_more_than_there_are(num_images, expected):
    assert sum(len(indices) for indices, _ in batches(Sizes([(2, 2)] * 5), num_images, 2)) == expected


def test_pictures_are_read_as_they_are_needed():
    class Endless(Sizes):
        def __len__(self):
            return 2**31

        def __getitem__(self, index):
            assert index < 3
            return super().__getitem__(0)

    indices, _ = next(batches(Endless([(2, 2)]), 2**31, batch_size=3))
    assert indices == [0, 1, 2]
