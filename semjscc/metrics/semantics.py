"""Does what arrives still mean the same?"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from semjscc.metrics.base import Metric
from semjscc.types import Captioner, Delivery, Pictures


class SemanticAccuracy(Metric):
    """How well words agree with the reference caption, by a ``score(reference, words)`` of the data's own.

    - ``semantic_accuracy``: the words are what ``captioner`` says of the picture delivered; any system has it.
    - ``semantic_accuracy_heard``: the words are the text heard; absent where none is sent.

    The reference is each picture's first caption; both are absent where a picture has none.
    """

    def __init__(self, score: Callable[[str, str], float], captioner: Captioner):
        super().__init__()
        self.score = score
        self.captioner = captioner

    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        if not all(sent.captions):
            return {}
        references = [captions[0] for captions in sent.captions]
        seen = self.captioner.caption(delivery.images)
        figures = {"semantic_accuracy": self._scores(references, seen)}
        if delivery.heard:
            figures["semantic_accuracy_heard"] = self._scores(references, delivery.heard)
        return {name: values.to(delivery.images.device) for name, values in figures.items()}

    def _scores(self, references: list[str], words: list[str]) -> Float[Tensor, " batch"]:
        pairs = zip(references, words, strict=True)
        return torch.tensor([float(self.score(reference, said)) for reference, said in pairs])
