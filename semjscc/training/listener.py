"""A generator that paints what it half hears: adapters for its text encoder and its UNet."""

import copy
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import StableDiffusionPipeline
from jaxtyping import Float
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from semjscc.codecs.base import TextCodec
from semjscc.codecs.ear import Ear
from semjscc.codecs.huggingface import HubCaptioner
from semjscc.data.scenes import agreement
from semjscc.phy.standin import StandIn
from semjscc.training.data import Batch
from semjscc.training.latents import OnLatents
from semjscc.training.lora import leave, trained, with_adapter
from semjscc.training.optimization import adamw_cosine
from semjscc.training.ways import IDLE, Way

LAYERS = {
    "text_encoder": ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"],
    "unet": ["to_q", "to_k", "to_v", "to_out.0"],
}


class Listener(OnLatents):
    """What is left of a caption and noise -> latent -> picture, beside a teacher who has read the caption itself::

        caption -> way of speaking -> stand-in -> ear -> text encoder -> UNet -> v
        caption ------------------------------> frozen text encoder -> frozen UNet -> v'    loss |v - v'|^2

    v' in place of v itself (:class:`~semjscc.training.generator.Generator`) leaves out the noise that no text explains.

    Args:
        generator: folder of the frozen pipeline.
        captioner: folder of the one that says what validation paints.
        standin: the link's errors, see :class:`~semjscc.phy.standin.StandIn`.
        ears: corpus of those who speak plainly, and of those who speak late (:mod:`semjscc.training.ways`).
        fillers: words before the facts, of those who speak late.
        plain: share of the captions that are spoken plainly.
        ranks: of the adapters of text encoder and UNet.
        snr_db: of the training's captions, uniform [dB]. Above 3.5 dB hardly a block is lost.
        watched_db: SNR at which validation listens.
        drop: share of the captions that are emptied, for guidance.
        learning_rate: peak of the cosine.
        out: folder that gets the adapters, a folder for each part.
    """

    def __init__(
        self,
        generator: str = "checkpoints/generator",
        captioner: str = "checkpoints/captioner",
        standin: str = "standins/paper-a.json",
        ears: tuple[str, str] = ("configs/captions/scenes.txt", "configs/captions/scenes-late.txt"),
        fillers: int = 17,
        plain: float = 0.4,
        ranks: tuple[int, int] = (16, 16),
        snr_db: tuple[float, float] = (-3.0, 6.0),
        watched_db: float = 0.0,
        drop: float = 0.1,
        learning_rate: float = 1e-3,
        out: str = "checkpoints/listener-lora",
    ):
        super().__init__()
        self.snr_db, self.watched_db, self.plain, self.drop = snr_db, watched_db, plain, drop
        self.late = Way(fillers, IDLE)
        self.learning_rate, self.out = learning_rate, out
        self.pipeline = StableDiffusionPipeline.from_pretrained(generator, dtype=torch.float32)
        self.pipeline.set_progress_bar_config(disable=True)
        parts = self.pipeline.components
        self.teacher = copy.deepcopy(parts["text_encoder"]).requires_grad_(False).eval()
        self.vae = parts["vae"].requires_grad_(False).eval()
        self.text_encoder, self.unet = (
            with_adapter(parts[name], generator, rank, LAYERS[name])
            for name, rank in zip(("text_encoder", "unet"), ranks, strict=True)
        )
        self.link, self.ears, self.captioner = StandIn(standin), tuple(Ear(corpus) for corpus in ears), captioner

    def heard(self, caption: str) -> str:
        """What the ear makes of a caption, said in one way or the other, at a random SNR."""
        if not caption:
            return ""
        plain, snr_db = random.random() < self.plain, random.uniform(*self.snr_db)
        ear, said = (self.ears[0], caption) if plain else (self.ears[1], self.late(caption))
        return through(ear, self.link, [said], torch.tensor([snr_db]))[0]

    def training_step(self, batch: Batch) -> Tensor:
        z = self.drawn(batch["index"])
        captions = ["" if random.random() < self.drop else text for text in batch["captions"]]
        heard = [self.heard(text) for text in captions]
        with sdpa_kernel(SDPBackend.MATH):  # the fused kernel's backward pass is slow in bfloat16 on a CPU
            loss = self.loss(z, captions, heard)
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def loss(self, z: Tensor, captions: list[str], heard: list[str]) -> Tensor:
        """Mean squared distance from the teacher's v at uniform times, for latents ``z``."""
        noise, scheduler = torch.randn_like(z), self.pipeline.scheduler
        t = torch.randint(scheduler.config.num_train_timesteps, (len(z),), device=z.device)
        noisy = scheduler.add_noise(z, noise, t)
        with torch.no_grad(), self.unet.disable_adapter():
            wanted = self.unet(noisy, t, self.embed(self.teacher, captions)).sample.float()
        return F.mse_loss(self.unet(noisy, t, self.embed(self.text_encoder, heard)).sample.float(), wanted)

    def embed(self, encoder, texts: list[str]) -> Float[Tensor, "batch tokens width"]:
        """What an encoder makes of texts."""
        tokens = self.pipeline.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        return encoder(tokens.to(self.device)).last_hidden_state

    def on_validation_start(self) -> None:
        self.judge = HubCaptioner(self.captioner).to(self.device)

    def validation_step(self, batch: Batch) -> None:
        """Facts that the captioner finds in what is painted after late speech: at the SNR watched, and undamaged."""
        captions, facts = batch["captions"], {}
        for name, snr in (("val/facts", self.watched_db), ("val/facts_clean", 40.0)):
            said = [self.late(text) for text in captions]
            heard = through(self.ears[1], self.link, said, torch.full((len(said),), snr))
            seeds = [torch.Generator().manual_seed(int(index)) for index in batch["index"]]
            painted = self.pipeline(
                heard, num_inference_steps=10, guidance_scale=3.0, generator=seeds, output_type="pt"
            ).images
            seen = self.judge.caption(painted.float())
            facts[name] = sum(map(agreement, captions, seen)) / len(captions)
        self.log_dict(facts, prog_bar=True, batch_size=len(captions))

    def on_train_end(self) -> None:
        """Saves the adapters in half precision."""
        for name, part in (("text_encoder", self.text_encoder), ("unet", self.unet)):
            leave(part, Path(self.out) / name)

    def configure_optimizers(self):
        return adamw_cosine(self, trained(self), self.learning_rate, warmup=40)


def through(text: TextCodec, link: StandIn, said: list[str], snr_db: Float[Tensor, " batch"]) -> list[str]:
    """Texts over the stand-in, each at its SNR [dB]."""
    return text.decode(link(text.encode(said), snr_db).bits)
