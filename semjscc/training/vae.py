"""The generator's first half: an autoencoder to a small latent, in diffusers' own class."""

import torch
from diffusers import AutoencoderKL
from lightning.pytorch import LightningModule
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio

from semjscc.training.data import Batch
from semjscc.training.optimization import adamw_cosine
from semjscc.types import Images

CHROMA = 8.0  # without it hues come a thousand steps after shapes


def error(y: Images, x: Images) -> Tensor:
    """Squared error of pixels, of steps between neighbours and, with more weight, of colour without lightness."""
    off = y - x
    edges = off.diff(dim=-2).square().mean() + off.diff(dim=-1).square().mean()
    return off.square().mean() + edges + CHROMA * (off - off.mean(dim=1, keepdim=True)).square().mean()


class Autoencoder(LightningModule):
    """Images in [-1, 1] -> latent of an eighth of the size -> images: :func:`error` and a little KL.

    Args:
        channels: width of each of the four scales
        latent_channels: depth of the latent
        kl_weight: a nat of KL per latent entry is worth this much squared error
        learning_rate: peak of the cosine
        out: folder that gets the trained model, in diffusers' layout
    """

    def __init__(
        self,
        channels: tuple[int, int, int, int] = (24, 48, 96, 96),
        latent_channels: int = 16,
        kl_weight: float = 1e-4,
        learning_rate: float = 1.5e-3,
        out: str = "checkpoints/generator/vae",
    ):
        super().__init__()
        self.kl_weight, self.learning_rate, self.out = kl_weight, learning_rate, out
        self.vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=channels,
            latent_channels=latent_channels,
            norm_num_groups=8,
            sample_size=64,
            mid_block_add_attention=False,
        )

    def training_step(self, batch: Batch) -> Tensor:
        x = 2 * batch["images"] - 1
        posterior = self.vae.encode(x).latent_dist
        y = self.vae.decode(posterior.sample()).sample
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        loss = error(y.float(), x)
        self.log_dict({"train/loss": loss, "train/kl": kl}, prog_bar=True)
        return loss + self.kl_weight * kl

    def validation_step(self, batch: Batch) -> None:
        x = batch["images"]
        y = self.vae(2 * x - 1, sample_posterior=False).sample.float()
        psnr = peak_signal_noise_ratio((y / 2 + 0.5).clamp(0, 1), x, data_range=1.0, dim=(1, 2, 3))
        self.log("val/psnr_db", psnr, prog_bar=True, batch_size=len(x))

    @torch.no_grad()
    def on_train_end(self) -> None:
        """Saves the model, with the scale that gives its latents unit variance."""
        scenes = self.trainer.datamodule.val_scenes
        z = self.vae.encode(2 * scenes.images.to(self.device).float() / 255 - 1).latent_dist.sample()
        self.vae.register_to_config(scaling_factor=1 / z.std().item())
        self.vae.save_pretrained(self.out)

    def configure_optimizers(self):
        return adamw_cosine(self, self.vae.parameters(), self.learning_rate)
