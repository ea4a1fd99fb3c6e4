import torch
from scipy import stats

from semjscc.phy.channel import Rayleigh
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

GRID = ResourceGrid(fft_size=4, guard_carriers=(0, 0), num_symbols=2, pilot_symbols=())


def sample(channel, batch, streams):
    return channel.sample(torch.zeros(batch, streams, 2, 4, dtype=torch.complex128), GRID, PerImage([(0,)]))


def test_a_slot_is_flat():
    h = sample(Rayleigh(2), 10, 2)
    assert torch.equal(h, h[..., :1, :1].expand_as(h))


def test_power_is_exponential_and_antenna_pairs_are_independent():
    h = sample(Rayleigh(2), 5000, 2)[..., 0, 0].flatten(1)
    assert stats.kstest(h.abs().square().flatten().numpy(), "expon").pvalue > 1e-3
    covariance = h.mH @ h / len(h)
    # each entry is a mean of products of variance 1, so 4 sigma = 4 / sqrt(n)
    torch.testing.assert_close(covariance, torch.eye(4).to(h), rtol=0, atol=4 / len(h) ** 0.5)
