import pytest
import torch
from jsonargparse import ArgumentParser

from semjscc.metrics.semantics import SemanticAccuracy
from semjscc.types import Captioner, Delivery, Pictures


class Shade(Captioner):
    """Says whether a picture is dark or light."""

    def caption(self, images):
        return ["light" if image.mean() > 0.5 else "dark" for image in images]


def begins_alike(reference: str, said: str) -> float:
    """Asymmetric: how much of the reference was said."""
    return sum(a == b for a, b in zip(reference, said, strict=False)) / len(reference)


IMAGES = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 4, 4)


def judge(references, heard=(), score=begins_alike):
    delivery = Delivery(IMAGES, 0, 1, 1, 1.0, sent=list(heard), heard=list(heard))
    figures = SemanticAccuracy(score, Shade())(Pictures(IMAGES.flip(0), ["1", "2"], references), delivery)
    return {name: values.tolist() for name, values in figures.items()}


def test_the_delivered_picture_is_judged_against_the_first_reference():
    assert judge([["dark", "light"], ["lights"]]) == {"semantic_accuracy": [1.0, pytest.approx(5 / 6)]}


def test_the_text_heard_is_judged_too():
    figures = judge([["dark"], ["light"]], heard=["darkness", "li"])
    assert figures == {"semantic_accuracy": [1.0, 1.0], "semantic_accuracy_heard": [1.0, pytest.approx(0.4)]}


def test_without_references_there_are_no_figures():
    assert judge([[], []], heard=["a", "b"]) == {}
    assert judge([["dark"], []], heard=["a", "b"]) == {}


def test_a_score_may_be_whole_numbers():
    assert judge([["dark"], ["dark"]], score=lambda reference, said: reference == said) == {
        "semantic_accuracy": [1.0, 0.0]
    }


def test_a_score_is_named_by_its_import_path_in_yaml():
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(SemanticAccuracy, "metric")
    captioner = {"class_path": f"{__name__}.Shade"}
    node = {"score": "semjscc.data.scenes.agreement", "captioner": captioner}
    metric = parser.instantiate(parser.parse_object({"metric": node})).metric
    assert metric.score.__name__ == "agreement"
    assert isinstance(metric.captioner, Shade)
