"""What a training leaves: weights with a card in their header, and the same card to read."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from semjscc.data.base import ImageSource
from semjscc.results import provenance
from semjscc.systems.analog import channel_of
from semjscc.systems.hybrid import Hybrid
from semjscc.units import bandwidth_ratio

if TYPE_CHECKING:
    from semjscc.training.jscc import JSCC

TITLE = "# {codec} over {channel}\n\n| | |\n|---|---|\n"


def export(module: "JSCC") -> None:
    """Writes ``model.safetensors`` and ``README.md`` into the folder that the module names."""
    codec, folder, card = module.codec(), Path(module.out), card_of(module)
    folder.mkdir(parents=True, exist_ok=True)
    codec.save(folder / "model.safetensors", card)
    (folder / "README.md").write_text(page(type(codec).__name__, card))


def card_of(module: "JSCC") -> dict[str, Any]:
    """How the weights came about: channel, command, data, steps, hours, curve."""
    data, trainer, link = module.trainer.datamodule, module.trainer, module.system.link
    codec = module.codec()
    kept = provenance({}, module.seed, str(module.device))
    return {
        "channel": channel_of(link),
        "bandwidth_ratio": round(_bandwidth_ratio(module, data.side), 6),
        "command": shlex.join(["python", Path(sys.argv[0]).name, *_words(sys.argv[1:])]),
        **({"start": f"weights of: {codec.card['command']}"} if codec.card else {}),
        "data": f"{described(data.train)}; patches of {data.side} x {data.side}",
        "watched": f"{described(data.val)}; {data.num_val} patches of {data.val_side} x {data.val_side}",
        "snr_db": list(module.snr_db),
        "loss": type(module.loss).__name__,
        "steps": trainer.global_step,
        "batch_size": data.batch_size * trainer.world_size * trainer.accumulate_grad_batches,
        "learning_rate": module.learning_rate,
        "precision": str(trainer.precision),
        "hours": round(module.hours(), 3),
        **{key: kept[key] for key in ("commit", "machine", "versions", "seed")},
        "curve": module.curve,
    }


def _words(args: list[str]) -> list[str]:
    """A command line without --resume: the weights are the same with and without a kill."""
    value = [at + 1 for at, word in enumerate(args) if word == "--resume"]
    return [word for at, word in enumerate(args) if at not in value and not word.startswith("--resume")]


@torch.no_grad()
def _bandwidth_ratio(module: "JSCC", side: int) -> float:
    """Of a patch, outside training."""
    if isinstance(module.system, Hybrid):
        return module.system.bandwidth_ratio
    patch = torch.zeros(1, 3, side, side, device=module.device)
    symbols = module.system.codec.eval().encode(patch, patch.new_zeros(1)).shape[1]
    return bandwidth_ratio(symbols, side, side)


def described(source: ImageSource) -> str:
    """Which pictures, in a few words."""
    return f"{len(source)} pictures, {source[0].name} to {source[len(source) - 1].name}"


def page(codec: str, card: dict[str, Any]) -> str:
    """The card in Markdown; of the curve, its last point."""
    shown = {key: value for key, value in card.items() if key not in ("curve", "versions")}
    last = card["curve"][-1] if card["curve"] else {}
    shown |= {name: value for name, value in last.items() if name.startswith("val/")}
    lines = [f"| {key.replace('_', ' ')} | {_said(value)} |" for key, value in shown.items()]
    return TITLE.format(codec=codec, channel=card["channel"]) + "\n".join(lines) + "\n"


def _said(value: Any) -> str:
    return f"{value[0]:g} to {value[-1]:g}" if isinstance(value, list) else str(value)
