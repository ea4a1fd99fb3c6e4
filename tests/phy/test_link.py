import math

import pytest
import torch

from semjscc.phy.channel import AWGN, TDL, Rayleigh
from semjscc.phy.equalization import LMMSE, ZF
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.fec import Code
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, OFDMLink
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage
from semjscc.units import noise_variance

SMALL = ResourceGrid(fft_size=8, guard_carriers=(1, 0), num_symbols=4, pilot_symbols=(0, 2))  # 12 symbols a slot
FLAT = ResourceGrid(fft_size=2, guard_carriers=(0, 0), dc_null=False, num_symbols=4, pilot_symbols=())
FADING = TDL("C", 300e-9, 28e9, (16.0, 33.0), 2, "slot")


class Repetition(Code):
    """Each block three times over, heard by majority."""

    def __init__(self, k: int):
        super().__init__()
        self.k, self.n = k, 3 * k

    def encode(self, bits):
        return bits.repeat(1, 3)

    def decode(self, llrs, prior=None):
        total = llrs.unflatten(-1, (3, self.k)).sum(-2)
        return ((total if prior is None else total + prior) > 0).to(llrs.dtype)


def fading_link(grid=SMALL):
    return OFDMLink(grid, FADING, LeastSquares(), LMMSE())


def images(n):
    return PerImage([(0, i) for i in range(n)])


def qpsk(*shape):
    return QAM(2).modulate(torch.randint(2, (shape[0], 2 * shape[1])).double())


@pytest.mark.parametrize("estimator", [PerfectCSI(), LeastSquares()], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("equalizer", [ZF(), LMMSE()], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("n", [1, 12, 100])
def test_without_noise_any_number_of_symbols_comes_back(estimator, equalizer, n):
    for grid, channel in [(SMALL, Rayleigh(1)), (ResourceGrid(num_streams=2), Rayleigh(4))]:
        symbols = torch.randn(3, n, dtype=torch.complex128)
        received = OFDMLink(grid, channel, estimator, equalizer)(symbols, torch.full((3,), math.inf))
        torch.testing.assert_close(received.symbols, symbols)
        assert received.noise_var.shape == (3, n)


@pytest.mark.parametrize("snr_db", [-3.0, 0.0, 10.0])
@pytest.mark.parametrize("num_rx", [1, 2])
def test_snr_is_es_over_n0_at_each_antenna(snr_db, num_rx):
    link = OFDMLink(ResourceGrid(), AWGN(num_rx), PerfectCSI(), LMMSE())
    symbols = qpsk(1, 20000)
    received = link(symbols, torch.tensor([snr_db]), images(1))
    expected = 10 ** (-snr_db / 10) / num_rx
    torch.testing.assert_close(received.noise_var, torch.full_like(received.noise_var, expected))
    measured = (received.symbols - symbols).abs().square().mean().item()
    assert measured == pytest.approx(expected, rel=4 / 20000**0.5)


def test_each_image_has_its_own_snr_in_all_its_slots():
    link = OFDMLink(SMALL, AWGN(), PerfectCSI(), ZF())
    noise_var = link(qpsk(3, 30), torch.tensor([0.0, 10.0, 20.0])).noise_var
    torch.testing.assert_close(noise_var, torch.tensor([1.0, 0.1, 0.01]).double()[:, None].expand(3, 30))


def test_bit_error_rate_over_rayleigh_fading_is_the_closed_form():
    """Proakis, Digital Communications, 14.3: P_b = (1 - sqrt(g / (1 + g))) / 2 for mean Eb/N0 g, Gray 4-QAM."""
    slots, snr_db = 20000, torch.tensor([10.0])
    link, qam = OFDMLink(FLAT, Rayleigh(), PerfectCSI(), LMMSE()), QAM(2)
    bits = torch.randint(2, (1, slots * FLAT.data_elements * 2)).double()
    received = link(qam.modulate(bits), snr_db, images(1))
    errors = (qam.demodulate(received.symbols, received.noise_var) > 0) != bits.bool()
    ber = errors.reshape(slots, -1).double().mean(1)  # one fade each
    g = 1 / noise_variance(snr_db).item() / 2
    expected = (1 - math.sqrt(g / (1 + g))) / 2
    assert ber.mean().item() == pytest.approx(expected, abs=4 * ber.std().item() / slots**0.5)


def test_the_noise_left_has_the_variance_reported_through_fading():
    link = OFDMLink(ResourceGrid(), FADING, PerfectCSI(), LMMSE())
    symbols = qpsk(2, 14000)
    received = link(symbols, torch.tensor([3.0, 10.0]), images(2))
    ratio = (received.symbols - symbols).abs().square() / received.noise_var
    torch.testing.assert_close(ratio.mean(1), torch.ones(2).double(), rtol=0, atol=4 / 14000**0.5)


def test_images_together_are_images_one_at_a_time():
    symbols, snr_db = qpsk(8, 30), torch.linspace(0, 14, 8)
    together = fading_link()(symbols, snr_db, images(8))
    for i in range(8):
        alone = fading_link()(symbols[i : i + 1], snr_db[i : i + 1], PerImage([(0, i)]))
        torch.testing.assert_close(together.symbols[i], alone.symbols[0])
        torch.testing.assert_close(together.noise_var[i], alone.noise_var[0])


def test_rival_payloads_meet_the_same_first_slots():
    symbols, snr_db = qpsk(2, 60), torch.tensor([5.0, 5.0])
    long, short = (fading_link()(symbols[:, :n], snr_db, images(2)) for n in (60, 24))
    torch.testing.assert_close(long.symbols[:, :24], short.symbols)


@pytest.mark.parametrize("streams", [1, 2])
def test_gradients_from_symbols_to_received(streams):
    grid = ResourceGrid(fft_size=5, guard_carriers=(0, 1), num_symbols=4, pilot_symbols=(0, 2), num_streams=streams)
    link = fading_link(grid)
    symbols = torch.randn(2, 8, dtype=torch.complex128, requires_grad=True)
    snr_db = torch.tensor([5.0, 15.0], dtype=torch.float64, requires_grad=True)

    def forward(symbols, snr_db):
        received = link(symbols, snr_db, images(2))  # the same fades and noise each time
        return received.symbols, received.noise_var

    assert torch.autograd.gradcheck(forward, (symbols, snr_db))
    link(symbols, snr_db).symbols.abs().square().sum().backward()
    assert (symbols.grad != 0).all()


def test_a_link_first_used_in_inference_mode_can_train():
    grid = ResourceGrid(fft_size=16, guard_carriers=(1, 2))
    with torch.inference_mode():
        fading_link(grid)(qpsk(1, 5), torch.tensor([5.0]))
    symbols = qpsk(1, 5).requires_grad_()
    fading_link(grid)(symbols, torch.tensor([5.0])).symbols.abs().sum().backward()
    assert (symbols.grad != 0).all()


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize("channel", [FADING, Rayleigh(2)], ids=["TDL", "Rayleigh"])
def test_a_link_has_no_device_of_its_own(channel, streams):
    link = OFDMLink(ResourceGrid(num_streams=streams), channel, LeastSquares(), LMMSE())
    received = link(torch.zeros(2, 3000, dtype=torch.complex64, device="meta"), torch.zeros(2, device="meta"))
    assert received.symbols.device == received.noise_var.device == torch.device("meta")


def test_uses_and_duration_count_whole_slots():
    link = fading_link(ResourceGrid())
    assert [link.channel_uses(n) for n in (1, 1392, 1393)] == [1624, 1624, 3248]
    assert [link.data_uses(n) for n in (1392, 1393)] == [1392, 2784]
    assert link.duration(1393) == pytest.approx(2 * 14 / 240e3)
    assert fading_link(ResourceGrid(num_streams=2)).channel_uses(2784) == 1624


def digital_link(k, max_slots_at_once=512, bits_per_symbol=2):
    return DigitalLink(fading_link(), QAM(bits_per_symbol), Repetition(k), max_slots_at_once)


@pytest.mark.parametrize("m", [1, 10, 47, 300])
@pytest.mark.parametrize("bits_per_symbol", [2, 4])
def test_without_noise_the_bits_come_back(m, bits_per_symbol):
    bits = torch.randint(2, (3, m)).float()
    link = DigitalLink(OFDMLink(SMALL, AWGN(), PerfectCSI(), LMMSE()), QAM(bits_per_symbol), Repetition(7))
    heard = link(bits, torch.full((3,), math.inf))
    assert torch.equal(heard.bits, bits)
    assert heard.block_errors.shape == (3, -(-m // 7))
    assert not heard.block_errors.any()
    n = math.ceil(-(-m // 7) * 21 / bits_per_symbol)
    assert (heard.channel_uses, heard.data_uses) == (-(-n // 12) * 24, -(-n // 12) * 12)
    assert heard.duration == pytest.approx(-(-n // 12) * 4 / 240e3)


@pytest.mark.parametrize("k", [4, 7, 10, 16])  # 12, 21, 30, 48 coded bits in slots of 24
@pytest.mark.parametrize("max_slots_at_once", [1, 7, 60])
def test_streaming_in_chunks_changes_nothing(k, max_slots_at_once):
    bits, snr_db = torch.randint(2, (2, 1000)).float(), torch.tensor([-2.0, 2.0])
    whole = digital_link(k, 10**6)(bits, snr_db, images(2))
    chunks = digital_link(k, max_slots_at_once)(bits, snr_db, images(2))
    assert torch.equal(chunks.bits, whole.bits)
    assert torch.equal(chunks.block_errors, whole.block_errors)
    assert 0 < whole.block_errors.mean() < 1


class Counting(AWGN):
    """Notes how many slots it is asked for at once."""

    def draw(self, frames, grid, rng):
        self.slots = [*getattr(self, "slots", []), len(frames)]
        return super().draw(frames, grid, rng)


@pytest.mark.parametrize(("batch", "limit", "largest"), [(2, 27, 14), (2, 28, 28), (4, 512, 504), (8, 1, 56)])
def test_as_many_slots_at_once_as_allowed(batch, limit, largest):
    channel = Counting()
    link = DigitalLink(OFDMLink(SMALL, channel, PerfectCSI(), LMMSE()), QAM(2), Repetition(7), limit)
    link(torch.zeros(batch, 1600), torch.zeros(batch))
    assert channel.slots[0] == largest  # 8 blocks of 21 bits fill 7 slots of 24: the least that can be sent
    assert sum(channel.slots) == batch * -(-229 * 21 // 24)


def test_a_block_is_in_error_where_any_of_its_bits_is():
    bits = torch.zeros(1, 400)
    heard = digital_link(10)(bits, torch.tensor([-3.0]), images(1))
    assert torch.equal(heard.block_errors, heard.bits.reshape(1, 40, 10).amax(-1))
    assert heard.block_errors.any()


@pytest.mark.parametrize("at_once", [1, 1000])
def test_each_block_is_decoded_with_what_is_known_of_its_own_bits(at_once):
    """Where nothing is heard, all that comes back is what was known, block by block and whatever the chunks."""
    link = DigitalLink(fading_link(), QAM(2), Repetition(5), at_once)
    bits = torch.randint(2, (3, 85), generator=torch.Generator().manual_seed(0)).float()
    known = 1e3 * (2.0 * bits[0] - 1.0)
    arrived = link(bits, torch.full((3,), -60.0), images(3), known)
    assert torch.equal(arrived.bits, bits[:1].expand(3, -1))
    assert arrived.block_errors[0].sum() == 0
