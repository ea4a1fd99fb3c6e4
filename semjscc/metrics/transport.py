"""How much of a payload arrived, and how fast; nothing where a system sends no bits."""

from torch import Tensor

from semjscc.metrics.base import Metric
from semjscc.types import Delivery, Pictures


class Transport(Metric):
    """Error rates of the payload and paper A's effective data rate.

    - ``ber``: share of the payload bits that were heard wrong
    - ``success_ratio``: S = B_s / B_t, the share that was heard right (paper A)
    - ``effective_rate_bps``: R S with R = B_t / T, T the time on the air [bit/s] (paper A); B_t counts every bit of
      the payload, filling included; absent where time does not matter, at a duration of 0
    - ``bler``: share of the code blocks that did not arrive whole
    - ``damaged``: 1.0 where not all of a picture's blocks did
    - ``undecodable``: 1.0 where the payload yields no picture
    """

    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        figures: dict[str, Tensor] = {}
        if delivery.sent_bits is not None and delivery.heard_bits is not None:
            ber = (delivery.heard_bits != delivery.sent_bits).float().mean(1)
            figures |= {"ber": ber, "success_ratio": 1 - ber}
            if delivery.duration:
                figures["effective_rate_bps"] = delivery.payload_bits / delivery.duration * (1 - ber)
        if delivery.block_errors is not None:
            figures |= {"bler": delivery.block_errors.mean(1), "damaged": delivery.block_errors.amax(1)}
        if delivery.undecodable is not None:
            figures["undecodable"] = delivery.undecodable
        return figures
