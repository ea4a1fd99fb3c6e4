import pytest
import sionna.phy.ofdm
import torch

from benchmarks.peers.sionna import sionna_grid
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.grid import ResourceGrid

GRIDS = [
    ResourceGrid(),
    ResourceGrid(num_streams=2),
    ResourceGrid(num_streams=4, pilot_symbols=(0, 5, 13)),
    ResourceGrid(fft_size=20, guard_carriers=(0, 0), dc_null=False, pilot_symbols=(7,), num_streams=20),
]
NOISE_VAR = torch.tensor([0.1, 0.5, 2.0], dtype=torch.float64)


def ours(grid):
    """Received slots and what we make of them."""
    torch.manual_seed(0)
    received = torch.randn(3, 2, grid.num_symbols, grid.fft_size, dtype=torch.complex128)
    return received, LeastSquares().estimate(received, grid, NOISE_VAR, received)


@pytest.mark.parametrize("grid", GRIDS)
def test_same_estimate(grid):
    received, estimate = ours(grid)
    least_squares = sionna.phy.ofdm.LSChannelEstimator(sionna_grid(grid), "lin", precision="double", device="cpu")
    response, _ = least_squares(received[:, None], NOISE_VAR)
    torch.testing.assert_close(estimate.response, response[:, 0, :, 0][..., list(grid.data_symbols), :])


@pytest.mark.parametrize("grid", GRIDS)
def test_same_weights_of_the_pilots_noise(grid):
    """Sionna interpolates the variances themselves, which leaves N0 / |p|^2 everywhere. Noise that is independent from
    pilot to pilot adds up with the squares of the weights instead, which its interpolator shows one pilot at a time.
    """
    pattern = sionna_grid(grid).pilot_pattern
    interpolate = sionna.phy.ofdm.LinearInterpolator(pattern, precision="double", device="cpu")
    each = torch.eye(pattern.num_pilot_symbols, dtype=torch.complex128)[:, None, None, None, None]
    each = each.expand(-1, 1, 1, 1, grid.num_streams, -1)
    weights = interpolate(each, each.real)[0][:, 0, 0, 0][..., list(grid.data_symbols), :]
    power = pattern.pilots[0].abs().square()
    at_pilots = torch.where(power > 0, 1 / power, 0.0).T[..., None, None]
    expected = NOISE_VAR[:, None, None, None] * (weights.abs().square() * at_pilots).sum(0)
    torch.testing.assert_close(ours(grid)[1].error_var[:, 0], expected)
