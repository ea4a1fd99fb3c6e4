"""Low-rank adapters (Hu et al. 2022, "LoRA") in peft's layout: how they are put on, and how they are left."""

from pathlib import Path

from peft import LoraConfig, PeftModel
from torch import nn

from semjscc.codecs.adapters import quiet


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
    with quiet():
        return PeftModel(model, config)


def leave(adapted: PeftModel, folder: str | Path) -> None:
    """Writes ``adapter_config.json`` and ``adapter_model.safetensors``, in half precision."""
    adapted.half().save_pretrained(str(folder), save_embedding_layers=False)
    Path(folder, "README.md").unlink(missing_ok=True)  # peft's own, which is empty


def trained(module: nn.Module) -> list[nn.Parameter]:
    """What the optimiser is to move."""
    return [parameter for parameter in module.parameters() if parameter.requires_grad]
