import math

import pytest
import torch

from semjscc.metrics.text import TextFidelity
from semjscc.types import Delivery, Pictures

BIRD = "A brown and white bird perched on a wooden post."


def judge(sent, heard, metric=None):
    images = torch.zeros(len(sent), 3, 1, 1)
    delivery = Delivery(images, 0, 1, 1, 1.0, sent=sent, heard=heard)
    figures = (metric or TextFidelity())(Pictures(images, [""] * len(sent), [[]] * len(sent)), delivery)
    return {name: values.tolist() for name, values in figures.items()}


def test_texts_that_arrive_whole_are_perfect_short_ones_too():
    texts = [BIRD, "two white birds", "a bird", "bird", ""]
    assert judge(texts, texts) == {"bleu4": [1.0] * 5, "cer": [0.0] * 5, "exact": [1.0] * 5}


def test_bleu_is_that_of_the_definition():
    """One word of ten wrong, the ninth: 9/10, 7/9, 6/8 and 5/7 of the n-grams are found."""
    figures = judge([BIRD], [BIRD.replace("wooden", "woodem")])
    assert figures["bleu4"] == [pytest.approx((9 / 10 * 7 / 9 * 6 / 8 * 5 / 7) ** 0.25)]
    assert figures["cer"] == [pytest.approx(1 / len(BIRD))]
    assert figures["exact"] == [0.0]


def test_a_text_cut_short_pays_the_brevity_penalty():
    figures = judge([BIRD], ["A brown and white bird"])
    assert figures["bleu4"] == [pytest.approx(math.exp(1 - 10 / 5))]


def test_smoothing_adds_one_to_orders_above_one():
    heard = [BIRD.replace("wooden", "woodem")]
    smoothed = judge([BIRD], heard, TextFidelity(smooth=True))
    assert smoothed["bleu4"] == [pytest.approx((9 / 10 * 8 / 10 * 7 / 9 * 6 / 8) ** 0.25)]


def test_rubbish_is_worth_nothing_and_raises_nothing():
    heard = ["", " ", "".join(map(chr, range(1, 175))), "\x85\xa0"]
    figures = judge([BIRD] * 4, heard)
    assert figures["bleu4"] == [0.0] * 4
    assert figures["exact"] == [0.0] * 4
    assert figures["cer"][0] == 1.0
    assert figures["cer"][2] > 1.0


def test_words_heard_where_none_were_sent_are_errors():
    assert judge([""], ["abc"]) == {"bleu4": [0.0], "cer": [3.0], "exact": [0.0]}


def test_each_text_is_judged_alone():
    figures = judge([BIRD, "two dogs"], [BIRD, "two cats"])
    assert figures["bleu4"] == [1.0, 0.0]
    assert figures["cer"] == [0.0, pytest.approx(3 / 8)]


def test_a_system_without_captions_has_no_figures():
    assert judge([], []) == {}
