import numpy as np
import pytest
import torch
from constriction import stream

from semjscc.codecs.blocks import LOUDER_DB, LOUDEST, QUIETEST_DB, Blocks, changes, summed
from semjscc.data.photos import Photos


@pytest.fixture(scope="module")
def photo():
    return Photos((256, 256))[0].image


@pytest.fixture(scope="module")
def fitted(photo):
    blocks = Blocks(8, 4)
    patches = photo.unfold(1, 64, 64).unfold(2, 64, 64).movedim(0, 2).flatten(0, 1)
    blocks.fit(patches.contiguous(), rounds=10)
    return blocks


def drawn(blocks, classes, loudness):
    """Gaussian coefficients of blocks of these classes and this loudness."""
    variance = blocks.variance_log2(classes, torch.full_like(classes, loudness)).exp2()
    return variance.sqrt() * torch.from_numpy(np.random.default_rng(0).standard_normal(variance.shape)).float()


def test_the_transform_is_orthonormal(photo):
    blocks = Blocks(16, 2)
    coefficients = blocks.coefficients(photo)
    torch.testing.assert_close(blocks.image(coefficients), photo)
    torch.testing.assert_close(coefficients.square().sum(), (photo - 0.5).square().sum(), rtol=1e-5, atol=0)
    variance = torch.rand(16, 16, 768, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(blocks.variance_image(variance).sum(), variance.sum(), rtol=1e-5, atol=0)


def test_class_and_loudness_are_found_again(fitted):
    classes = torch.arange(4).repeat(100).view(20, 20)
    found, loudness = fitted.classify(drawn(fitted, classes, 14))
    assert (found == classes).float().mean() > 0.9
    assert (loudness[found == classes] - 14).abs().max() <= 1


def test_a_block_is_as_loud_as_it_says(fitted):
    classes = torch.zeros(2, 2, dtype=torch.long)
    one, two = (fitted.variance_log2(classes, torch.full_like(classes, n)) for n in (5, 6))
    torch.testing.assert_close(10 * (two - one)[..., 1:] * np.log10(2), torch.full((2, 2, 191), LOUDER_DB))
    geometric = 10 * np.log10(2) * one[..., 1:].mean().item()
    assert geometric == pytest.approx(QUIETEST_DB + 5 * LOUDER_DB, abs=0.01)


def test_labels_survive_the_range_coder_at_the_price_named(fitted, photo):
    labels = fitted.classify(fitted.coefficients(photo))
    encoder = stream.queue.RangeEncoder()
    fitted.write(encoder, *labels)
    assert encoder.num_bits() == pytest.approx(fitted.bits(*labels), abs=64)
    decoder = stream.queue.RangeDecoder(encoder.get_compressed())
    for sent, read in zip(labels, fitted.read(decoder, (32, 32)), strict=True):
        assert torch.equal(sent, read)


def test_learned_probabilities_are_cheaper_than_equal_ones(fitted, photo):
    labels = fitted.classify(fitted.coefficients(photo))
    fresh = Blocks(8, 4)
    assert fitted.bits(*labels) < 0.7 * fresh.bits(*labels)


def test_damaged_labels_are_labels(fitted):
    noise = np.random.default_rng(0).integers(0, 2**32, 500, dtype=np.uint32)
    noise[0] = 0
    classes, loudness = fitted.read(stream.queue.RangeDecoder(noise), (32, 32))
    assert 0 <= classes.min() <= classes.max() < 4
    assert 0 <= loudness.min() <= loudness.max() <= LOUDEST


def test_fitting_finds_the_shapes_that_blocks_were_drawn_from():
    """Two kinds, one with all its energy in brightness' low frequencies, one flat: told apart without a mistake."""
    blocks = Blocks(8, 2)
    rng = np.random.default_rng(0)
    flat, steep = np.full(192, 0.05), 0.3 * np.arange(1, 193) ** -1.5
    kinds = rng.integers(0, 2, (30, 4, 4))
    deviation = np.where(kinds[..., None] == 1, steep, flat)
    coefficients = torch.from_numpy(deviation * rng.standard_normal(deviation.shape)).float()
    blocks.fit(torch.stack([blocks.image(c) for c in coefficients]), rounds=10)
    found = torch.stack([blocks.classify(c)[0] for c in coefficients]).numpy()
    assert (found == kinds).mean() in (0.0, 1.0)
    shares = np.bincount(found.flatten(), minlength=2) / found.size
    np.testing.assert_allclose(blocks.class_shares[0], shares, atol=0.01)  # no block is as quiet: all that is known
    loudness = torch.stack([blocks.classify(c)[1] for c in coefficients]).numpy()
    usual = np.bincount(loudness[found == 1]).argmax()
    expected = (found[loudness == usual] == 1).mean()
    assert blocks.class_shares[usual, 1].item() == pytest.approx(expected, abs=0.02)
    assert abs(expected - shares[1]) > 0.1


def test_changes_add_up():
    x = torch.randint(0, 9, (5, 7), generator=torch.Generator().manual_seed(0))
    assert torch.equal(summed(changes(x)), x)
    smooth = torch.arange(5)[:, None] + torch.zeros(5, 7, dtype=torch.long)
    assert changes(smooth)[:, 1:].abs().sum() == 0
