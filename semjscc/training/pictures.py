"""Reconstructions to look at, beside the figures."""

from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, stack
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from semjscc.training.patches import Batch


class Pictures(Callback):
    """At every validation a row for each of the first patches: what was sent, and what arrives at each SNR.

    Written to ``pictures/`` in the trainer's ``default_root_dir``, and to each logger that takes pictures (W&B's).

    Args:
        rows: patches to show.
    """

    def __init__(self, rows: int = 4):
        self.rows = rows

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if batch_idx or trainer.sanity_checking or not trainer.is_global_zero:
            return
        picture = to_pil_image(grid([batch["images"], *outputs], self.rows))
        folder = Path(trainer.default_root_dir, "pictures")
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"step-{trainer.global_step:07d}.png")
        for logger in trainer.loggers:
            if hasattr(logger, "log_image"):
                logger.log_image(key="val/pictures", images=[picture], step=trainer.global_step)


def grid(columns: list[Tensor], rows: int) -> Tensor:
    """One picture of the first ``rows`` pictures in each of ``columns``, all ``[batch, 3, height, width]``."""
    tiles = stack([column[:rows].float().clamp(0, 1) for column in columns], 1)
    return make_grid(tiles.flatten(0, 1).cpu(), nrow=len(columns), padding=2, pad_value=1.0)
