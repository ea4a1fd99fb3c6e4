import pytest
import torch

from semjscc.phy.channel import Rayleigh, apply
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage


def pilots_only(grid, rows):
    return frame(torch.zeros(rows, grid.symbols_per_slot, dtype=torch.complex128), grid)


@pytest.mark.parametrize("streams", [1, 2, 3])
@pytest.mark.parametrize("pilot_symbols", [(2, 11), (0, 4, 9)])
def test_a_channel_of_straight_lines_is_recovered(streams, pilot_symbols):
    grid = ResourceGrid(num_streams=streams, pilot_symbols=pilot_symbols, dc_null=False)
    a, b, c, d = torch.randn(4, 5, 2, streams, 1, 1, dtype=torch.complex128)
    t, f = torch.arange(14.0)[:, None], torch.arange(128.0)
    h = a + b * t / 14 + c * f / 128 + d * t * f / 2000
    received = apply(pilots_only(grid, 5), h, torch.zeros(5))
    estimate = LeastSquares().estimate(received, grid, torch.zeros(5), h)
    truth = PerfectCSI().estimate(received, grid, torch.zeros(5), h)
    torch.testing.assert_close(estimate.response, truth.response)
    torch.testing.assert_close(truth.response, grid.at_data(h) / streams**0.5)


def test_one_pilot_symbol_stands_for_the_whole_slot():
    grid = ResourceGrid(pilot_symbols=(3,))
    h = torch.randn(1, 1, 1, 14, 128, dtype=torch.complex128)
    received = apply(pilots_only(grid, 1), h, torch.zeros(1))
    estimate = LeastSquares().estimate(received, grid, torch.zeros(1), h).response
    torch.testing.assert_close(estimate, grid.at_pilots(h).expand_as(estimate))


@pytest.mark.parametrize("streams", [1, 2])
def test_the_error_has_the_variance_reported(streams):
    rows, grid = 500, ResourceGrid(num_streams=streams)
    X, N0 = pilots_only(grid, rows), torch.full((rows,), 0.3, dtype=torch.float64)
    H = Rayleigh(2).sample(X, grid, PerImage([(0,)]))  # flat: interpolation adds no error of its own
    estimate = LeastSquares().estimate(apply(X, H, N0, PerImage([(1,)])), grid, N0, H)
    error = (estimate.response - PerfectCSI().estimate(X, grid, N0, H).response).abs().square()
    ratio = (error / estimate.error_var).mean((0, 1))  # per element, over rows and antennas
    sigma = (2 * rows) ** -0.5
    assert (ratio - 1).abs().max() < 5.5 * sigma  # of 2784 elements
    assert ratio.mean().item() == pytest.approx(1.0, abs=4 * sigma / 232**0.5)  # from 232 independent pilots


def test_variance_falls_between_the_pilots_and_grows_beyond_them():
    grid = ResourceGrid()
    X = pilots_only(grid, 1)
    var = LeastSquares().estimate(X, grid, torch.ones(1), X[:, None]).error_var[0, 0, 0, :, 0]
    assert dict(zip(grid.data_symbols, var.tolist(), strict=True)) == pytest.approx(
        {t: ((11 - t) / 9) ** 2 + ((t - 2) / 9) ** 2 for t in grid.data_symbols}
    )


def test_perfect_csi_makes_no_error():
    grid = ResourceGrid()
    h = torch.randn(2, 3, 1, 14, 128, dtype=torch.complex64)
    assert not PerfectCSI().estimate(h[:, :, 0], grid, torch.ones(2), h).error_var.any()


def test_least_squares_needs_pilots():
    grid = ResourceGrid(pilot_symbols=())
    h = torch.zeros(1, 1, 1, 14, 128, dtype=torch.complex64)
    with pytest.raises(ValueError, match="needs a grid with pilot symbols"):
        LeastSquares().estimate(h[:, :, 0], grid, torch.ones(1), h)
