"""Randomness belongs to an image: batch, order, chunks and rivals change nothing."""

import pytest
import torch

from semjscc.rng import GLOBAL, PerImage

LIKE = torch.zeros(1)


def draw(images, slots=2, point=(3000,), purpose="noise"):
    return PerImage(images, point).normal(purpose, (len(images) * slots, 5), LIKE)


def test_an_image_sees_the_same_alone_and_in_any_batch():
    together = draw([(0, 1), (0, 2), (0, 3)])
    assert torch.equal(together[2:4], draw([(0, 2)]))
    assert torch.equal(together[4:6], draw([(0, 3), (0, 1)])[:2])


def test_more_slots_begin_with_the_same_slots_whole_or_in_chunks():
    long, short = draw([(0, 1)], slots=7), draw([(0, 1)], slots=3)
    assert torch.equal(long[:3], short)
    rng = PerImage([(0, 1)], (3000,))
    chunks = [rng.normal("noise", (count, 5), LIKE) for count in (3, 2, 2)]
    assert torch.equal(torch.cat(chunks), long)


@pytest.mark.parametrize(
    "other", [{"point": (3001,)}, {"purpose": "fading"}, {"images": [(1, 1)]}, {"images": [(0, 2)]}]
)
def test_another_image_seed_point_or_purpose_is_independent(other):
    one, two = draw([(0, 1)], 2000), draw(**{"images": [(0, 1)], "slots": 2000} | other)
    assert abs((one * two).mean()) < 5 / one.numel() ** 0.5  # five standard errors of a product of unit normals


def test_negative_words_are_seeds_too():
    assert not torch.equal(draw([(0, 1)], point=(-3000,)), draw([(0, 1)], point=(3000,)))


def test_moments():
    rng, n = PerImage([(0, 0)]), 40_000
    x, u = rng.complex_normal("x", (n,), LIKE), rng.uniform("u", (n,), LIKE)
    assert abs(x.abs().square().mean() - 1) < 5 / n**0.5  # |x|^2 is exponential: variance 1
    assert abs((x * x).mean()) < 5 * 2**0.5 / n**0.5  # circular
    assert u.min() >= 0
    assert u.max() < 1
    assert abs(u.mean() - 0.5) < 5 * (1 / 12 / n) ** 0.5


def test_precision_follows_the_tensor():
    for dtype, real in ((torch.complex128, torch.float64), (torch.float32, torch.float32)):
        for rng in (GLOBAL, PerImage([(0,)])):
            assert rng.normal("x", (2,), torch.zeros(1, dtype=dtype)).dtype == real


def test_painting_seeds_belong_to_the_image_and_not_to_the_operating_point():
    images = [(0, 4), (0, 5)]
    assert PerImage(images, (1,)).seeds(2) == PerImage(images, (2,)).seeds(2)
    assert len(set(PerImage(images).seeds(2))) == 2
    assert all(0 <= seed < 2**32 for seed in GLOBAL.seeds(8))


def test_rows_that_images_cannot_share_are_refused():
    with pytest.raises(ValueError, match="batch of 5 cannot be shared by 2 images"):
        PerImage([(0,), (1,)]).normal("x", (5, 2), LIKE)
    with pytest.raises(ValueError, match="3 seeds"):
        PerImage([(0,), (1,)]).seeds(3)
