import pytest
import torch

from semjscc.metrics.transport import Transport
from semjscc.types import Delivery, Pictures

IMAGES = torch.zeros(2, 3, 4, 4)
SENT = Pictures(IMAGES, ["a", "b"], [[], []])
SLOT = 14 / 240e3  # [s] paper A's 14 OFDM symbols without cyclic prefix


def delivery(**figures):
    return Delivery(IMAGES, payload_bits=1392, channel_uses=1624, data_uses=1392, duration=SLOT, **figures)


def bits_with_errors(*errors):
    sent = torch.randint(2, (len(errors), 1392)).float()
    heard = sent.clone()
    for row, count in zip(heard, errors, strict=True):
        row[:count] = 1 - row[:count]
    return {"sent_bits": sent, "heard_bits": heard}


def test_an_error_free_slot_of_paper_a_has_its_peak_rate():
    figures = Transport()(SENT, delivery(**bits_with_errors(0, 0)))
    assert figures["ber"].tolist() == [0, 0]
    assert figures["success_ratio"].tolist() == [1, 1]
    assert (figures["effective_rate_bps"] / 1e6).tolist() == pytest.approx([23.863] * 2, abs=5e-4)


def test_table_ii_of_paper_a():
    figures = Transport()(SENT, delivery(**bits_with_errors(47, 264)))  # of 1392
    assert figures["success_ratio"].tolist() == pytest.approx([0.966, 0.810], abs=5e-4)
    # half a bit error of 1392 moves the rate by 0.009 Mbit/s
    assert (figures["effective_rate_bps"] / 1e6).tolist() == pytest.approx([23.05, 19.34], abs=0.009 + 0.005)


def test_errors_are_counted_image_by_image():
    figures = Transport()(SENT, delivery(**bits_with_errors(0, 348)))
    assert figures["ber"].tolist() == [0, 0.25]


def test_blocks_and_pictures_lost():
    figures = Transport()(SENT, delivery(block_errors=torch.tensor([[0.0, 1, 0, 0], [1, 1, 1, 1]])))
    assert figures["bler"].tolist() == [0.25, 1]
    assert figures["damaged"].tolist() == [1, 1]
    assert Transport()(SENT, delivery(block_errors=torch.zeros(2, 3)))["damaged"].tolist() == [0, 0]
    figures = Transport()(SENT, delivery(undecodable=torch.tensor([0.0, 1.0])))
    assert figures["undecodable"].tolist() == [0, 1]


def test_what_a_system_does_not_have_is_absent():
    assert Transport()(SENT, delivery()) == {}
    figures = Transport()(SENT, delivery(**bits_with_errors(1, 2), block_errors=torch.ones(2, 1)))
    assert set(figures) == {"ber", "success_ratio", "effective_rate_bps", "bler", "damaged"}
    assert all(figure.shape == (2,) for figure in figures.values())


def test_without_a_clock_there_is_no_rate():
    timeless = Delivery(IMAGES, payload_bits=1392, channel_uses=1, data_uses=1, duration=0.0, **bits_with_errors(0, 0))
    assert set(Transport()(SENT, timeless)) == {"ber", "success_ratio"}
