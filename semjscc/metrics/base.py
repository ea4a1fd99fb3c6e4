"""The contract of the metrics."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from semjscc.types import Delivery, Images, Pictures


class Metric(nn.Module, ABC):
    """One or more figures per image. What a system cannot have is left out, never zero.

    ``absent`` is the reason of a metric that has no figures on this machine, whatever the system.
    """

    absent: str = ""

    @abstractmethod
    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        """Figures by name, each of shape ``[batch]``."""


REMEMBERED = 12  # pictures, as many as go through a sweep together


class PictureMetric(Metric):
    """A metric of pixels alone. A picture that arrives as it did the last time is not looked at anew: over a digital
    link most do, from the SNR on at which no block is lost.

    Pictures are looked at one by one, so that a figure is the same to the last bit whichever others are new.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[int, ...], tuple[Images, Images, dict[str, Tensor]]] = {}  # sent, shown, figures

    @abstractmethod
    def compare(self, sent: Images, shown: Images) -> dict[str, Tensor]:
        """Figures of pictures in [0, 1], picture by picture; which there are depends on their size alone."""

    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        pair = sent.images, delivery.images
        before = self._last.pop(tuple(pair[1].shape), None)
        rows = range(len(pair[1])) if before is None else _changed(pair, before[:2])
        found = {row: self.compare(pair[0][row : row + 1], pair[1][row : row + 1]) for row in rows}
        figures = before[2] if before else {name: values.expand(len(pair[1])) for name, values in found[0].items()}
        figures = {name: values.clone() for name, values in figures.items()}
        for row, values in found.items():
            for name in figures:
                figures[name][row] = values[name][0]
        self._last[tuple(pair[1].shape)] = *pair, figures
        while len(self._last) > 1 and sum(shape[0] for shape in self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]
        return dict(figures)


def _changed(now: tuple[Images, Images], then: tuple[Images, Images]) -> list[int]:
    """The rows of which one picture or the other is new."""
    anew = [a.ne(b).flatten(1).any(1) for a, b in zip(now, then, strict=True)]
    return torch.stack(anew).any(0).nonzero().squeeze(1).tolist()
