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


class PictureMetric(Metric):
    """A metric of pixels alone. A picture that arrives as it did the last time is not looked at anew: over a digital
    link most do, from the SNR on at which no block is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[Images, Images, dict[str, Tensor]] | None = None  # sent, shown, figures

    @abstractmethod
    def compare(self, sent: Images, shown: Images) -> dict[str, Tensor]:
        """Figures of pictures in [0, 1], picture by picture; which there are depends on their size alone."""

    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        pair = sent.images, delivery.images
        if self._last is None or self._last[1].shape != pair[1].shape:
            figures = self.compare(*pair)
        else:
            *before, figures = self._last
            anew = [now.ne(then).flatten(1).any(1) for now, then in zip(pair, before, strict=True)]
            rows = torch.stack(anew).any(0).nonzero().squeeze(1)
            if len(rows):
                found = self.compare(pair[0][rows], pair[1][rows])
                figures = {name: figures[name].index_copy(0, rows, values) for name, values in found.items()}
        self._last = *pair, figures
        return figures
