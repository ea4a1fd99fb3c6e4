"""The embedded captioner: transformers' BLIP, small, taught to say what it sees."""

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from transformers import BlipConfig, BlipForConditionalGeneration, BlipImageProcessor, BlipProcessor

from semjscc.data.scenes import agreement
from semjscc.training.data import Batch
from semjscc.training.optimization import adamw_cosine
from semjscc.training.vocabulary import bert_tokenizer


class Captioning(LightningModule):
    """Picture -> caption, token by token, by cross entropy.

    Args:
        width: of both transformers
        layers: of each transformer
        heads: of each attention
        patch: side of the square patches the picture is cut into [pixels]
        noise: largest standard deviation of the noise on a training picture; what it will caption is not always clean
        learning_rate: peak of the cosine
        out: folder that gets the model and its processor, in transformers' layout
    """

    def __init__(
        self,
        width: int = 192,
        layers: int = 4,
        heads: int = 6,
        patch: int = 8,
        noise: float = 0.1,
        learning_rate: float = 1e-3,
        out: str = "checkpoints/captioner",
    ):
        super().__init__()
        self.noise, self.learning_rate, self.out = noise, learning_rate, out
        tokenizer = bert_tokenizer()
        images = BlipImageProcessor(size={"height": 64, "width": 64}, image_mean=[0.5] * 3, image_std=[0.25] * 3)
        self.processor = BlipProcessor(images, tokenizer)
        both = {
            "hidden_size": width,
            "intermediate_size": 4 * width,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
        }
        text = {
            **both,
            "encoder_hidden_size": width,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": tokenizer.model_max_length,
            "bos_token_id": tokenizer.cls_token_id,
            "sep_token_id": tokenizer.sep_token_id,
            "eos_token_id": tokenizer.sep_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
        self.model = BlipForConditionalGeneration(
            BlipConfig(text_config=text, vision_config={**both, "image_size": 64, "patch_size": patch})
        )

    def pixels(self, images: Tensor) -> Tensor:
        """Pictures in [0, 1] as the model wants them."""
        return self.processor.image_processor(images, do_rescale=False, do_resize=False, return_tensors="pt")[
            "pixel_values"
        ]

    def training_step(self, batch: Batch) -> Tensor:
        images = batch["images"]
        deviation = self.noise * torch.rand(len(images), 1, 1, 1, device=self.device)
        images = (images + deviation * torch.randn_like(images)).clamp(0, 1)
        tokens = self.processor.tokenizer(batch["captions"], padding=True, return_tensors="pt").to(self.device)
        labels = tokens.input_ids.masked_fill(tokens.attention_mask == 0, -100)
        loss = self.model(self.pixels(images), tokens.input_ids, tokens.attention_mask, labels=labels).loss
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: Batch) -> None:
        longest = self.processor.tokenizer.model_max_length - 1
        tokens = self.model.generate(self.pixels(batch["images"]), max_new_tokens=longest)
        said = self.processor.batch_decode(tokens, skip_special_tokens=True)
        pairs = list(zip(batch["captions"], said, strict=True))
        exact = sum(truth.lower() == claim for truth, claim in pairs) / len(pairs)
        kept = sum(agreement(*pair) for pair in pairs) / len(pairs)
        self.log_dict({"val/exact": exact, "val/facts": kept}, prog_bar=True, batch_size=len(pairs))

    def on_train_end(self) -> None:
        """Saves the model in half precision, and its processor."""
        self.model.half().save_pretrained(self.out)
        self.processor.save_pretrained(self.out)

    def configure_optimizers(self):
        return adamw_cosine(self, self.model.parameters(), self.learning_rate)
