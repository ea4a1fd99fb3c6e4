"""What people say of the same picture: captions against several references."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torchmetrics.functional.text import bleu_score

from semjscc.hub import ROOT
from semjscc.metrics.base import Metric
from semjscc.types import Delivery, Pictures

ORDERS = (1, 2, 3, 4)
Grams = list[Counter[tuple[str, ...]]]  # of one text: how often each n-gram occurs in it, by order


class AgainstReferences(Metric):
    """The caption sent and the caption heard against all references of the picture, ``..._sent`` and ``..._heard``:

    - ``references_bleu1`` ... ``references_bleu4``: BLEU of one sentence against its references (Papineni et al.
      2002), unsmoothed, 0 to 1; a mean of these is less than the BLEU of a corpus;
    - ``references_cider``: CIDEr-D (Vedantam et al. 2015, arXiv:1411.5726, equations 1 to 4 with clipping and a
      length penalty of sigma 6), 0 to 10.

    Words are lower-case letters, digits and apostrophes. Both are absent for systems without captions and for pictures
    without references. CIDEr weighs n-grams by how rare they are; where one counts the references of all pictures, here
    it is the captions of ``corpus``, so that a figure depends on no other picture.

    Args:
        corpus: file of captions, one a line; from the repository if relative.
    """

    def __init__(self, corpus: str = "configs/captions/coco.txt", sigma: float = 6.0):
        super().__init__()
        told = [line for line in (ROOT / corpus).read_text(encoding="utf-8").splitlines() if line.strip()]
        self.documents, self.sigma = len(told), sigma
        self.frequency = Counter(gram for text in told for grams in n_grams(text) for gram in grams)

    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        if not delivery.heard or not all(sent.captions):
            return {}
        figures: dict[str, list[float]] = {}
        for when, texts in (("sent", delivery.sent), ("heard", delivery.heard)):
            pairs = list(zip(texts, sent.captions, strict=True))
            for n in ORDERS:
                figures[f"references_bleu{n}_{when}"] = [bleu(text, told, n) for text, told in pairs]
            figures[f"references_cider_{when}"] = [self.cider(text, tuple(told)) for text, told in pairs]
        return {name: torch.tensor(values, device=delivery.images.device) for name, values in figures.items()}

    def cider(self, text: str, references: Sequence[str]) -> float:
        """CIDEr-D of one text, the mean over orders of n-grams and over references."""
        candidate = n_grams(text)
        scores = [self._alike(candidate, n_grams(told)) for told in references]
        return 10 * sum(scores) / len(scores)

    def _alike(self, candidate: Grams, reference: Grams) -> float:
        gap = sum(candidate[0].values()) - sum(reference[0].values())
        cosines = [self._cosine(a, b) for a, b in zip(candidate, reference, strict=True)]
        return math.exp(-(gap**2) / (2 * self.sigma**2)) * sum(cosines) / len(cosines)

    def _cosine(self, a: Counter, b: Counter) -> float:
        """Between vectors of frequency times rarity, the candidate's ``a`` clipped to what the reference ``b`` has."""
        dot = sum(min(a[gram], b[gram]) * b[gram] * self._rarity(gram) ** 2 for gram in a.keys() & b.keys())
        norms = [sum((n * self._rarity(gram)) ** 2 for gram, n in grams.items()) for grams in (a, b)]
        return dot / math.sqrt(norms[0] * norms[1]) if dot else 0.0

    def _rarity(self, gram: tuple[str, ...]) -> float:
        return math.log(self.documents / max(1, self.frequency[gram]))


def bleu(text: str, references: Sequence[str], n: int) -> float:
    """BLEU up to n-grams of order n."""
    told = [[" ".join(words(reference)) for reference in references]]
    return bleu_score([" ".join(words(text))], told, n_gram=n).item()


def words(text: str) -> list[str]:
    """In lower case, without marks."""
    return "".join(c if c.isalnum() or c == "'" else " " for c in text.lower()).split()


@lru_cache(4096)
def n_grams(text: str) -> Grams:
    """Those of orders 1 to 4."""
    told = words(text)
    return [Counter(zip(*(told[k:] for k in range(n)), strict=False)) for n in ORDERS]
