"""Trained weights in one safetensors file, whose header says what they fit and how they came about."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from semjscc.hub import ROOT


class Trained(nn.Module):
    """A codec with weights to learn.

    Args:
        architecture: what must be equal for weights to fit, beside the class: sizes, ratios, ...

    Attributes:
        card: how the weights came about, as :meth:`save` was told (data, steps, channel, figures); empty for new ones.
    """

    def __init__(self, architecture: dict[str, Any]):
        super().__init__()
        self.architecture: dict[str, Any] = {"codec": type(self).__name__, **architecture}
        self.card: Mapping[str, Any] = {}

    def save(self, path: str | Path, card: dict[str, Any]) -> None:
        """Weights, architecture and ``card`` into one file, all of it or nothing.

        Raises:
            ValueError: the card holds what JSON cannot, NaN for one.
        """
        header = {"architecture": self.architecture, "card": card}
        texts = {key: json.dumps(value, allow_nan=False) for key, value in header.items()}
        scratch = Path(path).with_suffix(".part")
        save_file({name: tensor.contiguous() for name, tensor in self.state_dict().items()}, scratch, texts)
        os.replace(scratch, path)

    def load(self, path: str | Path | None) -> None:
        """Takes over what :meth:`save` wrote; a relative path is looked for here, then in the repository.

        None leaves everything as it is.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: it is damaged, or was not written by :meth:`save`.
            ValueError: the weights are of another architecture.
        """
        if path is None:
            return
        file = _find(path)
        architecture, card, weights = _read(file)
        if architecture != json.loads(json.dumps(self.architecture)):
            trained = f"{architecture}, trained over {card.get('channel', 'an unnamed channel')}"
            raise ValueError(f"{file} holds weights of {trained}; they do not fit {self.architecture}")
        if spoilt := [name for name, tensor in weights.items() if not tensor.isfinite().all()]:
            raise OSError(f"{file} is damaged: {spoilt[0]} is not finite")
        self.load_state_dict(weights)
        self.card = card


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(file, "pt") as opened:
            header = {key: json.loads(text) for key, text in (opened.metadata() or {}).items()}
            weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            return header["architecture"], header["card"], weights
    except (SafetensorError, KeyError, ValueError) as error:
        raise OSError(f"{file} does not hold a codec's weights, or is damaged: {error!r}") from error


def _find(path: str | Path) -> Path:
    places = list(dict.fromkeys(place / Path(path).expanduser() for place in (Path.cwd(), ROOT)))
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise FileNotFoundError(f"no weights at {' or '.join(map(str, places))}")
    return file
