"""What CLIP or SigLIP makes of a delivery: how alike words and pictures are to a model that knows both."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity
from transformers import AutoModel, AutoProcessor

from semjscc.hub import check_complete, check_memory, check_vocabulary, pretrained
from semjscc.metrics.base import Metric
from semjscc.types import Delivery, Images, Pictures


class ClipSimilarity(Metric):
    """Cosines in [-1, 1] between the embeddings of CLIP (Radford et al. 2021, arXiv:2103.00020), SigLIP (Zhai et al.
    2023, arXiv:2303.15343) or another model that places pictures and texts in one space, by name:

    - ``clip_image_image``: the picture sent, the picture delivered;
    - ``clip_text_text``: the caption sent, the caption heard;
    - ``clip_text_image``: the caption sent, the picture delivered. For a system without captions, the first reference
      caption stands in for the one sent.

    Not CLIPScore, which is 2.5 times the last, cut at zero. A text is cut where the model's reading ends, and padded
    up to there, as SigLIP was taught. Loading may raise ``OSError``, see :func:`semjscc.hub.pretrained`; weights must
    be safetensors.

    Args:
        revision: branch, tag or commit of the hub's.
        name: what the figures' names begin with, so that two models may be asked side by side.
    """

    def __init__(self, model: str, revision: str | None = None, name: str = "clip"):
        super().__init__()
        with pretrained(model, revision) as source:
            self.processor = AutoProcessor.from_pretrained(source)
            check_vocabulary(self.processor.tokenizer)
            check_memory(source, 32)
            self.model, report = AutoModel.from_pretrained(
                source, dtype=torch.float32, use_safetensors=True, output_loading_info=True
            )
            if not hasattr(self.model, "get_text_features") or not hasattr(self.model, "get_image_features"):
                raise ValueError("it does not place pictures and texts in one space, as CLIP and SigLIP do")
            check_complete(report["missing_keys"])
        self.requires_grad_(False).eval()
        self.name = name

    def forward(self, sent: Pictures, delivery: Delivery) -> dict[str, Tensor]:
        seen = self.embed_images(delivery.images)
        figures = {f"{self.name}_image_image": _cosine(self.embed_images(sent.images), seen)}
        if delivery.heard:
            figures[f"{self.name}_text_text"] = _cosine(
                self.embed_texts(delivery.sent), self.embed_texts(delivery.heard)
            )
        captions = delivery.sent or [captions[0] for captions in sent.captions if captions]
        if len(captions) == len(seen):
            figures[f"{self.name}_text_image"] = _cosine(self.embed_texts(captions), seen)
        return figures

    def embed_images(self, images: Images) -> Float[Tensor, "batch features"]:
        inputs = self.processor(images=list(images), do_rescale=False, return_tensors="pt")
        return self.model.get_image_features(**inputs.to(self.model.device)).pooler_output

    def embed_texts(self, texts: list[str]) -> Float[Tensor, "batch features"]:
        longest = self.model.config.text_config.max_position_embeddings
        inputs = self.processor(
            text=texts, padding="max_length", truncation=True, max_length=longest, return_tensors="pt"
        )
        return self.model.get_text_features(**inputs.to(self.model.device)).pooler_output


def _cosine(a: Float[Tensor, "batch features"], b: Float[Tensor, "batch features"]) -> Float[Tensor, " batch"]:
    return cosine_similarity(a, b).clamp(-1.0, 1.0)
