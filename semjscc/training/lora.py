"""Low-rank adapters (Hu et al. 2022, "LoRA") in peft's layout: how they are put on, and how they are left."""

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn


def with_adapter(
    model: nn.Module, base: str, rank: int, targets: list[str] | str, whole: list[str] | None = None
) -> PeftModel:
    """``model``, frozen, with adapters on the layers named ``targets``; layers named ``whole`` are learned as they are.

    Args:
        base: folder or hub id of the model, which the adapter will name as its own.
    """
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules=targets, modules_to_save=whole, base_model_name_or_path=base
    )
    adapted = get_peft_model(model, config)
    adapted.peft_config["default"].base_model_name_or_path = base  # peft takes the folder that it came from
    return adapted


def leave(adapted: PeftModel, folder: str | Path) -> None:
    """Writes ``adapter_config.json`` and ``adapter_model.safetensors``, in half precision."""
    adapted.half().save_pretrained(str(folder), save_embedding_layers=False)
    Path(folder, "README.md").unlink(missing_ok=True)  # peft's own, which is empty


def trained(module: nn.Module) -> list[nn.Parameter]:
    """What the optimiser is to move."""
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def card(title: str, rows: dict[str, Any]) -> str:
    """A README in Markdown."""
    return f"# {title}\n\n| | |\n|---|---|\n" + "".join(f"| {key} | {value} |\n" for key, value in rows.items())


@torch.no_grad()
def grown(embedding: nn.Embedding, rows: int) -> nn.Embedding:
    """An embedding of so many rows, the first those of ``embedding``, the others drawn like them."""
    old = embedding.weight
    new = nn.Embedding(rows, old.shape[1], dtype=old.dtype, device=old.device)
    new.weight.normal_(0.0, float(old.std()))
    kept = min(rows, len(old))
    new.weight[:kept] = old[:kept]
    return new
