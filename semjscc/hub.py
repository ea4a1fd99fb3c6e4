"""Where pretrained models come from, a folder or the Hugging Face hub, and one clear error when they do not come."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError, safe_open

ROOT = Path(__file__).resolve().parents[1]  # the repository
EMBEDDED = "checkpoints"  # its folder of trained models
HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")  # name or owner/name


@contextmanager
def pretrained(model: str) -> Iterator[str]:
    """Yields what ``from_pretrained`` is to load: the folder ``model`` if there is one, else ``model`` as a hub id.

    A relative folder is looked for in the current folder, then in the repository. Whatever goes wrong within the
    ``with`` block, where the model is to be loaded, becomes an error of one line that says what was looked for and how
    to get it.

    Raises:
        FileNotFoundError: ``model`` is neither a folder nor a possible hub id.
        OSError: a file of the model is missing or damaged, or the hub does not answer.
    """
    places = list(dict.fromkeys(place / Path(model).expanduser() for place in (Path.cwd(), ROOT)))
    folder = next((place for place in places if place.is_dir()), None)
    looked = f"no folder {' or '.join(map(str, places))}"
    if folder is None and (not HUB_ID.fullmatch(model) or model.startswith(f"{EMBEDDED}/")):
        raise FileNotFoundError(f"model {model!r}: {looked}; {_advice(model)}")
    try:
        if folder is not None:
            _check_files(folder)
        yield str(folder or model)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        source = folder or f"{looked}, and not from the hub"
        raise OSError(f"model {model!r} cannot be loaded ({source}): {reason}; {_advice(model)}") from error


def check_vocabulary(*tokenizers) -> None:
    """Raises ``ValueError`` for a tokenizer without words: transformers makes one up where its files are missing."""
    for tokenizer in tokenizers:
        if len(tokenizer) <= len(tokenizer.all_special_tokens):
            raise ValueError(f"the tokenizer of {tokenizer.name_or_path} knows no words (is its tokenizer.json there?)")


def _check_files(folder: Path) -> None:
    for file in sorted(folder.rglob("*.safetensors")):
        try:
            with safe_open(file, "pt"):
                pass
        except SafetensorError as error:
            raise OSError(f"{file} is truncated or damaged ({error})") from error
    for file in sorted(folder.rglob("*.json")):
        try:
            json.loads(file.read_text())
        except ValueError as error:
            raise OSError(f"{file} is truncated or damaged ({error})") from error


def _advice(model: str) -> str:
    if model.startswith(f"{EMBEDDED}/"):
        return f"restore it with `git checkout -- {EMBEDDED}` or train it with `make checkpoints`"
    if HUB_ID.fullmatch(model):
        return f"fetch it beforehand with `hf download {model}`"
    return f"fetch a model into it with `hf download ID --local-dir {model}`"
