import pytest
import torch

from semjscc.codecs.adjscc import ADJSCC, GDN
from semjscc.types import Received


def test_the_snr_of_an_image_changes_that_image_alone():
    torch.manual_seed(0)
    codec, images = ADJSCC(width=8), torch.rand(3, 3, 32, 32)
    before, after = torch.tensor([0.0, 5.0, 10.0]), torch.tensor([0.0, 15.0, 10.0])
    sent = codec.encode(images, before)
    received = Received(sent, torch.ones(sent.shape))
    pairs = [(sent, codec.encode(images, after))]
    pairs += [(codec.decode(received, before, (32, 32)), codec.decode(received, after, (32, 32)))]
    for x, y in pairs:
        assert torch.equal(x[0], y[0])
        assert torch.equal(x[2], y[2])
        assert (x[1] - y[1]).abs().amax() > 1e-4


def test_divisive_normalisation_is_the_published_one():
    """y_i = x_i / sqrt(beta_i + sum_j gamma_ij x_j^2), with beta 1 and gamma 0.1 on the diagonal to begin with."""
    x = torch.randn(2, 4, 3, 3, dtype=torch.float64)
    gamma = 0.01 * torch.eye(4).double() + 1e-3
    root = (1 + torch.einsum("ij,bjhw->bihw", gamma, x.square())).sqrt()
    torch.testing.assert_close(GDN(4).double()(x), x / root, rtol=1e-6, atol=0)
    torch.testing.assert_close(GDN(4, inverse=True).double()(x), x * root, rtol=1e-6, atol=0)


@pytest.mark.parametrize("inverse", [False, True])
def test_divisive_normalisation_has_a_gradient_wherever_its_parameters_go(inverse):
    layer = GDN(3, inverse).double()
    x = torch.randn(1, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, *_: layer(x), (x, *layer.parameters()))
    with torch.no_grad():
        layer.gamma.fill_(-20.0)
        layer.beta.fill_(-20.0)
    layer(x).square().sum().backward()
    for p in (layer.gamma, layer.beta, x):
        assert p.grad.isfinite().all()
        assert (p.grad != 0).any()
