"""The generator's second half: a text encoder and a UNet that learn together to denoise latents, in v."""

import random

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTextConfig, CLIPTextModel

from semjscc.training.data import Batch
from semjscc.training.latents import OnLatents
from semjscc.training.optimization import adamw_cosine
from semjscc.training.vocabulary import CHARACTERS, clip_tokenizer


def misheard(caption: str, rate: float) -> str:
    """``caption`` with each character replaced by another with probability ``rate``."""
    return "".join(random.choice(CHARACTERS) if random.random() < rate else c for c in caption)


class Generator(OnLatents):
    """Text and noise -> latent -> picture.

    v-prediction (Salimans and Ho 2022) on latents of unit variance, with a schedule that ends in pure noise (Lin et al.
    2024, "Common diffusion noise schedules and sample steps are flawed").

    Args:
        vae: folder of the trained autoencoder (``configs/train/vae.yaml``)
        channels: width of the UNet; its one scale is that of the latents, 8 x 8
        text_width: width of the text encoder
        text_layers: depth of the text encoder
        drop: share of the captions that are emptied, for guidance
        damage: share of the captions that are misheard, with up to a tenth of their characters wrong
        learning_rate: peak of the cosine
        out: folder that gets the whole pipeline, in diffusers' layout
        start: folder of a trained pipeline of the same shape, whose text encoder and UNet are where this one begins
    """

    def __init__(
        self,
        vae: str = "checkpoints/generator/vae",
        channels: int = 160,
        text_width: int = 128,
        text_layers: int = 3,
        drop: float = 0.1,
        damage: float = 0.15,
        learning_rate: float = 1e-3,
        out: str = "checkpoints/generator",
        start: str | None = None,
    ):
        super().__init__()
        self.drop, self.damage, self.learning_rate, self.out = drop, damage, learning_rate, out
        self.tokenizer = clip_tokenizer()
        self.text_encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(self.tokenizer),
                hidden_size=text_width,
                intermediate_size=4 * text_width,
                num_hidden_layers=text_layers,
                num_attention_heads=4,
                max_position_embeddings=self.tokenizer.model_max_length,
                bos_token_id=self.tokenizer.bos_token_id,
                eos_token_id=self.tokenizer.eos_token_id,
            )
        )
        self.vae = AutoencoderKL.from_pretrained(vae).float().requires_grad_(False).eval()
        self.unet = UNet2DConditionModel(
            sample_size=8,
            in_channels=self.vae.config.latent_channels,
            out_channels=self.vae.config.latent_channels,
            block_out_channels=(channels,),
            layers_per_block=1,
            down_block_types=("CrossAttnDownBlock2D",),
            up_block_types=("CrossAttnUpBlock2D",),
            attention_head_dim=4,  # heads, in diffusers' reading
            norm_num_groups=16,
            cross_attention_dim=text_width,
        )
        if start:
            trained = StableDiffusionPipeline.from_pretrained(start)
            self.text_encoder.load_state_dict(trained.text_encoder.state_dict())
            self.unet.load_state_dict(trained.unet.state_dict())
        self.scheduler = DDIMScheduler(
            beta_schedule="scaled_linear",
            beta_start=0.00085,
            beta_end=0.012,
            prediction_type="v_prediction",
            rescale_betas_zero_snr=True,
            timestep_spacing="trailing",
            clip_sample=False,
            steps_offset=1,
        )

    def pipeline(self) -> StableDiffusionPipeline:
        """All parts as the pipeline that users load."""
        return StableDiffusionPipeline(
            self.vae,
            self.text_encoder,
            self.tokenizer,
            self.unet,
            self.scheduler,
            None,
            None,
            requires_safety_checker=False,
        )

    def training_step(self, batch: Batch) -> Tensor:
        z = self.drawn(batch["index"])
        with sdpa_kernel(SDPBackend.MATH):  # the fused kernel's backward pass is slow in bfloat16 on a CPU
            loss = self.loss(z, self.embed(batch["captions"]))
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def embed(self, captions: list[str]) -> Tensor:
        """Captions -> ``[batch, tokens, width]``, some dropped and some misheard."""
        heard = [
            ""
            if random.random() < self.drop
            else misheard(text, random.uniform(0, 0.1))
            if random.random() < self.damage
            else text
            for text in captions
        ]
        tokens = self.tokenizer(heard, padding="max_length", truncation=True, return_tensors="pt").input_ids
        return self.text_encoder(tokens.to(self.device)).last_hidden_state

    def loss(self, z: Tensor, context: Tensor) -> Tensor:
        """Mean squared error of v at uniform times, for latents ``z``."""
        noise = torch.randn_like(z)
        t = torch.randint(self.scheduler.config.num_train_timesteps, (len(z),), device=z.device)
        noisy, v = self.scheduler.add_noise(z, noise, t), self.scheduler.get_velocity(z, noise, t)
        return F.mse_loss(self.unet(noisy, t, context).sample.float(), v)

    def validation_step(self, batch: Batch) -> None:
        z = self.vae.encode(2 * batch["images"] - 1).latent_dist.mean * self.vae.config.scaling_factor
        self.log("val/loss", self.loss(z.float(), self.embed(batch["captions"])), prog_bar=True, batch_size=len(z))

    def on_train_end(self) -> None:
        """Saves the pipeline in half precision."""
        self.pipeline().to(torch.float16).save_pretrained(self.out)

    def configure_optimizers(self):
        trained = [*self.unet.parameters(), *self.text_encoder.parameters()]
        return adamw_cosine(self, trained, self.learning_rate, warmup=500)
