import math

import pytest
import torch

from semjscc.phy.beams import Covariance, LeastLeakage
from semjscc.phy.channel import TDL, Array, Rayleigh, Scattering
from semjscc.phy.csi import Sounded
from semjscc.phy.detection import InterferenceAware, MMSEDetector, ZFDetector
from semjscc.phy.fec import Code
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, MassiveMIMOLink
from semjscc.phy.precoding import JSDM, JointJSDM, MatchedFilter, RegularizedZF, ZeroForcing
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage

GRID = ResourceGrid(12, 3, 10e6, (1, 2), True, ())  # 8 carriers, one of them for pilots
STREAMS = (1, 2, 2)  # 42 payload symbols a drop of two frames
PAPER = ResourceGrid(256, 10, 100e6 / 256, (7, 6), True, ())
PILOTS = (25, 53, 89, 117, 139, 167, 203, 231)


def small_link(precoder=None, detector=None, **options):
    tx = Array(4, 4)
    channels = [Scattering(tx, Array(S, 3), azimuth=40.0 * u, elevation=0.0) for u, S in enumerate(STREAMS)]
    precoder, detector = precoder or JSDM(LeastLeakage()), detector or InterferenceAware()
    return MassiveMIMOLink(GRID, channels, STREAMS, precoder, detector, num_tx=16, pilot_carriers=(3,), **options)


def rayleigh_link(precoder, detector, antennas=(2, 3, 3), **options):
    channels = [Rayleigh(rx) for rx in antennas]
    return MassiveMIMOLink(GRID, channels, STREAMS, precoder, detector, num_tx=16, **options)


def images(n, first=0):
    return PerImage([(0, first + i) for i in range(n)])


def qpsk(*shape):
    return QAM(2).modulate(torch.randint(2, (shape[0], 2 * shape[1])).double())


@pytest.mark.parametrize("detector", [ZFDetector(), MMSEDetector(), InterferenceAware()])
@pytest.mark.parametrize("interleave", [False, True])
@pytest.mark.parametrize("n", [1, 42, 100])
def test_without_noise_any_number_of_symbols_comes_back(detector, interleave, n):
    link, symbols = rayleigh_link(ZeroForcing(), detector, STREAMS, interleave=interleave), qpsk(6, n)
    received = link(symbols, torch.full((6,), math.inf))
    torch.testing.assert_close(received.symbols, symbols, rtol=0, atol=1e-5)
    assert received.noise_var.shape == (6, n)
    assert received.noise_var.max() < 1e-9


def test_the_papers_frame():
    link = MassiveMIMOLink(
        PAPER,
        [Scattering(rx_array=Array(S, 4)) for S in (2, 2, 3, 3, 3, 3)],
        (2, 2, 3, 3, 3, 3),
        JSDM(Covariance()),
        MMSEDetector(),
        pilot_carriers=PILOTS,
    )
    assert (link.users, len(link.layout.carriers), link.symbols_per_slot) == (6, 234, 14040)
    assert [link.channel_uses(n) for n in (1, 4680, 4681, 14041)] == [2420, 2420, 4840, 4 * 2420]
    assert [link.data_uses(n) for n in (4680, 4681)] == [2340, 4680]
    assert link.duration(4680) == pytest.approx(10 * 256 / 100e6)
    symbols = qpsk(6, 4680).to(torch.complex64)
    received = link(symbols, torch.full((6,), 30.0), images(6))
    assert received.symbols.dtype == torch.complex64
    assert (received.symbols - symbols).abs().square().mean() < 0.1


def test_other_drops_in_the_batch_change_nothing():
    link, symbols, snr_db = small_link(csi=Sounded()), qpsk(9, 100), torch.linspace(0.0, 16.0, 9)
    together = link(symbols, snr_db, images(9))
    for first in (0, 3, 6):
        rows = slice(first, first + 3)
        alone = link(symbols[rows], snr_db[rows], images(3, first))
        torch.testing.assert_close(together.symbols[rows], alone.symbols)
        torch.testing.assert_close(together.noise_var[rows], alone.noise_var)


def test_each_users_channel_is_drawn_from_its_own_image():
    link, snr_db = small_link(), torch.full((3,), 10.0)
    one, other = (link.drop(qpsk(3, 1), snr_db, PerImage([(0, 0), (0, i), (0, 2)])) for i in (1, 7))
    same = [torch.equal(first, second) for first, second in zip(one.channels, other.channels, strict=True)]
    assert same == [True, False, True]


def test_rival_payloads_meet_the_same_first_drops():
    link, symbols, snr_db = small_link(), qpsk(3, 126), torch.full((3,), 10.0)
    long, short = (link(symbols[:, :n], snr_db, images(3)) for n in (126, 84))
    torch.testing.assert_close(long.symbols[:, :84], short.symbols)
    assert (long.noise_var[:, :42] != long.noise_var[:, 42:84]).all()


class Uncoded(Code):
    k = n = 28

    def encode(self, bits):
        return bits

    def decode(self, llrs, prior=None):
        return (llrs > 0).to(llrs.dtype)


@pytest.mark.parametrize("max_slots_at_once", [1, 7])
def test_streaming_bits_in_chunks_changes_nothing(max_slots_at_once):
    bits, snr_db = torch.randint(2, (6, 1000)).float(), torch.full((6,), 3.0)
    whole, chunks = (
        DigitalLink(small_link(), QAM(2), Uncoded(), slots)(bits, snr_db, images(6))
        for slots in (10**6, max_slots_at_once)
    )
    assert torch.equal(whole.bits, chunks.bits)
    assert 0 < whole.block_errors.mean() < 1
    assert whole.channel_uses == small_link().channel_uses(500)


def test_gradients_from_symbols_to_received():
    link, snr_db = small_link(interleave=True), torch.full((3,), 10.0)
    symbols = torch.randn(3, 45, dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: link(x, snr_db, images(3)).symbols, (symbols,), fast_mode=True)
    link(symbols, snr_db, images(3)).symbols.abs().square().sum().backward()
    assert (symbols.grad != 0).all()


def test_each_image_has_its_own_snr():
    link = rayleigh_link(MatchedFilter(), ZFDetector())
    quiet, loud = (link.drop(qpsk(6, 1), torch.full((6,), snr_db), images(6)).noise_var for snr_db in (20.0, 0.0))
    mixed = link.drop(qpsk(6, 1), torch.tensor([0.0, 20, 0, 20, 0, 20]), images(6)).noise_var
    torch.testing.assert_close(loud, 100 * quiet)
    expected = torch.where(torch.tensor([[False, True, False], [True, False, True]]), quiet, loud)
    torch.testing.assert_close(mixed, expected)


def test_stream_snr_is_one_over_the_squared_error_vector_magnitude_of_zero_forcing():
    link = rayleigh_link(ZeroForcing(), ZFDetector(), STREAMS, snr="stream")
    symbols, snr_db = qpsk(300, 42), torch.tensor([0.0, 5.0, 10.0]).repeat(100)
    heard = link(symbols, snr_db, images(300))
    ratio = (heard.symbols - symbols).abs().square().mean(1) * 10 ** (snr_db / 10)
    assert ratio.mean().item() == pytest.approx(1.0, abs=4 * ratio.std().item() / 300**0.5)
    torch.testing.assert_close(
        heard.noise_var.mean(1) * 10 ** (snr_db / 10), torch.ones(300).double(), rtol=0, atol=1e-6
    )


def test_received_snr_is_the_power_of_own_streams_at_an_antenna():
    link = small_link(snr="rx")
    drop = link.drop(qpsk(3, 1), torch.full((3,), 10.0), images(3))
    for u, own in enumerate((slice(0, 1), slice(1, 3), slice(3, 5))):
        power = drop.effective[u][..., own].abs().square().sum(3).mean()
        torch.testing.assert_close(10 * drop.noise_var[0, u], power)


def test_beams_gain_on_top_of_the_transmit_snr():
    """One stream from 16 antennas to one arrives 16 times as strong as from one, on average."""
    link = MassiveMIMOLink(GRID, [Rayleigh()], [1], MatchedFilter(), ZFDetector(), num_tx=16)
    noise_var = link(qpsk(2000, 1), torch.zeros(2000), images(2000)).noise_var
    # 1 / noise is a sum of 16 exponentials
    assert (1 / noise_var).mean().item() == pytest.approx(16.0, abs=4 * (16 / 2000) ** 0.5)


def test_a_sender_that_knows_less_serves_worse():
    """Own streams stay what they are, but users hear each other."""
    symbols, snr_db = qpsk(30, 21), torch.full((30,), 40.0)
    exact, rough = (
        small_link(JointJSDM(LeastLeakage(), RegularizedZF()), MMSEDetector(True), csi=csi)(symbols, snr_db, images(30))
        for csi in (None, Sounded(-10.0))
    )
    errors = [(received.symbols - symbols).abs().square().mean() for received in (exact, rough)]
    assert errors[0] < 0.2 * errors[1]


def test_channels_that_move_are_taken_as_they_are_at_the_start_of_a_drop():
    channels = [TDL("C", 30e-9, 28e9, 20.0, num_rx=3) for _ in STREAMS]
    link = MassiveMIMOLink(GRID, channels, STREAMS, JSDM(LeastLeakage()), InterferenceAware(), num_tx=8)
    received = link(qpsk(3, 60), torch.full((3,), 20.0), images(3))
    ratio = received.noise_var / received.noise_var[:, :1]
    assert ratio.isfinite().all()
    H = link.drop(qpsk(3, 1), torch.zeros(3), images(3)).channels[0]
    assert H.shape == (1, 8, 3, 8)


def test_a_batch_that_does_not_fill_drops_is_refused():
    with pytest.raises(ValueError, match="a batch of 4 images does not fill drops of 3 users"):
        small_link()(qpsk(4, 5), torch.zeros(4))


@pytest.mark.parametrize(
    ("channels", "streams", "num_tx", "message"),
    [
        ([Rayleigh(2)], (1, 1), 4, "1 channels are not those of 2 users"),
        ([Rayleigh(2), Rayleigh(2)], (1, 3), 4, "user 1 cannot receive 3 streams with 2 antennas"),
        ([Rayleigh(2), Rayleigh(2)], (1, 0), 4, "user 1 cannot receive 0 streams"),
        ([Rayleigh(4), Rayleigh(4)], (2, 3), 4, "5 streams cannot be sent from 4 antennas"),
    ],
)
def test_streams_that_cannot_be_carried_are_named(channels, streams, num_tx, message):
    with pytest.raises(ValueError, match=message):
        MassiveMIMOLink(GRID, channels, streams, MatchedFilter(), ZFDetector(), num_tx=num_tx)


@pytest.mark.parametrize("detector", [ZFDetector(), MMSEDetector(), InterferenceAware()])
@pytest.mark.parametrize("precoder", [RegularizedZF(), JSDM(LeastLeakage())])
def test_a_link_has_no_device_of_its_own(precoder, detector):
    link = small_link(precoder, detector, csi=Sounded(), interleave=True)
    received = link(torch.zeros(3, 60, dtype=torch.complex64, device="meta"), torch.zeros(3, device="meta"))
    assert received.symbols.device == received.noise_var.device == torch.device("meta")
