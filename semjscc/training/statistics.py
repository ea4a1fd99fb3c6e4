"""What a codec learns in closed form, before the first step."""

from typing import Any, cast

from lightning.pytorch import Callback, LightningModule, Trainer

from semjscc.codecs.hda import HDA
from semjscc.training.jscc import JSCC
from semjscc.training.patches import PatchesData


class Statistics(Callback):
    """Hands the first patches to the codec's ``fit_statistics``, unless its weights are not new or a training goes on.

    Raises ``ValueError`` for a codec that has none.

    Args:
        patches: how many.
    """

    def __init__(self, patches: int = 700):
        self.patches = patches

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        codec = cast(JSCC, pl_module).codec()
        if not isinstance(codec, HDA):
            raise ValueError(f"{type(codec).__name__} learns nothing in closed form: leave the callback Statistics out")
        if trainer.ckpt_path or codec.card:
            return
        data: PatchesData = cast(Any, trainer).datamodule
        images = data.train_patches.batch(list(range(self.patches)))["images"]
        codec.fit_statistics(images.to(pl_module.device))
