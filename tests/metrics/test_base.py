"""Metrics of pictures look again at those alone that have changed."""

import pytest
import torch

from semjscc.metrics.base import PictureMetric
from semjscc.types import Delivery, Pictures


class Mean(PictureMetric):
    """Notes which pictures it is shown."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def compare(self, sent, shown):
        self.seen += shown[:, 0, 0, 0].tolist()
        assert len(shown) == 1  # a figure does not depend on which others are new
        return {"off": (shown - sent).mean((1, 2, 3))}


def figures(metric, sent, shown):
    pictures = [torch.tensor(values)[:, None, None, None].expand(-1, 3, 2, 2).clone() for values in (sent, shown)]
    return metric(Pictures(pictures[0], [""] * len(sent), [[]] * len(sent)), Delivery(pictures[1], 0, 1, 1, 1.0))


def test_only_what_has_changed_is_looked_at_again():
    metric = Mean()
    for sent, shown, seen in [
        ([0.5, 0.25, 0.75], [0.0, 1.0, 0.75], [0.0, 1.0, 0.75]),
        ([0.5, 0.25, 0.75], [0.0, 1.0, 0.75], []),  # the same again
        ([0.5, 0.25, 0.75], [0.0, 0.5, 0.75], [0.5]),  # another one arrives
        ([0.5, 0.25, 1.0], [0.0, 0.5, 0.75], [0.75]),  # another one is sent
        ([0.5, 0.25], [0.0, 0.5], [0.0, 0.5]),  # another batch
    ]:
        metric.seen.clear()
        found = figures(metric, sent, shown)["off"]
        assert found.tolist() == pytest.approx([b - a for a, b in zip(sent, shown, strict=True)])
        assert metric.seen == seen


def test_figures_handed_out_stay_as_they_are():
    metric = Mean()
    first = figures(metric, [0.5], [0.0])["off"]
    figures(metric, [0.5], [1.0])
    assert first.tolist() == [-0.5]
