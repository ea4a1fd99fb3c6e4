import math

import pytest
import torch

from semjscc.metrics.references import AgainstReferences, bleu, words
from semjscc.types import Delivery, Pictures

BEAR = [  # of one photograph of COCO val2017, CC BY 4.0
    "A big burly grizzly bear is show with grass in the background.",
    "The large brown bear has a black nose.",
    "Closeup of a brown bear sitting in a grassy area.",
    "A large bear that is sitting on grass.",
    "A close up picture of a brown bear's face.",
]


@pytest.fixture(scope="module")
def metric():
    return AgainstReferences()


def judge(metric, sent, heard, references):
    images = torch.zeros(len(sent), 3, 1, 1)
    delivery = Delivery(images, 0, 1, 1, 1.0, sent=sent, heard=heard)
    return metric(Pictures(images, [""] * len(sent), references), delivery)


def test_a_reference_itself_is_perfect_in_bleu_and_a_fifth_or_more_of_cider(metric):
    assert bleu(BEAR[3], BEAR, 4) == 1.0
    assert metric.cider(BEAR[3], BEAR[3:4]) == pytest.approx(10.0)
    assert metric.cider(BEAR[3], BEAR) >= 2.0
    assert metric.cider("two zebras graze", BEAR) == 0.0


def test_bleu_clips_words_to_the_reference_that_has_most_of_them():
    """Papineni et al. 2002: "the" occurs twice in one reference, so that two of seven count; it is no shorter."""
    assert bleu("the the the the the the the", ["The cat is on the mat.", "a cat"], 1) == pytest.approx(2 / 7)


def test_cider_is_that_of_the_definition(tmp_path):
    """Three captions: "a" is in all of them and weighs nothing, "red" and "cat" are in one each, log 3."""
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("a red dog\na cat\na dog\n")
    metric = AgainstReferences(str(corpus))
    rare, common = math.log(3), math.log(3 / 2)
    red_dog = 1 / math.sqrt(1 + (common / rare) ** 2)  # cosine between (red) and (red, dog); no two words in common
    penalty = math.exp(-1 / 72)  # one word longer
    assert metric.cider("red", ["red dog"]) == pytest.approx(10 * penalty * red_dog / 4)


def test_repetition_is_clipped(metric):
    assert metric.cider("grass grass grass grass", ["a bear on grass"]) < metric.cider(
        "grass bear", ["a bear on grass"]
    )


def test_sent_and_heard_stand_side_by_side(metric):
    figures = judge(metric, [BEAR[1]] * 2, [BEAR[1], "Tke larce crowx"], [BEAR, BEAR])
    assert figures["references_bleu4_sent"].tolist() == [1.0, 1.0]
    assert figures["references_bleu1_heard"].tolist() == [1.0, 0.0]
    assert figures["references_cider_heard"][1] == 0.0
    assert figures["references_cider_sent"][0] == figures["references_cider_heard"][0] > 0
    assert len(figures) == 10


def test_it_is_absent_without_captions_or_references(metric):
    assert judge(metric, [], [], []) == {}
    assert judge(metric, ["a"], ["a"], [[]]) == {}


def test_words_have_neither_capitals_nor_marks():
    assert words(BEAR[4]) == ["a", "close", "up", "picture", "of", "a", "brown", "bear's", "face"]
