import numpy as np
import pytest
import sionna.phy.ofdm
import torch

from benchmarks.peers.sionna import DOUBLE, sionna_grid
from semjscc.phy.correlation import Exponential, Jakes
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.wiener import Wiener

PROFILE = Exponential(100e-9)
NOISE_VAR = torch.tensor([0.1, 0.5, 2.0], dtype=torch.float64)


@pytest.mark.parametrize("order", ["t-f", "f-t"])
def test_same_estimate_from_one_pilot_symbol(order):
    """Sionna filters along one axis after the other, which is the joint filter where one of them is trivial: a channel
    that stands still, heard once. It loads the diagonals before it solves.
    """
    grid, spectrum = ResourceGrid(16, 14, 240e3, (1, 2), True, (3,)), Jakes(0.0)
    f, t = np.array(grid.carriers) * grid.subcarrier_spacing, np.arange(14) / grid.subcarrier_spacing
    R_f, R_t = (
        torch.as_tensor(r).to(torch.complex128)
        for r in (PROFILE.correlation(f[:, None] - f), spectrum.correlation(t[:, None] - t))
    )
    theirs = sionna.phy.ofdm.LMMSEChannelEstimator(sionna_grid(grid), R_t, R_f, order=order, **DOUBLE)
    torch.manual_seed(0)
    y = torch.randn(3, 2, 14, 16, dtype=torch.complex128)
    response, error_var = theirs(y[:, None], NOISE_VAR)
    ours = Wiener(PROFILE, spectrum).estimate(y, grid, NOISE_VAR, y.unsqueeze(2))
    data = list(grid.data_symbols)
    torch.testing.assert_close(ours.response, response[:, 0, :, 0][..., data, :], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(
        ours.error_var.expand(-1, 2, -1, -1, -1), error_var[:, 0, :, 0][..., data, :], rtol=1e-5, atol=1e-5
    )
