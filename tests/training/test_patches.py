"""A patch is a function of its number: neither batches, processes nor restarts change it."""

from collections import Counter
from itertools import permutations

import pytest
import torch
from torch.utils.data import DataLoader

from semjscc.data.base import ImageSource, Picture
from semjscc.training.patches import Patches, PatchesData, Stream


class Ramps(ImageSource):
    """Pictures whose red is the column, whose green is the row and whose blue is their number."""

    def __init__(self, pictures=5, size=(20, 30)):
        self.pictures, self.size, self.skipped = pictures, size, []

    def __len__(self):
        return self.pictures

    def __getitem__(self, index):
        height, width = self.size
        columns, rows = torch.arange(width).expand(height, width), torch.arange(height)[:, None].expand(height, width)
        return Picture(torch.stack([columns, rows, torch.full_like(rows, index)]) / 255, f"ramp-{index}")


def patches(side=8, seed=0, flip=True, memory=1e6, reductions=(1,), recolour=False, **source):
    return Patches(Ramps(**source), side, seed, flip, memory, reductions, recolour)


def levels(batch):
    return (batch["images"] * 255).round().int()


def test_patches_are_cut_from_their_pictures_and_every_second_is_mirrored():
    batch = patches().batch(list(range(400)))
    columns, rows, index = levels(batch).unbind(1)
    steps = columns.diff(dim=2)
    mirrored = (steps == -1).all((1, 2))
    assert ((steps == 1).all((1, 2)) | mirrored).all()
    assert (rows.diff(dim=1) == 1).all()
    assert batch["names"] == [f"ramp-{i}" for i in index[:, 0, 0].tolist()]
    assert abs(mirrored.sum() - 200) < 5 * 10  # five sigma of B(400, 1/2)
    assert {rows.min().item(), rows.max().item()} == {0, 19}
    assert {columns.min().item(), columns.max().item()} == {0, 29}


def test_unmirrored_patches_are_not_mirrored():
    assert (levels(patches(flip=False).batch(list(range(50))))[:, 0].diff(dim=2) == 1).all()


def test_reduced_patches_are_means_of_larger_ones_and_stay_inside():
    batch = patches(reductions=(1, 2), size=(20, 30)).batch(list(range(400)))
    columns, rows, _ = levels(batch).unbind(1)
    factor = rows.diff(dim=1)
    assert set(factor.flatten().tolist()) == {1, 2}
    halved = (factor == 2).all((1, 2))
    assert (columns.diff(dim=2).abs()[halved] == 2).all()
    assert abs(halved.sum() - 200) < 5 * 10
    assert rows[halved].max() <= 19
    assert columns[halved].max() <= 29


def test_a_picture_is_reduced_only_as_far_as_it_is_large_enough():
    assert (levels(patches(reductions=(1, 3), size=(20, 30)).batch([0, 1, 2, 3]))[:, 1].diff(dim=1) == 1).all()
    with pytest.raises(ValueError, match=r"ramp-\d is 12 x 30 pixels: too small for 16"):
        patches(reductions=(2,), size=(12, 30)).batch([0])


def test_colours_are_exchanged_in_all_six_orders():
    numbers = list(range(600))
    plain, changed = patches().batch(numbers), patches(recolour=True).batch(numbers)
    orders = Counter()
    for a, b in zip(plain["images"], changed["images"], strict=True):
        orders[next(order for order in permutations(range(3)) if torch.equal(a[list(order)], b))] += 1
    assert set(orders) == set(permutations(range(3)))
    assert min(orders.values()) > 100 - 5 * 9.2  # five sigma of B(600, 1/6)


def test_a_patch_does_not_depend_on_its_batch():
    source = patches()
    whole, again = source.batch(list(range(12))), source.batch([11, 3])
    assert torch.equal(again["images"], whole["images"][[11, 3]])
    assert again["numbers"].tolist() == [11, 3]
    other = patches(seed=1).batch(list(range(12)))
    assert not torch.equal(other["images"], whole["images"])


def test_every_picture_has_its_turn_in_an_order_that_changes():
    names = patches().batch(list(range(25)))["names"]
    turns = [names[start : start + 5] for start in range(0, 25, 5)]
    assert all(Counter(turn) == Counter(turns[0]) for turn in turns)
    assert len(set(map(tuple, turns))) > 1


@pytest.mark.parametrize("memory", [0, 2500])  # none, or two of five pictures of 1800 bytes
def test_pictures_that_are_not_kept_give_the_same_patches(memory):
    few = patches(memory=memory)
    assert len(few.kept) == (2 if memory else 0)
    assert torch.equal(few.batch([0, 1, 2, 3, 4])["images"], patches().batch([0, 1, 2, 3, 4])["images"])


def test_a_picture_smaller_than_the_patch_is_named():
    with pytest.raises(ValueError, match=r"ramp-\d is 20 x 30 pixels: too small for 24"):
        patches(side=24).batch([0])
    assert patches(side=20).batch([0])["images"].shape == (1, 3, 20, 20)


def numbers(stream, batches):
    return [batch["numbers"].tolist() for batch, _ in zip(stream, range(batches), strict=False)]


def test_processes_share_the_patches_of_a_step_and_a_restart_goes_on():
    both = zip(*(numbers(Stream(patches(), 2, rank=rank, processes=2), 4) for rank in (0, 1)), strict=True)
    alone = numbers(Stream(patches(), 4), 4)
    assert [first + second for first, second in both] == alone
    assert numbers(Stream(patches(), 4, first=2), 2) == alone[2:]


def test_workers_take_turns():
    loader = DataLoader(Stream(patches(), 2, first=3), batch_size=None, num_workers=2)
    assert numbers(loader, 7) == numbers(Stream(patches(), 2, first=3), 7)


def test_validation_sees_the_same_patches_each_time():
    class Alone:
        global_rank, world_size, global_step, accumulate_grad_batches = 0, 1, 6, 2

    data = PatchesData(Ramps(), Ramps(), side=8, val_side=16, num_val=5, batch_size=2)
    data.trainer = Alone()
    data.setup("fit")
    first, second = (torch.cat([b["images"] for b in data.val_dataloader()]) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (5, 3, 16, 16)
    data.load_state_dict(data.state_dict())
    assert next(iter(data.train_dataloader()))["numbers"].tolist() == [24, 25]
