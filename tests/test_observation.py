"""What is observed is what was sent, and observing changes nothing."""

import pytest
import torch

from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.codecs.hda import HDA
from semjscc.codecs.raster import ImageFile, RawPixels
from semjscc.data.scenes import Scenes
from semjscc.observation import transmit
from semjscc.observer import Observer
from semjscc.phy.beams import CarrierAverage
from semjscc.phy.channel import TDL, Rayleigh
from semjscc.phy.detection import MMSEDetector
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.fec import LDPC5G, Convolutional, Interleaved, Segmented
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, MassiveMIMOLink, OFDMLink
from semjscc.phy.plain import PlainLink
from semjscc.phy.precoding import JSDM
from semjscc.phy.qam import QAM
from semjscc.phy.wiener import EmpiricalWiener
from semjscc.rng import PerImage
from semjscc.systems.analog import Analog
from semjscc.systems.bound import AtCapacity
from semjscc.systems.digital import Digital
from semjscc.systems.hybrid import Hybrid
from semjscc.units import noise_variance

SNR_DB = 2.0


def images(n=1, size=16):
    """Smaller ones where several users share the air, which takes time."""
    size = size // 2 if n > 1 else size
    return torch.stack([Scenes(size=size)[i].image for i in range(n)])


def streams(n=1):
    return PerImage([(0, i) for i in range(n)], (2000,))


def ofdm(estimator=None):
    channel = TDL("C", 100e-9, 28e9, 25.0, num_rx=2, normalization="slot")
    return OFDMLink(ResourceGrid(), channel, estimator or LeastSquares(), LMMSE())


def massive():
    grid = ResourceGrid(32, 4, 1e5, (2, 1), dc_null=True, pilot_symbols=())
    channels = [Rayleigh(num_rx=4, normalization="average") for _ in range(3)]
    return MassiveMIMOLink(grid, channels, (1, 2, 1), JSDM(CarrierAverage()), MMSEDetector(), num_tx=16)


LINKS = {
    "blocks of one length": lambda: DigitalLink(ofdm(), QAM(2), LDPC5G(1392, 2784)),
    "blocks made to measure, 16-QAM": lambda: DigitalLink(ofdm(), QAM(4), Segmented(0.5)),
    "streamed": lambda: DigitalLink(ofdm(), QAM(2), LDPC5G(1392, 2784), max_slots_at_once=2),
    "looked at again": lambda: DigitalLink(ofdm(EmpiricalWiener()), QAM(2), LDPC5G(1392, 2784), refinements=2),
    "interleaved, only noise": lambda: DigitalLink(PlainLink(), QAM(2), Interleaved(Convolutional())),
    "many users": lambda: DigitalLink(massive(), QAM(4), Convolutional()),
}


def sent_over(name, row=0):
    system = Digital(RawPixels(), LINKS[name]())
    return system, transmit(system, images(system.users), SNR_DB, streams(system.users), row)


@pytest.mark.parametrize("name", LINKS)
def test_watching_changes_nothing_and_leaves_nothing_behind(name):
    system = Digital(RawPixels(), LINKS[name]())
    pictures = images(system.users)
    alone = system(pictures, torch.full((system.users,), SNR_DB), streams(system.users))
    before = [set(vars(part)) for part in system.modules()]
    seen = transmit(system, pictures, SNR_DB, streams(system.users))
    assert torch.equal(seen.delivery.images, alone.images[:1])
    assert torch.equal(seen.delivery.heard_bits, alone.heard_bits[:1])
    assert torch.equal(seen.delivery.block_errors, alone.block_errors[:1])
    assert [set(vars(part)) for part in system.modules()] == before


@pytest.mark.parametrize("name", LINKS)
def test_every_stage_follows_from_the_one_before(name):
    """Bits, coded bits, symbols sent; symbols received, LLRs, bits heard: each is computed from its neighbour again."""
    row = 1 if name == "many users" else 0
    system, seen = sent_over(name, row)
    blocks, delivery = seen.blocks, seen.delivery
    code, qam = system.link.code.for_payload(delivery.payload_bits), system.link.qam
    payload = delivery.sent_bits[0][: blocks.sent.numel()]
    assert torch.equal(blocks.sent.flatten()[: len(payload)], payload)
    assert torch.equal(blocks.coded, code.encode(blocks.sent))
    coded = torch.nn.functional.pad(blocks.coded.flatten(), (0, -blocks.coded.numel() % qam.bits_per_symbol))
    assert torch.equal(seen.sent, qam.modulate(coded[None])[0])
    if seen.looks <= 1:
        llrs = qam.demodulate(seen.received[None], seen.noise_var[None])[0]
        torch.testing.assert_close(blocks.llrs.flatten(), llrs[: blocks.llrs.numel()])
    assert torch.equal(blocks.heard, code.decode(blocks.llrs))
    assert torch.equal(blocks.heard.flatten()[: len(payload)], delivery.heard_bits[0][: len(payload)])


def test_of_a_streamed_payload_the_first_group_is_kept_and_the_rest_is_delivered():
    _, whole = sent_over("blocks of one length")
    _, seen = sent_over("streamed")
    assert (len(whole.blocks.sent), len(seen.blocks.sent)) == (5, 2)
    assert torch.equal(seen.blocks.llrs, whole.blocks.llrs[:2])
    assert torch.equal(seen.delivery.heard_bits, whole.delivery.heard_bits)
    assert torch.equal(seen.slot.response, whole.slot.response)


def test_a_receiver_that_looks_again_is_counted_and_its_last_look_is_shown():
    assert sent_over("blocks of one length")[1].looks == 1
    system = Digital(RawPixels(), LINKS["looked at again"]())
    lost, whole = (transmit(system, images(), snr, streams()) for snr in (-6.0, 30.0))
    assert (lost.looks, whole.looks) == (3, 1)
    for seen in (lost, whole):
        assert torch.equal(seen.blocks.heard.flatten()[:6144], seen.delivery.heard_bits[0])


def test_the_slot_is_what_the_channel_made_of_the_symbols_sent():
    """y - H x is noise of N0 at every element: 4 sigma of a mean of n exponential powers are 4 / sqrt(n) of it."""
    _, seen = sent_over("blocks of one length")
    slot = seen.slot
    assert torch.equal(slot.grid.at_data(slot.sent[0]).flatten(), seen.sent[: slot.grid.symbols_per_slot])
    noise = slot.received - slot.response[:, 0] * slot.sent[0]
    expected = noise_variance(torch.tensor(SNR_DB)).item()
    assert slot.noise_var == pytest.approx(expected, rel=1e-6)
    assert noise.abs().square().mean().item() == pytest.approx(expected, rel=4 * noise.numel() ** -0.5)
    error = slot.estimate[:, 0] - slot.grid.at_data(slot.response[:, 0])
    assert 0 < error.abs().square().mean() < 2 * expected


@pytest.mark.parametrize("row", [0, 1, 2])
def test_each_user_is_shown_its_own_streams(row):
    _, seen = sent_over("many users", row)
    assert torch.equal(seen.image, images(3)[row : row + 1])
    assert torch.equal(seen.delivery.sent_bits, RawPixels().encode(images(3))[row : row + 1])
    beams = seen.beams
    assert (beams.user, beams.users, beams.own) == (row, 3, [slice(0, 1), slice(1, 3), slice(3, 4)][row])
    power = beams.effective.abs().square().sum(1).mean(0)
    own = power[beams.own].mean()
    others = torch.cat([power[: beams.own.start], power[beams.own.stop :]]).mean()
    assert own > 4 * others  # each user's beams are made for its own channel
    assert seen.slot is None


def test_symbols_of_a_learned_code_are_seen_as_well():
    system = Analog(DeepJSCC(width=4), PlainLink())
    seen = transmit(system, images(size=32), SNR_DB, streams())
    assert torch.equal(seen.sent, system.codec.encode(seen.image, torch.tensor([SNR_DB]))[0])
    noise = (seen.received - seen.sent).abs().square()
    assert noise.mean().item() == pytest.approx(seen.noise_var[0].item(), rel=4 * len(noise) ** -0.5)
    assert seen.blocks is seen.slot is seen.beams is None
    assert seen.delivery.payload_bits == 0


def test_both_layers_of_a_hybrid_code_are_seen():
    codec = HDA(stride=8, classes=2, widths=(4, 4)).eval()
    system = Hybrid(codec, ofdm(), 1 / 3, [(0, "4-QAM 1/2", 0.5)])
    pictures = images(size=64)
    seen = transmit(system, pictures, 12.0, streams())
    again = system(pictures, torch.tensor([12.0]), streams())
    assert torch.equal(seen.delivery.images, again.images)
    corners = (seen.sent.real.abs() - 0.5**0.5).abs() < 1e-6
    assert corners.sum() == system.split(12.0, (64, 64)).digital == 2048
    assert torch.equal(seen.delivery.sent_bits, seen.delivery.heard_bits)
    assert seen.slot is not None
    assert seen.blocks is None


def test_a_bound_is_refused_because_it_sends_nothing():
    with pytest.raises(ValueError, match="AtCapacity sends no symbols"):
        transmit(AtCapacity(ImageFile("JPEG"), PlainLink(), 1 / 6), images(), SNR_DB, streams())


def test_an_error_in_between_leaves_nothing_behind_either():
    qam, seen = QAM(2), Observer()
    seen.watch(qam, "modulate")
    with pytest.raises(ValueError, match="do not fill"), seen:
        qam.modulate(torch.zeros(1, 3))
    assert "modulate" not in vars(qam)
    assert not seen.calls["modulate"]
