import math
import warnings

import numpy as np
import pytest
import torch
from scipy.special import j0

from semjscc.phy.channel import TDL, Channel, Rayleigh
from semjscc.phy.channel.paths import Paths
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.phy.waveform import InFrequency, InTime
from semjscc.rng import PerImage

FULL = ResourceGrid(fft_size=32, guard_carriers=(0, 0), dc_null=False, pilot_symbols=())  # power on every element
STILL = TDL("C", 100e-9, 28e9, 0.0, 2, "slot")


class OnePath(Channel):
    """h(t, f) = exp(-j 2 pi f tau)."""

    def __init__(self, delay):
        super().__init__(1, "none")
        self.delay = delay

    def paths(self, frames, grid, rng):
        gains = frames.new_ones(len(frames), 1, 1, 1, grid.num_symbols)
        return Paths(gains, torch.full((len(frames), 1), self.delay, dtype=frames.real.dtype))

    def draw(self, frames, grid, rng):
        raise NotImplementedError


def qpsk_frames(grid, rows):
    x = torch.randint(4, (rows, grid.symbols_per_slot), generator=torch.Generator().manual_seed(0))
    return frame(torch.exp(0.5j * math.pi * (x + 0.5).double()), grid)


def carried(waveform, channel, grid, rows=3, noise_var=0.0):
    N0 = torch.full((rows,), noise_var, dtype=torch.float64)
    return waveform.carry(qpsk_frames(grid, rows), channel, grid, N0, PerImage([(0,)]))


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize("normalization", ["slot", "average", "none"])
def test_the_two_agree_where_the_prefix_covers_the_channel_and_nothing_moves(streams, normalization):
    """The longest path of TDL-C at 100 ns comes after 26.6 samples of 32.55 ns."""
    grid = ResourceGrid(num_streams=streams)
    channel = TDL("C", 100e-9, 28e9, 0.0, 2, normalization)
    in_time, in_frequency = (carried(w, channel, grid, 3, 0.1) for w in (InTime(27), InFrequency()))
    torch.testing.assert_close(in_time.received, in_frequency.received)
    torch.testing.assert_close(in_time.response, in_frequency.response)
    torch.testing.assert_close(in_time.noise_var, in_frequency.noise_var)


def interference(result, grid, rows):
    """Mean power of what is not H X, over all symbols but the first."""
    y = result.received - (result.response * qpsk_frames(grid, rows).unsqueeze(1)).sum(2)
    return y[:, :, 1:].abs().square().mean((1, 2, 3))


def test_carriers_interfere_as_jakes_says_at_120_km_h():
    """Russell and Stüber, 1995: 1 - N^-2 (N + 2 sum (N - i) J_0(2 pi f_D i / rate)), here -35 dB."""
    rows, N, speed = 100, 32, 120 / 3.6
    channel = TDL("A", 0.0, 28e9, speed, 4)
    result = carried(InTime(0, counted=False), channel, FULL, rows)
    shift, i = speed * 28e9 / 299792458.0, np.arange(1, N)
    lost = 1 - (N + 2 * ((N - i) * j0(2 * math.pi * shift * i / (N * 240e3))).sum()) / N**2
    assert 10 * math.log10(lost) == pytest.approx(-35.6, abs=0.1)
    measured = interference(result, FULL, rows)  # of a slot: 4 antennas, each with one chi-squared slope or so
    assert measured.mean().item() == pytest.approx(lost, abs=4 * measured.std().item() / rows**0.5)
    response = result.response.abs().square().mean((1, 2, 3, 4))
    assert response.mean().item() == pytest.approx(1 - lost, abs=4 * response.std().item() / rows**0.5)


@pytest.mark.parametrize("excess", [0, 1, 4.5, 20])
def test_symbols_interfere_as_the_lost_samples_say(excess):
    """A path e samples beyond the prefix leaves H (N - ceil(e)) / N, and the rest of its power interferes."""
    rows, N, prefix = 200, 32, 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = carried(InTime(prefix), OnePath((prefix + excess) / (N * 240e3)), FULL, rows)
    kept = (N - math.ceil(excess)) / N
    torch.testing.assert_close(result.response.abs(), torch.full_like(result.response.abs(), kept))
    measured = interference(result, FULL, rows)
    error = 4 * (measured.std().item() / rows**0.5 + 1e-12)
    assert measured.mean().item() == pytest.approx(1 - kept**2, abs=error)
    expected = 1 - kept**2 - (1 - kept) / 14  # the first symbol of a slot has none before it
    assert result.noise_var.mean().item() == pytest.approx(expected, abs=error)


def test_the_receiver_may_count_the_interference_as_noise():
    with pytest.warns(UserWarning, match=r"prefix of 9 samples is shorter than the channel of 26\.6, of whose power"):
        counted = carried(InTime(9), STILL, ResourceGrid(), 3, 0.1)
    with pytest.warns(UserWarning, match="symbols interfere"):
        not_counted = carried(InTime(9, counted=False), STILL, ResourceGrid(), 3, 0.1)
    torch.testing.assert_close(counted.received, not_counted.received)
    assert torch.equal(not_counted.noise_var, torch.full((3,), 0.1, dtype=torch.float64))
    assert (counted.noise_var > 0.1).all()


def test_a_warning_comes_once_and_states_the_share_of_power():
    waveform = InTime(0)
    with pytest.warns(UserWarning, match=r"100\.0%"):
        carried(waveform, OnePath(1e-7), FULL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        carried(waveform, OnePath(1e-7), FULL)


def test_a_link_in_time_is_the_link_in_frequency_where_nothing_moves():
    symbols = torch.randn(2, 3000, dtype=torch.complex128)
    received = [
        OFDMLink(ResourceGrid(), STILL, LeastSquares(), LMMSE(), waveform)(
            symbols, torch.tensor([5.0, 15.0]), PerImage([(0, 0), (0, 1)])
        )
        for waveform in (InTime(27), InFrequency(), None)
    ]
    for other in received[1:]:
        torch.testing.assert_close(received[0].symbols, other.symbols)
        torch.testing.assert_close(received[0].noise_var, other.noise_var)


def test_gradients_from_frames_to_received():
    grid = ResourceGrid(fft_size=4, guard_carriers=(0, 1), num_symbols=3, pilot_symbols=(0,))
    waveform, channel = InTime(1), TDL("A", 100e-9, 28e9, 30.0, 2, "slot")
    X = torch.randn(2, 1, 3, 4, dtype=torch.complex128, requires_grad=True)

    def forward(X):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = waveform.carry(X, channel, grid, X.real.new_ones(2), PerImage([(0,)]))
        return result.received, result.noise_var

    assert torch.autograd.gradcheck(forward, X, fast_mode=True)


def test_a_path_of_whole_symbols_brings_what_was_sent_so_long_ago():
    N, prefix = 32, 8
    with pytest.warns(UserWarning, match=r"100\.0%"):
        result = carried(InTime(prefix), OnePath((2 * (N + prefix) + prefix) / (N * 240e3)), FULL)
    sent = qpsk_frames(FULL, 3)[:, :, :-2] * torch.exp(-2j * math.pi * prefix / N * (torch.arange(N) - N // 2).double())
    torch.testing.assert_close(result.received[:, :, 2:], sent)
    assert not result.received[:, :, :2].any()
    assert not result.response.any()


def test_a_prefix_is_not_negative():
    with pytest.raises(ValueError, match="prefix=-1 samples must not be negative"):
        InTime(-1)


def test_a_channel_without_paths_says_so():
    grid = ResourceGrid()
    frames = torch.ones(1, 1, grid.num_symbols, grid.fft_size, dtype=torch.complex64)
    with pytest.raises(NotImplementedError, match="Rayleigh draws its response in one piece: it has no paths"):
        InTime(9).carry(frames, Rayleigh(1), grid, torch.ones(1))
