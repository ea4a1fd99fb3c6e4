"""The embedded CLIP: pictures and captions of the same scene meet on one sphere."""

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

from semjscc.training.data import Batch
from semjscc.training.optimization import adamw_cosine
from semjscc.training.vocabulary import clip_tokenizer


class Similarity(LightningModule):
    """Contrastive learning of a text and an image transformer (Radford et al. 2021, Fig. 3).

    Args:
        width: of both transformers
        layers: of each transformer
        heads: of each attention
        patch: side of the square patches the picture is cut into [pixels]
        projection: dimension of the sphere
        learning_rate: peak of the cosine
        out: folder that gets the model and its processor, in transformers' layout
    """

    def __init__(
        self,
        width: int = 128,
        layers: int = 4,
        heads: int = 4,
        patch: int = 8,
        projection: int = 64,
        learning_rate: float = 1e-3,
        out: str = "checkpoints/clip",
    ):
        super().__init__()
        self.learning_rate, self.out = learning_rate, out
        tokenizer = clip_tokenizer()
        size = {"height": 64, "width": 64}
        images = CLIPImageProcessor(size=size, do_center_crop=False, image_mean=[0.5] * 3, image_std=[0.25] * 3)
        self.processor = CLIPProcessor(images, tokenizer)
        both = {
            "hidden_size": width,
            "intermediate_size": 4 * width,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
        }
        text = {
            **both,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": tokenizer.model_max_length,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
        vision = {**both, "image_size": 64, "patch_size": patch}
        self.model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=projection))

    def forward(self, batch: Batch):
        """CLIP's output for matched pictures and captions: similarities and the contrastive loss."""
        pixels = self.processor.image_processor(
            batch["images"], do_rescale=False, do_resize=False, return_tensors="pt"
        )["pixel_values"]
        tokens = self.processor.tokenizer(batch["captions"], padding=True, truncation=True, return_tensors="pt")
        tokens = tokens.to(self.device)
        return self.model(tokens.input_ids, pixels, tokens.attention_mask, return_loss=True)

    def training_step(self, batch: Batch) -> Tensor:
        loss = self(batch).loss
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Batch) -> None:
        found = self(batch).logits_per_image.argmax(dim=1).cpu()
        right = (found == torch.arange(len(found))).float().mean()
        self.log("val/retrieved", right, prog_bar=True, batch_size=len(found))

    def on_train_end(self) -> None:
        """Saves the model in half precision, and its processor."""
        self.model.half().save_pretrained(self.out)
        self.processor.save_pretrained(self.out)

    def configure_optimizers(self):
        return adamw_cosine(self, self.model.parameters(), self.learning_rate)
