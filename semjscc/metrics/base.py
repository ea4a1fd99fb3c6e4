"""The contract of the metrics."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from semjscc.types import Delivery, Pictures


class Metric(nn.Module, ABC):
    """One or more figures per image. What a system cannot have is left out, never zero.

    ``absent`` is the reason of a metric that has no figures on this machine, whatever the system.
    """

    absent: str = ""

    @abstractmethod
    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        """Figures by name, each of shape ``[batch]``."""
