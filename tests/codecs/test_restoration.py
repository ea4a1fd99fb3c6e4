import pytest
import torch

from semjscc.codecs.restoration import Restoration


def test_it_starts_as_the_identity():
    x = torch.rand(2, 3, 32, 48)
    assert torch.equal(Restoration((8, 8, 8), 1)(x, torch.rand_like(x)), x)


@pytest.mark.parametrize("depth", [1, 2])
def test_all_it_has_learns(depth):
    torch.manual_seed(0)
    network, x = Restoration((8, 12, 16), depth), torch.rand(1, 3, 32, 32)
    torch.nn.init.normal_(network.last.weight, std=0.1)
    network(x, torch.full_like(x, 0.01)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_it_learns_to_take_away_noise_of_the_variance_that_it_is_told():
    """Flat pictures in noise: the mean squared error falls to less than half."""
    torch.manual_seed(0)
    network = Restoration((8, 16), 1)
    adam = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(150):
        clean = torch.rand(4, 3, 1, 1).expand(4, 3, 16, 16)
        noisy = clean + 0.2 * torch.randn(4, 3, 16, 16)
        loss = (network(noisy, torch.full_like(noisy, 0.04)) - clean).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss.item() < 0.5 * 0.04
