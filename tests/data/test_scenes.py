"""The world with words: its captions say all there is, its splits share nothing, its pictures show it."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch

from semjscc.data.drawing import BACKDROPS, COLOURS, KINDS, draw
from semjscc.data.scenes import INVERSE, SIZES, SPLITS, Scene, Scenes, Thing, agreement, positions, read_caption

SCENES = [Scenes(split).scene(index)[0] for split in SPLITS for index in range(400)]


def test_reading_a_caption_gives_the_scene_back():
    for scene in SCENES:
        assert read_caption(scene.caption) == scene


def test_captions_are_short_and_plain():
    assert max(len(scene.caption) for scene in SCENES) <= 111
    assert all(re.fullmatch(r"A [a-z ,]+\.", scene.caption) for scene in SCENES)


def test_scenes_are_where_their_caption_says():
    closer = {"left of": (0, -1), "right of": (0, 1), "above": (1, -1), "below": (1, 1)}
    for scene in SCENES:
        at = positions(scene)
        told = [(0, 1, scene.relations[:1])] + [(i, 2, scene.relations[1:]) for i in (0, 1)]
        for i, j, relations in told:
            for relation in relations:
                axis, sign = closer[relation]
                assert sign * (at[i][axis] - at[j][axis]) > 0.2


def test_the_caption_can_be_told_from_the_picture():
    """Of two things the bigger is named first; of equals the left or the upper one."""
    for scene in SCENES:
        if len(scene.things) > 1:
            first, second = scene.things[:2]
            assert (first.size, second.size) != ("small", "big")
            assert first.size != second.size or scene.relations[0] in ("left of", "above")


def test_splits_share_no_scene_and_take_their_sixteenths():
    captions = {split: {Scenes(split).scene(i)[0].caption for i in range(400)} for split in SPLITS}
    assert not captions["train"] & captions["test"]
    assert not captions["train"] & captions["val"]
    assert not captions["val"] & captions["test"]
    assert sorted(part for parts in SPLITS.values() for part in parts) == list(range(16))


def test_every_word_occurs():
    words = Counter(word for scene in SCENES for word in re.findall("[a-z]+", scene.caption))
    assert {*SIZES, *COLOURS, *KINDS} <= words.keys()
    assert {scene.backdrop for scene in SCENES} == set(BACKDROPS)
    assert {relation for scene in SCENES for relation in scene.relations} == set(INVERSE)


def test_the_same_index_is_the_same_picture_and_another_seed_another_world():
    assert torch.equal(Scenes()[7].image, Scenes()[7].image)
    assert Scenes()[7].captions == Scenes()[7].captions
    assert [Scenes(seed=1)[i].captions for i in range(5)] != [Scenes(seed=0)[i].captions for i in range(5)]


@pytest.mark.parametrize("size", [32, 64, 96])
def test_pictures_are_rgb_in_the_unit_range(size):
    picture = Scenes("val", size)[0]
    assert picture.image.shape == (3, size, size)
    assert 0 <= picture.image.min() < picture.image.max() <= 1


@pytest.mark.parametrize("colour", COLOURS)
def test_things_have_the_colour_that_is_said(colour):
    pixels = draw("meadow", [("star", colour, "big", (0.5, 0.5))], 64, np.random.default_rng(0))
    inside = pixels[30:36, 30:34].reshape(-1, 3).astype(float)
    assert np.abs(np.median(inside, axis=0) - COLOURS[colour]).max() < 12


def test_big_things_cover_more_than_small_ones():
    def covered(kind, size):
        empty = draw("desert", [], 64, np.random.default_rng(1)).astype(int)
        full = draw("desert", [(kind, "blue", size, (0.5, 0.5))], 64, np.random.default_rng(1)).astype(int)
        return (np.abs(full - empty).sum(-1) > 30).sum()

    assert all(covered(kind, "big") > 1.8 * covered(kind, "small") > 100 for kind in KINDS)


def test_an_unknown_split_is_refused():
    with pytest.raises((ValueError, TypeError), match=r"train.*val.*test"):  # TypeError while types are checked
        Scenes("dev")


# ---- agreement ------------------------------------------------------------------------------------------------------

SENT = "A big red car left of a small white house, both below a big yellow star, at night."  # 9 + 3 + 1 facts


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        (SENT, 13),
        ("A big red car left of a small white house, both below a big yellow star, by the sea.", 12),
        ("A small red car left of a small white house, both below a big yellow star, at night.", 12),
        ("A big red car right of a small white house, both below a big yellow star, at night.", 12),
        ("A big red car left of a small white house, both above a big yellow star, at night.", 11),
        ("A small white house right of a big red car, both below a big yellow star, at night.", 13),
        ("A big red car left of a small white house at night.", 8),
        ("A big red car at night.", 4),
        ("", 0),
        ("wnoden p st.", 0),
    ],
)
def test_agreement_counts_the_facts_that_are_kept(shown, kept):
    assert agreement(SENT, shown) == pytest.approx(kept / 13)


def test_agreement_with_itself_is_one_and_with_a_stranger_small():
    captions = [scene.caption for scene in SCENES[:200]]
    assert all(agreement(caption, caption) == 1 for caption in captions)
    strangers = [agreement(a, b) for a, b in pairwise(captions)]
    assert 0.2 < np.mean(strangers) < 0.5


def test_no_text_is_too_damaged_to_be_read():
    rng = np.random.default_rng(0)
    for _ in range(200):
        agreement(SENT, bytes(rng.integers(0, 256, 60, dtype=np.uint8)).decode("latin-1"))
    assert read_caption("a lezt smxll bxll of a big blue house") == Scene((Thing("big", "blue", "house"),), (), "")
