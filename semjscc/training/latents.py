"""Trainings of painters need no pictures, but their latents, which are made once."""

import torch
from diffusers import AutoencoderKL
from jaxtyping import Float, Int
from lightning.pytorch import LightningModule
from torch import Tensor
from tqdm import tqdm


class OnLatents(LightningModule):
    """A training on latents of the datamodule's scenes; it has a ``vae``."""

    vae: AutoencoderKL

    @torch.no_grad()
    def on_fit_start(self) -> None:
        """Encodes all training pictures once: mean and deviation of their latents, in the latents' own scale."""
        images = self.trainer.datamodule.train_scenes.images
        bar = tqdm(images.split(256), desc="encoding scenes", leave=False)
        with self.trainer.precision_plugin.forward_context():
            moments = [self.vae.encode(2 * x.to(self.device).float() / 255 - 1).latent_dist.parameters for x in bar]
        self.moments = torch.cat(moments).float()

    def drawn(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "batch channels rows columns"]:
        """Latents of these pictures, drawn anew, in the scale of the diffusion."""
        mean, logvar = self.moments[index.to(self.device)].chunk(2, dim=1)
        return (mean + (0.5 * logvar).exp() * torch.randn_like(mean)) * self.vae.config.scaling_factor
