import pytest
import torch

from semjscc.codecs.swinjscc import SwinJSCC
from semjscc.types import Received

SNR = torch.tensor([0.0, 10.0])


@pytest.fixture
def codec():
    torch.manual_seed(0)
    return SwinJSCC(depths=(1, 1)).eval()


@pytest.fixture
def images():
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def sent(codec, images, ratio):
    codec.bandwidth_ratio = ratio
    return codec.encode(images, SNR)


@pytest.mark.parametrize("each", [1, 2, 5, 16])
def test_one_network_sends_at_any_ratio_up_to_the_largest(codec, images, each):
    symbols = sent(codec, images, each / 48)
    assert symbols.shape[1] == codec.symbols((32, 32)) == each * 8 * 8
    assert codec.bandwidth_ratio == pytest.approx(each / 48)
    torch.testing.assert_close(symbols.abs().square().mean(1), torch.ones(2))
    received = Received(symbols, torch.ones(symbols.shape))
    assert codec.decode(received, SNR, (32, 32)).shape == images.shape


def test_the_mask_keeps_the_first_features(codec, images):
    """Untold of the ratio, the network sends the beginning of what it would send at most, at a power of its own."""
    for part in codec.modulate.weigh:
        part[0].weight.data[:, 1] = 0.0
    few, many = (sent(codec, images, ratio) for ratio in (1 / 12, 1 / 3))
    beginning = many[:, : few.shape[1]]
    torch.testing.assert_close(few, beginning / beginning.abs().square().mean(1, keepdim=True).sqrt())


def test_what_is_not_sent_is_zero_to_the_decoder(codec, images):
    few = sent(codec, images, 1 / 12)
    features = codec.arrange(torch.view_as_real(few), (32, 32))
    for part in codec.demodulate.weigh:
        part[0].weight.data[:, 1] = 0.0  # untold of the ratio
    padded = torch.cat([features, torch.zeros(2, 24, 8, 8)], 1)
    assert torch.equal(codec.synthesise(features, SNR), codec.synthesise(padded, SNR))


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
    with pytest.raises(ValueError, match=r"width=40 must be a multiple of 32"):
        SwinJSCC(width=40)


@pytest.mark.parametrize("depths", [(1,), (1, 1, 1)])
def test_the_stride_follows_from_the_stages(depths):
    codec = SwinJSCC(bandwidth_ratios=(1 / 12, 1 / 6), depths=depths)
    assert codec.stride == 2 ** len(depths)
    assert codec.symbols((32, 32)) * 6 == 3 * 32 * 32
