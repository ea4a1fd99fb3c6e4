import math

import pytest
import sionna.phy.channel
import sionna.phy.ofdm
import torch
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder

from benchmarks.peers.sionna import one_transmitter, sionna_grid
from semjscc.phy.channel import TDL
from semjscc.phy.equalization import LMMSE, ZF
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.fec import LDPC5G
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage
from semjscc.units import noise_variance

DOUBLE = {"precision": "double", "device": "cpu"}
TAPS = {"delay_spread": 300e-9, "carrier_frequency": 28e9}


def receivers(grid):
    """Sionna's grid, least squares and linear equalisers."""
    theirs, streams = sionna_grid(grid), one_transmitter(grid.num_streams)
    equalizers = {
        LMMSE: sionna.phy.ofdm.LMMSEEqualizer(theirs, streams, **DOUBLE),
        ZF: sionna.phy.ofdm.ZFEqualizer(theirs, streams, **DOUBLE),
    }
    return theirs, sionna.phy.ofdm.LSChannelEstimator(theirs, "lin", **DOUBLE), equalizers


def qpsk(batch, n):
    points = torch.tensor([1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j], dtype=torch.complex128) * 0.5**0.5
    return points[torch.randint(4, (batch, n))]


@pytest.mark.parametrize(("streams", "num_rx", "estimated"), [(1, 2, False), (1, 2, True), (2, 4, False), (2, 2, True)])
@pytest.mark.parametrize("equalizer", [LMMSE, ZF])
def test_same_symbols_through_the_same_fades_and_noise(streams, num_rx, estimated, equalizer):
    grid = ResourceGrid(num_streams=streams)
    channel = TDL("C", **TAPS, speed=25.0, num_rx=num_rx)
    link = OFDMLink(grid, channel, LeastSquares() if estimated else PerfectCSI(), equalizer())
    symbols, snr_db = qpsk(3, grid.symbols_per_slot), torch.tensor([0.0, 5.0, 10.0])
    images = [(0, i) for i in range(3)]
    ours = link(symbols, snr_db, PerImage(images))

    theirs, least_squares, equalizers = receivers(grid)
    x = sionna.phy.ofdm.ResourceGridMapper(theirs, **DOUBLE)(symbols.reshape(3, 1, -1, streams).mT)
    h = channel.sample(frame(symbols, grid), grid, PerImage(images))[:, None, :, None] / streams**0.5
    y = sionna.phy.channel.ApplyOFDMChannel(**DOUBLE)(x, h)
    N0 = noise_variance(snr_db).double()
    noise = PerImage(images).complex_normal("noise", y.shape[:1] + y.shape[2:], y)
    y = y + N0.sqrt()[:, None, None, None, None] * noise[:, None]
    h_hat, error_var = (
        (least_squares(y, N0)[0], interpolated_noise(y[:, 0], grid, N0))
        if estimated
        else (h[..., list(grid.carriers)], torch.zeros(()))
    )
    x_hat, no_eff = equalizers[equalizer](y, h_hat, error_var, N0)
    torch.testing.assert_close(ours.symbols, x_hat.mT.flatten(1))
    torch.testing.assert_close(ours.noise_var, no_eff.mT.flatten(1))


def interpolated_noise(y, grid, N0):
    """Our variance of the estimate's error in Sionna's axes; its own is another one: see test_estimation.py."""
    error_var = LeastSquares().estimate(y, grid, N0, y).error_var
    slot = error_var.new_zeros(*error_var.shape[:3], grid.num_symbols, len(grid.carriers))
    slot[..., list(grid.data_symbols), :] = error_var
    return slot[:, None, :, None]


@pytest.mark.parametrize("normalization", ["slot", "average"])
def test_same_bit_error_rate(normalization):
    slots, snr_db, grid = 300, 3.0, ResourceGrid()
    symbols = qpsk(slots, grid.symbols_per_slot)
    channel = TDL("C", **TAPS, speed=(16.0, 33.0), num_rx=2, normalization=normalization)
    ours = OFDMLink(grid, channel, LeastSquares(), LMMSE())(symbols, torch.full((slots,), snr_db), PerImage([(0,)]))

    sionna.phy.config.seed = 0
    theirs, least_squares, equalizers = receivers(grid)
    tdl = sionna.phy.channel.tr38901.TDL("C", **TAPS, min_speed=16.0, max_speed=33.0, num_rx_ant=2, **DOUBLE)
    through = sionna.phy.channel.OFDMChannel(tdl, theirs, normalize_channel=normalization == "slot", **DOUBLE)
    N0 = torch.tensor(10 ** (-snr_db / 10), dtype=torch.float64)
    y = through(sionna.phy.ofdm.ResourceGridMapper(theirs, **DOUBLE)(symbols[:, None, None]), N0)
    x_hat, _ = equalizers[LMMSE](y, *least_squares(y, N0), N0)

    first, second = (
        (torch.view_as_real(x).sign() != torch.view_as_real(symbols).sign()).double().mean((1, 2))
        for x in (ours.symbols, x_hat.flatten(1))
    )
    sigma = ((first.var() + second.var()) / slots) ** 0.5
    assert (first.mean() - second.mean()).abs() < 4 * sigma
    assert sigma < 0.1 * first.mean()


def blocks_lost(snr_db, blocks):
    """Which blocks of paper A's code and modulation are lost over AWGN: by our decoder, by Sionna's; same LLRs."""
    torch.manual_seed(0)
    code, qam = LDPC5G(1392, 2784, algorithm="sum-product", schedule="flooding"), QAM(2)
    decoder = LDPC5GDecoder(LDPC5GEncoder(1392, 2784, device="cpu"), num_iter=20, device="cpu")
    bits, N0 = torch.randint(2, (blocks, 1392)).float(), noise_variance(torch.tensor(snr_db))
    symbols = qam.modulate(code.encode(bits))
    llrs = qam.demodulate(symbols + N0.sqrt() * torch.randn_like(symbols), N0).split(50)
    return ((torch.cat([decode(part) for part in llrs]) != bits).any(1) for decode in (code.decode, decoder))


@pytest.mark.parametrize("blocks", [50, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("snr_db", [0.75, 1.0, 1.25])
def test_same_block_error_rate_in_the_waterfall(snr_db, blocks):
    ours, theirs = blocks_lost(snr_db, blocks)
    assert 0.02 < theirs.double().mean() < 0.98
    # a block that only one of two equally good decoders loses adds 1 or -1 to their difference, as likely as not
    difference, alone = ours.sum() - theirs.sum(), (ours != theirs).sum()
    assert abs(difference) <= 4 * math.sqrt(alone)
    assert alone <= 0.1 * blocks  # the LLRs are the same, so nearly the same blocks fall
