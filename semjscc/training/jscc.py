"""Learned image codecs, trained through the air that they are to cross."""

import time
from typing import Any

import torch
from jaxtyping import Float
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from semjscc.codecs.weights import Trained
from semjscc.metrics.fidelity import ROUNDING
from semjscc.rng import PerImage
from semjscc.systems.analog import Analog
from semjscc.systems.hybrid import Hybrid
from semjscc.training.card import export
from semjscc.training.optimization import adamw_cosine
from semjscc.training.patches import Batch
from semjscc.types import Images
from semjscc.units import linear_to_db


class JSCC(LightningModule):
    """Patches through the air, each at an SNR of its own, and the loss between what is sent and what arrives::

        images -> codec.encode -> link -> codec.decode -> loss
                                   ^
                        snr_db ~ U[least, greatest] of each image

    SNR, fades and noise are functions of a patch's number: a training that goes on after a kill ends where it would
    have ended, and several processes learn what one would have learned from all their patches.

    Args:
        loss: of what is delivered and what was sent; torch's mean squared error unless another is given.
        snr_db: least and greatest in training [dB].
        val_snr_db: where the PSNR of the patches to watch is taken [dB].
        learning_rate: peak of the cosine.
        warmup: steps up to it.
        seed: of SNR, fades and noise.
        out: folder that gets the weights and their card.

    Raises:
        ValueError: the system's codec has nothing to learn.
        FloatingPointError: the loss or a gradient is not finite; the weights are still those of the step before.
    """

    def __init__(
        self,
        system: Analog | Hybrid,
        loss: nn.Module | None = None,
        snr_db: tuple[float, float] = (0.0, 20.0),
        val_snr_db: tuple[float, ...] = (0.0, 5.0, 10.0, 20.0),
        learning_rate: float = 1e-3,
        warmup: int = 200,
        seed: int = 0,
        out: str = "runs/jscc",
    ):
        super().__init__()
        self.system, self.loss = system, loss or nn.MSELoss()
        self.snr_db, self.val_snr_db, self.seed, self.out = snr_db, val_snr_db, seed, out
        self.learning_rate, self.warmup = learning_rate, warmup
        self.curve: list[dict[str, float]] = []  # step, hours and figures of each validation
        self.seconds = 0.0  # of training before this start

    def codec(self) -> Trained:
        """What is learned."""
        if not isinstance(self.system.codec, Trained):
            raise ValueError(f"{type(self.system.codec).__name__} has no weights to learn: a learned codec is wanted")
        return self.system.codec

    def training_step(self, batch: Batch) -> Tensor:
        images, rng = batch["images"], self.chance(batch)
        least, greatest = self.snr_db
        snr_db = least + (greatest - least) * rng.uniform("snr", (len(images),), images)
        torch.manual_seed(int(batch["numbers"][0]))  # for what a codec draws by itself
        sent = images.contiguous(memory_format=torch.channels_last)  # takes a quarter off a step on a CPU
        loss = self.loss(self.system(sent, snr_db, rng).images, images)
        self.learning_from = batch
        self.check(loss, "loss")
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """A gradient that is not finite would spoil all weights."""
        gradients = [p.grad for p in self.parameters() if p.grad is not None]
        self.check(torch.nn.utils.get_total_norm(gradients), "norm of the gradient")

    def validation_step(self, batch: Batch) -> list[Images]:
        """What arrives at each SNR."""
        images, shown = batch["images"], []
        for snr in self.val_snr_db:
            rng = self.chance(batch, round(1000 * snr))
            shown.append(self.system(images, images.new_full((len(images),), snr), rng).images)
            name = f"val/psnr_db_at_{snr:g}"
            self.log(name, psnr_db(shown[-1], images).mean(), prog_bar=True, batch_size=len(images), sync_dist=True)
        return shown

    def chance(self, batch: Batch, *point: int) -> PerImage:
        """A stream for each patch, another one where it is watched at an operating point."""
        return PerImage([(self.seed, number) for number in batch["numbers"].tolist()], point)

    def check(self, value: Float[Tensor, ""], name: str) -> None:
        """Raises :class:`FloatingPointError` with the step and its patches, unless ``value`` is finite."""
        if not value.isfinite():
            numbers, names = self.learning_from["numbers"], self.learning_from["names"]
            raise FloatingPointError(
                f"step {self.global_step}: the {name} is {value.item()}, for patches {numbers[0]} to {numbers[-1]} of "
                f"{', '.join(dict.fromkeys(names))}; the last checkpoint is good: --resume true goes on from it"
            )

    def on_validation_epoch_end(self) -> None:
        if not self.trainer.sanity_checking:
            figures = {name: round(float(value), 4) for name, value in self.trainer.callback_metrics.items()}
            self.curve.append({"step": self.global_step, "hours": round(self.hours(), 4), **figures})

    def on_fit_start(self) -> None:
        self.started = time.monotonic()

    def hours(self) -> float:
        """Of training, all starts together."""
        return (self.seconds + time.monotonic() - self.started) / 3600

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["so_far"] = {"curve": self.curve, "seconds": 3600 * self.hours()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.curve, self.seconds = checkpoint["so_far"]["curve"], checkpoint["so_far"]["seconds"]

    def on_train_end(self) -> None:
        """Leaves weights and card in ``out``."""
        if self.trainer.is_global_zero:
            export(self)

    def configure_optimizers(self):
        return adamw_cosine(self, self.codec().parameters(), self.learning_rate, self.warmup)


def psnr_db(delivered: Images, images: Images) -> Float[Tensor, " batch"]:
    """Of each picture after rounding to 8 bits, as :class:`semjscc.metrics.fidelity.Fidelity` has it [dB]."""
    off = ((delivered.clamp(0, 1) - images) * 255).round() / 255
    return -linear_to_db(off.square().mean((1, 2, 3)).clamp(min=ROUNDING))
