import pytest
import torch
import torch.nn.functional as F

from semjscc.codecs.swinjscc import SwinJSCC
from semjscc.types import Received

SNR = torch.tensor([0.0, 10.0])


@pytest.fixture
def fresh():
    torch.manual_seed(0)
    return SwinJSCC(depths=(1, 1)).eval()


@pytest.fixture
def codec(fresh):
    """One whose refinements say something."""
    for parameter in fresh.parameters():
        parameter.data += 0.02 * torch.randn(parameter.shape)
    return fresh


@pytest.fixture
def images():
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def sent(codec, images, ratio):
    codec.bandwidth_ratio = ratio
    return codec.encode(images, SNR)


def in_order(codec, symbols):
    return codec.arrange(torch.view_as_real(symbols), (32, 32))


@pytest.mark.parametrize("each", [1, 2, 5, 16])
def test_one_network_sends_at_any_ratio_up_to_the_largest(codec, images, each):
    symbols = sent(codec, images, each / 48)
    assert symbols.shape[1] == codec.symbols((32, 32)) == each * 8 * 8
    assert codec.bandwidth_ratio == pytest.approx(each / 48)
    torch.testing.assert_close(symbols.abs().square().mean(1), torch.ones(2))
    received = Received(symbols, torch.ones(symbols.shape))
    assert codec.decode(received, SNR, (32, 32)).shape == images.shape


def test_the_mask_keeps_the_first_features(codec, images):
    """Untold of the ratio, without a pilot, the beginning of what is sent at most goes out, at a power of its own."""
    codec.modulate.layers[0].weight.data[:, 1] = 0.0
    codec.linear.pilot.data.zero_()
    few, many = (in_order(codec, sent(codec, images, ratio)) for ratio in (1 / 12, 1 / 3))
    beginning = many[:, : few.shape[1]]
    torch.testing.assert_close(few, beginning / (2 * beginning.square().mean((1, 2, 3), keepdim=True)).sqrt())


@pytest.mark.parametrize("each", [4, 16])
def test_it_starts_as_the_linear_code_and_what_is_not_sent_is_zero(fresh, images, each):
    symbols = sent(fresh, images, each / 48)
    sendable = fresh.linear.with_pilot(fresh.linear.features(images)[..., : 2 * each])
    estimate = fresh.linear.estimate(sendable, torch.zeros_like(sendable))
    expected = fresh.linear.images(F.pad(estimate, (0, 32 - 2 * each))).clamp(0, 1)
    delivered = fresh.decode(Received(symbols, torch.zeros(symbols.shape)), SNR, (32, 32))
    torch.testing.assert_close(delivered, expected, atol=1e-4, rtol=0)


def test_what_comes_out_of_a_picture_s_range_is_learned_from(codec, images):
    """Clamped in evaluation only: a pixel that is too bright has a gradient in training."""
    codec.linear.back.data *= 9.0
    received = Received(sent(codec, images, 1 / 6), torch.full((2, 512), 0.1))
    assert codec.decode(received, SNR, (32, 32)).amax() == 1.0
    assert codec.train().decode(received, SNR, (32, 32)).amax() > 1.0


def test_training_draws_one_of_the_ratios_for_a_batch(codec, images):
    torch.manual_seed(0)
    codec.train()
    counts = [codec.encode(images, SNR).shape[1] for _ in range(60)]
    assert set(counts) == {each * 64 for each in (2, 4, 8, 16)}  # one is missing in 1 of 8 million runs
    with torch.no_grad():
        assert codec.encode(images, SNR).shape[1] == codec.symbols((32, 32)) == 8 * 64


def test_a_sweep_draws_nothing(codec, images):
    state = torch.random.get_rng_state()
    codec.encode(images, SNR)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("part", ["SNR", "ratio"])
def test_the_modulators_are_told(codec, images, part):
    other = {"SNR": (SNR + 5.0, 8), "ratio": (SNR, 9)}[part]
    tokens = codec.inward(images)
    for modulate in (codec.modulate, codec.demodulate):
        difference = modulate(tokens, SNR, 8 / 16) - modulate(tokens, other[0], other[1] / 16)
        assert difference.abs().amax() > 1e-5


def test_what_it_cannot_send_is_refused(codec):
    with pytest.raises(ValueError, match=r"bandwidth_ratio=0.5 is more than 0.3333, the most"):
        codec.bandwidth_ratio = 0.5
    with pytest.raises(ValueError, match=r"nearest: 4/48 = 0.0833 and 5/48 = 0.1042"):
        codec.bandwidth_ratio = 0.1
    with pytest.raises(ValueError, match=r"width=40 must have a multiple of 32"):
        SwinJSCC(width=40)


@pytest.mark.parametrize(("patch", "depths", "stride"), [(2, (1,), 2), (2, (0, 1, 1), 8), (8, (1,), 8), (4, (0, 1), 8)])
def test_the_stride_follows_from_patch_and_stages(patch, depths, stride):
    codec = SwinJSCC(bandwidth_ratios=(1 / 12, 1 / 6), patch=patch, depths=depths).eval()
    assert codec.stride == stride
    symbols = codec.encode(torch.rand(2, 3, 32, 32), SNR)
    assert symbols.shape[1] * 6 == 3 * 32 * 32
    assert codec.decode(Received(symbols, torch.ones(symbols.shape)), SNR, (32, 32)).shape == (2, 3, 32, 32)
