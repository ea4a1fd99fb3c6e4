"""A captioner that says what survives the channel: the way of speaking that is heard best, taught to an adapter."""

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule
from torch import Tensor
from transformers import AutoModelForImageTextToText, AutoProcessor

from semjscc.codecs.ear import Ear
from semjscc.data.scenes import agreement
from semjscc.hub import ROOT
from semjscc.phy.standin import StandIn
from semjscc.results import write
from semjscc.rng import PerImage
from semjscc.training.data import Batch
from semjscc.training.lora import leave, trained, with_adapter
from semjscc.training.optimization import adamw_cosine
from semjscc.training.ways import Way, idle, ways

LAYERS = r".*text_decoder.*\.(query|key|value|dense)"


class Speaker(LightningModule):
    """Expert iteration with whole ways of speaking as the proposals.

    A frozen captioner is nearly sure of its words, so that what it says of one picture, drawn again, teaches nothing.
    So its captions are edited, all in the same way (:mod:`semjscc.training.ways`), and each way is scored: the facts
    that an ear for this way hears over the stand-in, less a price on bits. The best way is taught by cross entropy; at
    the same time the model is held to what it used to say, where it is given the beginning of it.

    Args:
        captioner: folder of the frozen captioner.
        standin: the link's errors, see :class:`~semjscc.phy.standin.StandIn`.
        rank: of the adapter.
        snr_db: of the captions that ways are scored with, evenly over this range [dB].
        price: of a bit, in facts.
        scored: captions that each way is scored with.
        most_words: of a caption; what the painter reads is 32 tokens, two of them its own.
        nearness: weight of the Kullback-Leibler divergence from the frozen captioner [1/nat].
        watched_db: SNR at which validation listens.
        learning_rate: peak of the cosine.
        out: folder that gets the adapter, and ``ways.json`` with the scores.
    """

    def __init__(
        self,
        captioner: str = "checkpoints/captioner",
        standin: str = "standins/paper-a.json",
        rank: int = 16,
        snr_db: tuple[float, float] = (-3.0, 3.0),
        price: float = 1e-5,
        scored: int = 96,
        most_words: int = 29,
        nearness: float = 0.1,
        watched_db: float = 0.0,
        learning_rate: float = 2e-3,
        out: str = "checkpoints/captioner-lora",
    ):
        super().__init__()
        self.snr_db, self.price, self.scored, self.most_words = snr_db, price, scored, most_words
        self.nearness, self.watched_db, self.learning_rate, self.out = nearness, watched_db, learning_rate, out
        folder = str(ROOT / captioner)
        self.processor = AutoProcessor.from_pretrained(folder)
        base = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
        self.model = with_adapter(base, captioner, rank, LAYERS, ["position_embeddings"])
        self.link = StandIn(standin)
        self.way, self.scores = Way(), list[dict]()

    def on_fit_start(self) -> None:
        """Chooses the way, by captions of the training scenes."""
        captions = self.trainer.datamodule.train_scenes.captions[:1000]
        for way in ways(captions, idle(captions, agreement), self.most_words):
            facts, bits = self.heard(way, captions, torch.linspace(*self.snr_db, self.scored))
            score = facts - self.price * bits
            self.scores.append({"way": vars(way), "score": score, "facts": facts, "content_bits": bits})
        self.way = Way(**max(self.scores, key=lambda one: one["score"])["way"])
        self.ear = Ear([self.way(text) for text in captions])

    def heard(self, way: Way, captions: list[str], snr_db: Tensor) -> tuple[float, float]:
        """Mean share of the facts heard, and mean content bits; every way meets the same errors."""
        ear, some = Ear([way(text) for text in captions]), captions[: len(snr_db)]
        sent = ear.encode([way(text) for text in some])
        rng = PerImage([(0, index) for index in range(len(some))])
        said = ear.decode(self.link(sent, snr_db, rng).bits)
        return mean(map(agreement, some, said)), ear.content_bits(sent).double().mean().item()

    def pixels(self, images: Tensor) -> Tensor:
        """Pictures in [0, 1] as the model wants them."""
        return self.processor.image_processor(images, do_rescale=False, return_tensors="pt")["pixel_values"]

    def training_step(self, batch: Batch) -> Tensor:
        pixels = self.pixels(batch["images"])
        tokens, labels = self.tokens([self.way(text) for text in batch["captions"]])
        taught = self.model(pixels, tokens.input_ids, tokens.attention_mask, labels=labels).loss
        astray = self.divergence(pixels, batch["captions"])
        self.log_dict({"train/taught": taught, "train/astray": astray}, prog_bar=True)
        return taught + self.nearness * astray

    def divergence(self, pixels: Tensor, captions: list[str]) -> Tensor:
        """From the frozen captioner, of each word after the first two of its captions [nat]."""
        tokens, labels = self.tokens(captions)
        inputs = {"pixel_values": pixels, "input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}
        with torch.no_grad(), self.model.disable_adapter():
            before = self.model(**inputs).logits[:, 2:].float().log_softmax(-1)
        now = self.model(**inputs).logits[:, 2:].float().log_softmax(-1)
        each = F.kl_div(now, before, log_target=True, reduction="none").sum(-1)
        return each[labels[:, 2:] >= 0].mean()

    def tokens(self, texts: list[str]):
        """Their tokens, and the same as labels, -100 where there is padding."""
        tokens = self.processor.tokenizer(texts, padding=True, return_tensors="pt").to(self.device)
        return tokens, tokens.input_ids.masked_fill(tokens.attention_mask == 0, -100)

    def validation_step(self, batch: Batch) -> None:
        said = self.processor.batch_decode(
            self.model.generate(pixel_values=self.pixels(batch["images"]), max_new_tokens=40), skip_special_tokens=True
        )
        sent = self.ear.encode(said)
        heard = self.ear.decode(self.link(sent, torch.full((len(said),), self.watched_db)).bits)
        figures = {
            "val/facts_said": mean(map(agreement, batch["captions"], said)),
            "val/facts_heard": mean(map(agreement, batch["captions"], heard)),
            "val/content_bits": self.ear.content_bits(sent).float().mean().item(),
        }
        self.log_dict(figures, prog_bar=True, batch_size=len(said))

    def on_train_end(self) -> None:
        """Saves the adapter in half precision, and how the ways have done."""
        leave(self.model, self.out)
        write(ROOT / self.out / "ways.json", {"ways": self.scores})

    def configure_optimizers(self):
        return adamw_cosine(self, trained(self), self.learning_rate, warmup=20)


def mean(values) -> float:
    """Of an iterable."""
    values = list(values)
    return sum(values) / len(values)
