import pytest
import torch

from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.codecs.deepjscc_q import DeepJSCCQ
from semjscc.codecs.learned import LearnedCodec
from semjscc.phy.qam import QAM


class Given(LearnedCodec):
    """Sends the features it was given, at unit power."""

    def __init__(self, features):
        super().__init__(1, features.shape[1] / 6, {})
        self.features = features

    def analyse(self, images, snr_db):
        return self.features

    def synthesise(self, features, snr_db):
        return features[:, :3]


def sent(features, bits_per_symbol, softness=0.5):
    """Symbols of a codec that makes these features of one row, and the same symbols before they were rounded."""
    given, snr_db = Given(features), torch.zeros(len(features))
    images = torch.zeros(len(features), 3, 1, features.shape[3])
    return DeepJSCCQ(given, bits_per_symbol, softness).encode(images, snr_db), given.encode(images, snr_db)


@pytest.mark.parametrize("bits_per_symbol", [2, 4, 6, 8])
def test_symbols_are_points_of_the_modem_exactly(bits_per_symbol):
    symbols, _ = sent(torch.randn(2, 6, 1, 5000).requires_grad_(), bits_per_symbol)
    points = QAM(bits_per_symbol).points
    distance = (symbols[..., None] - points).abs()
    assert distance.amin(-1).amax() < 1e-6
    assert distance.argmin(-1).unique().numel() > len(points) / 2


@pytest.mark.parametrize("bits_per_symbol", [2, 4, 6, 8])
@pytest.mark.parametrize("shape", ["gaussian", "heavy", "outward"])
def test_no_image_has_more_than_unit_power_nor_much_less(bits_per_symbol, shape):
    """The next level of one part of 3000 symbols is worth at most 2.3 / 3000, that of 4-QAM to 16-QAM; a gain to 1e-5
    may leave a few such steps.
    """
    x = torch.randn(3, 2, 1, 3000, generator=torch.Generator().manual_seed(0))
    features = {"gaussian": x, "heavy": x * x.abs(), "outward": x.sign() * (3 + 0.1 * x)}[shape]
    power = sent(features, bits_per_symbol)[0].abs().square().mean(1)
    assert (power <= 1 + 1e-6).all()
    assert (power > 1 - 5e-3).all()


def test_symbols_go_to_the_nearest_points():
    """Of the codec's symbols, times one gain that an image has: a fine search finds one that explains them all."""
    symbols, before = sent(torch.randn(1, 6, 1, 200, generator=torch.Generator().manual_seed(0)), 4)
    points = QAM(4).points
    excess = []
    for gain in torch.linspace(0.8, 1.6, 801):
        scaled = gain * before[0]
        excess.append(((symbols[0] - scaled).abs() - (points - scaled[:, None]).abs().amin(1)).amax().item())
    assert min(excess) < 5e-3
    assert excess[0] > 0.1 < excess[-1]


@pytest.mark.parametrize("bits_per_symbol", [2, 4, 6])
def test_the_gradient_passes_as_if_nothing_were_rounded(bits_per_symbol):
    """Within the constellation d symbol / d feature is that of the scaling; beyond its edge nothing is left."""
    codec = DeepJSCCQ(Given(torch.zeros(1, 2, 1, 1)), bits_per_symbol)
    inside = torch.linspace(2.0 - codec.side, codec.side - 2.0, 1001).requires_grad_()
    slope = torch.autograd.grad(codec._rounded(inside.reshape(1, -1, 1).expand(-1, -1, 2)).sum() / 2, inside)[0]
    assert slope.mean().item() == pytest.approx(1.0, abs=0.15)
    outside = torch.full((1, 1, 2), codec.side + 5.0).requires_grad_()
    assert torch.autograd.grad(codec._rounded(outside).sum(), outside)[0].abs().amax() < 1e-3


def test_the_gradient_reaches_the_wrapped_encoder():
    codec = DeepJSCCQ(DeepJSCC(width=4), 4)
    symbols = codec.encode(torch.rand(2, 3, 16, 16), torch.zeros(2))
    torch.view_as_real(symbols).square().sum().backward()
    assert all((p.grad != 0).any() for p in codec.codec.encoder.parameters())


def test_constellations_that_are_not_square_are_refused():
    for bits in (0, 1, 3):
        with pytest.raises(ValueError, match=f"bits_per_symbol={bits} must be 2, 4, 6"):
            DeepJSCCQ(DeepJSCC(width=4), bits)
