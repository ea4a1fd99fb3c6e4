"""The optimiser that every training here uses: AdamW, a short warm-up, a cosine to zero."""

import math
from collections.abc import Iterable

import torch
from lightning.pytorch import LightningModule
from torch.nn import Parameter


def adamw_cosine(module: LightningModule, parameters: Iterable[Parameter], learning_rate: float, warmup: int = 200):
    """What ``configure_optimizers`` returns; the cosine ends where the trainer does, at ``max_steps``."""
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.01)
    total = module.trainer.estimated_stepping_batches

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / total)))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
