"""Low-rank adapters (Hu et al. 2022, arXiv:2106.09685) for pretrained models, from folders in peft's layout."""

import json
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from torch import nn

from semjscc.hub import ROOT

FILES = ("adapter_config.json", "adapter_model.safetensors")


def attach(model: nn.Module, folder: Path, base: str) -> None:
    """Puts the adapter in ``folder`` on ``model``, which was loaded from the folder or hub id ``base``, and merges it.

    Raises:
        FileNotFoundError: ``folder`` lacks one of peft's two files.
        ValueError: the adapter was made for another base, or its files are damaged.
    """
    from peft import PeftModel

    made_for = _base(folder)
    if made_for and Path(made_for).name != Path(base).name:
        raise ValueError(f"adapter {folder} was made for {made_for}, and the model is {base}")
    try:
        with quiet():
            warnings.filterwarnings("error", "Found missing adapter keys")
            PeftModel.from_pretrained(model, str(folder)).requires_grad_(False)
    except (RuntimeError, ValueError, UserWarning, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"adapter {folder}, made for {made_for}, does not fit {base}: {reason}") from error
    merge([model])


def attach_parts(parts: dict[str, nn.Module], folder: Path, base: str) -> None:
    """The same with an adapter for some of a pipeline's parts, each in a folder of the part's name.

    Raises:
        FileNotFoundError: there is no adapter in any such folder, or one lacks a file.
        ValueError: as :func:`attach`, or there is an adapter for a part that the pipeline has not.
    """
    names = sorted(path.parent.name for path in folder.glob(f"*/{FILES[0]}"))
    if not names:
        raise FileNotFoundError(f"adapter {folder} has no folder with an {FILES[0]}, such as unet/{FILES[0]}")
    if unknown := sorted(set(names) - set(parts)):
        raise ValueError(f"adapter {folder} is for {', '.join(unknown)}, and {base} has {', '.join(sorted(parts))}")
    for name in names:
        attach(parts[name], folder / name, base)


def found(folder: str) -> Path:
    """A folder, looked for in the current one, then in the repository; raises ``FileNotFoundError``."""
    places = list(dict.fromkeys(place / Path(folder).expanduser() for place in (Path.cwd(), ROOT)))
    if here := next((place for place in places if place.is_dir()), None):
        return here
    raise FileNotFoundError(f"adapter {folder!r}: no folder {' or '.join(map(str, places))}")


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' advice on a name that peft 0.21 still asks for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        yield


def merge(models: Iterable[nn.Module]) -> None:
    """Adds the adapters to the weights that they adapt: nothing is slower then, and the output is the same."""
    for layer in _layers(models):
        layer.merge()


def unmerge(models: Iterable[nn.Module]) -> None:
    """Takes them out again: they are computed beside the weights, up to rounding with the same output."""
    for layer in _layers(models):
        layer.unmerge()


def _layers(models: Iterable[nn.Module]) -> list:
    from peft.tuners.tuners_utils import BaseTunerLayer

    return [layer for model in models for layer in model.modules() if isinstance(layer, BaseTunerLayer)]


def _base(folder: Path) -> str | None:
    """Which model an adapter names as its own."""
    if gone := [name for name in FILES if not (folder / name).is_file()]:
        raise FileNotFoundError(f"adapter {folder} lacks {' and '.join(gone)}")
    try:
        return json.loads((folder / FILES[0]).read_text()).get("base_model_name_or_path")
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{folder / FILES[0]} is damaged ({error})") from error
