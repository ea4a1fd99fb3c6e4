import pytest
import sionna.phy.mimo
import sionna.phy.ofdm
import torch

from benchmarks.peers.sionna import one_transmitter, sionna_grid
from semjscc.phy.equalization import LMMSE, ZF
from semjscc.phy.estimation import Estimate
from semjscc.phy.framing import unframe
from semjscc.phy.grid import ResourceGrid

ANTENNAS = [(1, 1), (2, 1), (4, 2), (4, 4)]  # rx, streams
EQUALIZERS = [
    (LMMSE(), sionna.phy.mimo.lmmse_equalizer, sionna.phy.ofdm.LMMSEEqualizer),
    (ZF(), sionna.phy.mimo.zf_equalizer, sionna.phy.ofdm.ZFEqualizer),
]


def draw(rx, streams, time, carriers):
    """Received slots, an estimate with an error variance of its own on each element, and N0."""
    torch.manual_seed(0)
    received = torch.randn(3, rx, time, carriers, dtype=torch.complex128)
    response = torch.randn(3, rx, streams, time, carriers, dtype=torch.complex128)
    error_var = 0.1 * torch.rand(3, 1, streams, time, carriers, dtype=torch.float64)
    return received, Estimate(response, error_var), torch.tensor([0.1, 0.5, 2.0], dtype=torch.float64)


@pytest.mark.parametrize(("ours", "theirs", "_"), EQUALIZERS)
@pytest.mark.parametrize(("rx", "streams"), ANTENNAS)
def test_same_symbols_and_noise_on_one_element(ours, theirs, _, rx, streams):
    received, estimate, noise_var = draw(rx, streams, 1, 1)
    out = ours.equalize(received, estimate, noise_var)
    covariance = (noise_var + estimate.error_var.sum((1, 2, 3, 4)))[:, None, None] * torch.eye(rx)
    symbols, var = theirs(received[..., 0, 0], estimate.response[..., 0, 0], covariance, precision="double")
    torch.testing.assert_close(out.symbols[..., 0, 0], symbols)
    torch.testing.assert_close(out.noise_var[..., 0, 0], var)


@pytest.mark.parametrize(("ours", "_", "theirs"), EQUALIZERS)
@pytest.mark.parametrize(("rx", "streams"), ANTENNAS)
def test_same_symbols_and_noise_over_a_slot(ours, _, theirs, rx, streams):
    grid = ResourceGrid(num_streams=streams)
    received, estimate, noise_var = draw(rx, streams, 14, 116)
    whole = received.new_zeros(3, rx, 14, 128)
    whole[..., list(grid.carriers)] = received
    data = list(grid.data_symbols)
    h, e = estimate.response, estimate.error_var
    out = ours.equalize(grid.at_data(whole), Estimate(h[..., data, :], e[..., data, :]), noise_var)
    other = theirs(sionna_grid(grid), one_transmitter(streams), precision="double", device="cpu")
    symbols, var = other(whole[:, None], h[:, None, :, None], e[:, None, :, None], noise_var)
    torch.testing.assert_close(unframe(out.symbols, grid, grid.symbols_per_slot), symbols.mT.flatten(1))
    torch.testing.assert_close(unframe(out.noise_var, grid, grid.symbols_per_slot), var.mT.flatten(1))
