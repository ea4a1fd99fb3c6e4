"""Decided data as pilots: fewer blocks are lost, and nothing else changes."""

import pytest
import torch

from semjscc.phy.channel import TDL
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.fec import LDPC5G, Convolutional
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, OFDMLink
from semjscc.phy.qam import QAM
from semjscc.phy.refinement import guessed
from semjscc.phy.wiener import EmpiricalWiener
from semjscc.rng import PerImage

GRID = ResourceGrid()
CHANNEL = TDL("C", 100e-9, 28e9, 25.0, num_rx=2, normalization="slot")
ROWS = 96


def link(refinements, estimator=None, grid=GRID, code=None):
    ofdm = OFDMLink(grid, CHANNEL, estimator or EmpiricalWiener(), LMMSE())
    return DigitalLink(ofdm, QAM(2), code or LDPC5G(1392, 2784), refinements=refinements)


def lost(refinements, bits, snr_db, **parts):
    rng = PerImage([(0, image) for image in range(len(bits))])
    with torch.no_grad():
        return link(refinements, **parts)(bits, torch.full((len(bits),), snr_db), rng).block_errors


def payload(bits, rows=ROWS):
    return (torch.rand(rows, bits, generator=torch.Generator().manual_seed(0)) < 0.5).float()


def test_one_more_look_saves_a_third_of_the_lost_blocks_and_spoils_hardly_any():
    bits = payload(1392)
    before, after = (lost(refinements, bits, -0.75)[:, 0] for refinements in (0, 2))
    assert before.sum() >= 20  # there is something to save
    saved, spoilt = ((before > after).sum().item(), (after > before).sum().item())
    assert saved >= before.sum() / 3
    assert spoilt <= saved / 10


def test_what_is_decoded_stays_decoded():
    bits = payload(1392, rows=16)
    assert lost(2, bits, 12.0).sum() == 0


def test_a_slot_that_the_payload_leaves_in_part_is_heard_as_without():
    bits, code = payload(600, rows=32), LDPC5G(600, 1200)
    before, after = (lost(refinements, bits, -1.0, code=code) for refinements in (0, 1))
    assert 0 < before.sum() < 32
    torch.testing.assert_close(after, before)


def test_a_guess_has_the_symbols_sent_and_is_trusted_as_far_as_its_bits():
    bits = payload(2784, rows=2)
    wrong = torch.full_like(bits, 0.1)
    logits = (2 * bits - 1) * ((1 - wrong) / wrong).log()  # each right with probability 0.9: mean of the sign 0.8
    guess = guessed(logits, QAM(2), GRID)
    torch.testing.assert_close(guess.symbols.flatten(1), QAM(2).modulate(bits))
    torch.testing.assert_close(guess.trust, torch.full((2,), 0.8))


def test_what_cannot_refine_is_refused_by_name():
    with pytest.raises(ValueError, match="not LeastSquares"):
        link(1, LeastSquares())
    with pytest.raises(ValueError, match="one stream, and the grid has 2"):
        link(1, grid=ResourceGrid(num_streams=2))
    with pytest.raises(ValueError, match="not Convolutional"):
        link(1, code=Convolutional())
