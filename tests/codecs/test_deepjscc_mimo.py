import pytest
import torch

from semjscc.codecs.deepjscc_mimo import DeepJSCCMIMO
from semjscc.types import Received

SNR = torch.tensor([5.0, 5.0])


@pytest.fixture
def codec():
    torch.manual_seed(0)
    return DeepJSCCMIMO(width=32, depth=1)


def test_the_decoder_is_told_how_well_each_symbol_was_heard(codec):
    """The noise variance of one symbol of one image changes that image, and is laid where its symbol is."""
    symbols = torch.randn(2, codec.symbols((32, 32)), dtype=torch.complex64)
    noise_var = torch.full(symbols.shape, 0.1)
    worse = noise_var.clone()
    worse[1, 7] = 10.0
    clear, disturbed = (codec.decode(Received(symbols, var), SNR, (32, 32)) for var in (noise_var, worse))
    assert torch.equal(clear[0], disturbed[0])
    assert (clear[1] - disturbed[1]).abs().amax() > 1e-5


def test_levels_lie_where_the_symbols_lie_that_they_belong_to(codec):
    told = []
    codec.decoder.register_forward_pre_hook(lambda module, given: told.append(given[0]))
    symbols = torch.randn(1, codec.symbols((16, 24)), dtype=torch.complex64)
    codec.decode(Received(symbols, symbols.real.square() + 0.1), SNR[:1], (16, 24))
    features, level = told[0].tensor_split([2 * codec.symbols_a_position], dim=1)
    real = features[:, ::2]
    torch.testing.assert_close(level, -10 * (real.square() + 0.1).log10() / 20)


def test_gradients_stay_finite_where_nothing_disturbs(codec):
    symbols = torch.randn(1, codec.symbols((16, 16)), dtype=torch.complex64)
    noise_var = torch.zeros(symbols.shape, requires_grad=True)
    codec.decode(Received(symbols, noise_var), SNR[:1], (16, 16)).sum().backward()
    assert noise_var.grad.isfinite().all()


def test_the_encoder_is_told_the_snr(codec):
    images = torch.rand(2, 3, 16, 16)
    before, after = (codec.encode(images, SNR + torch.tensor([0.0, shift])) for shift in (0.0, 10.0))
    assert torch.equal(before[0], after[0])
    assert (before[1] - after[1]).abs().amax() > 1e-4


def test_a_width_that_heads_do_not_fill_is_refused():
    with pytest.raises(ValueError, match="width=48 must be a multiple of 32"):
        DeepJSCCMIMO(width=48)
