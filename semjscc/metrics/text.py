"""How much of the words arrives."""

import torch
from torch import Tensor
from torchmetrics.functional.text import bleu_score, char_error_rate

from semjscc.metrics.base import Metric
from semjscc.types import Delivery, Pictures


class TextFidelity(Metric):
    """The caption heard against the caption sent; absent for systems without captions.

    - ``bleu4``: BLEU of one sentence (Papineni et al. 2002) on words between white space, 0 to 1. A text sent of fewer
      than four words is judged by the n-grams it has. Without ``smooth``, one order of n-grams without a match makes
      it 0; with it, orders above one count one more match and one more n-gram (add-one, Lin and Och 2004), though
      torchmetrics still answers 0 where an order has no match at all.
    - ``cer``: character errors (insertions, deletions, substitutions) per character sent; above 1 for long rubbish.
    - ``exact``: 1 for a text heard to the letter; its mean is the share of such texts.
    """

    def __init__(self, smooth: bool = False):
        super().__init__()
        self.smooth = smooth

    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        if not delivery.heard:
            return {}
        pairs = list(zip(delivery.sent, delivery.heard, strict=True))
        figures = {
            "bleu4": [self.bleu4(said, heard) for said, heard in pairs],
            "cer": [character_error_rate(said, heard) for said, heard in pairs],
            "exact": [float(said == heard) for said, heard in pairs],
        }
        return {name: torch.tensor(values, device=delivery.images.device) for name, values in figures.items()}

    def bleu4(self, sent: str, heard: str) -> float:
        """BLEU-4 of one text, 0 to 1; without a word sent, 1 for no word heard and 0 for any."""
        orders = min(4, len(sent.split()))
        if orders == 0:
            return float(not heard.split())
        return bleu_score([heard], [[sent]], n_gram=orders, smooth=self.smooth).item()


def character_error_rate(sent: str, heard: str) -> float:
    """Edit distance per character sent; of an empty text, the characters heard."""
    return char_error_rate(heard, sent).item() if sent else float(len(heard))
