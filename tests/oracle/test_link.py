import numpy as np
import pytest
import sionna.phy.channel
import sionna.phy.mimo
import sionna.phy.ofdm
import torch

from semjscc.phy.channel import TDL
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.rng import PerImage
from semjscc.units import noise_variance

DOUBLE = {"precision": "double", "device": "cpu"}
TAPS = {"delay_spread": 300e-9, "carrier_frequency": 28e9}


def receivers(grid, sionna_grid):
    """Sionna's least squares and LMMSE on our grid."""
    theirs = sionna_grid(grid)
    streams = sionna.phy.mimo.StreamManagement(np.ones((1, 1)), grid.num_streams)
    return (
        theirs,
        sionna.phy.ofdm.LSChannelEstimator(theirs, "lin", **DOUBLE),
        sionna.phy.ofdm.LMMSEEqualizer(theirs, streams, **DOUBLE),
    )


def qpsk(batch, n):
    points = torch.tensor([1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j], dtype=torch.complex128) * 0.5**0.5
    return points[torch.randint(4, (batch, n))]


@pytest.mark.parametrize(("streams", "num_rx", "estimated"), [(1, 2, False), (1, 2, True), (2, 4, False)])
def test_same_symbols_through_the_same_fades_and_noise(streams, num_rx, estimated, sionna_grid):
    grid = ResourceGrid(num_streams=streams)
    channel = TDL("C", **TAPS, speed=25.0, num_rx=num_rx)
    link = OFDMLink(grid, channel, LeastSquares() if estimated else PerfectCSI(), LMMSE())
    symbols, snr_db = qpsk(3, grid.symbols_per_slot), torch.tensor([0.0, 5.0, 10.0])
    images = [(0, i) for i in range(3)]
    ours = link(symbols, snr_db, PerImage(images))

    theirs, least_squares, lmmse = receivers(grid, sionna_grid)
    x = sionna.phy.ofdm.ResourceGridMapper(theirs, **DOUBLE)(symbols.reshape(3, 1, streams, -1))
    h = channel.sample(frame(symbols, grid), grid, PerImage(images))[:, None, :, None] / streams**0.5
    y = sionna.phy.channel.ApplyOFDMChannel(**DOUBLE)(x, h)
    N0 = noise_variance(snr_db).double()
    noise = PerImage(images).complex_normal("noise", y.shape[:1] + y.shape[2:], y)
    y = y + N0.sqrt()[:, None, None, None, None] * noise[:, None]
    h_hat, error_var = least_squares(y, N0) if estimated else (h[..., list(grid.carriers)], torch.zeros(()))
    x_hat, no_eff = lmmse(y, h_hat, error_var, N0)
    torch.testing.assert_close(ours.symbols, x_hat.flatten(1))
    if not estimated:  # the variance of Sionna's estimate is another one: see test_estimation.py
        torch.testing.assert_close(ours.noise_var, no_eff.flatten(1))


@pytest.mark.parametrize("normalization", ["slot", "average"])
def test_same_bit_error_rate(normalization, sionna_grid):
    slots, snr_db, grid = 300, 3.0, ResourceGrid()
    symbols = qpsk(slots, grid.symbols_per_slot)
    channel = TDL("C", **TAPS, speed=(16.0, 33.0), num_rx=2, normalization=normalization)
    ours = OFDMLink(grid, channel, LeastSquares(), LMMSE())(symbols, torch.full((slots,), snr_db), PerImage([(0,)]))

    sionna.phy.config.seed = 0
    theirs, least_squares, lmmse = receivers(grid, sionna_grid)
    tdl = sionna.phy.channel.tr38901.TDL("C", **TAPS, min_speed=16.0, max_speed=33.0, num_rx_ant=2, **DOUBLE)
    through = sionna.phy.channel.OFDMChannel(tdl, theirs, normalize_channel=normalization == "slot", **DOUBLE)
    N0 = torch.tensor(10 ** (-snr_db / 10), dtype=torch.float64)
    y = through(sionna.phy.ofdm.ResourceGridMapper(theirs, **DOUBLE)(symbols[:, None, None]), N0)
    x_hat, _ = lmmse(y, *least_squares(y, N0), N0)

    first, second = (
        (torch.view_as_real(x).sign() != torch.view_as_real(symbols).sign()).double().mean((1, 2))
        for x in (ours.symbols, x_hat.flatten(1))
    )
    sigma = ((first.var() + second.var()) / slots) ** 0.5
    assert (first.mean() - second.mean()).abs() < 4 * sigma
    assert sigma < 0.1 * first.mean()
