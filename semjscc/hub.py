"""Where pretrained models come from, a folder or the Hugging Face hub, and one clear error when they do not come."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path

import psutil
from huggingface_hub import constants, snapshot_download
from safetensors import SafetensorError, safe_open

ROOT = Path(__file__).resolve().parents[1]  # the repository
EMBEDDED = "checkpoints"  # its folder of trained models
HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")  # name or owner/name
WORDS = ["config.json", "*token*", "vocab*", "merges.txt", "*.model", "*.jinja"]  # what tokenizers are made of
WEIGHTS = re.compile(r"(model|diffusion_pytorch_model)(-\d+-of-\d+)?\.safetensors")  # as they are loaded: no variants

Fetch = Callable[[str, str | None], str | Path]  # of a hub id and a revision: the folder that all of it lies in


def fetch_model(model: str, revision: str | None) -> str:
    """What transformers loads of a model, in the hub's cache; its other formats stay where they are."""
    files = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    return snapshot_download(model, revision=revision, allow_patterns=files, ignore_patterns="*/*")


def fetch_words(model: str, revision: str | None) -> str:
    """A model's tokenizer without the model."""
    return snapshot_download(model, revision=revision, allow_patterns=WORDS, ignore_patterns="*/*")


@contextmanager
def pretrained(model: str, revision: str | None = None, fetch: Fetch = fetch_model) -> Iterator[str]:
    """Yields the folder that ``from_pretrained`` is to load: ``model`` if it is one, else what ``fetch`` brings.

    A relative folder is looked for in the current folder, then in the repository. Whatever goes wrong within the
    ``with`` block, where the model is to be loaded, becomes an error of one line that says what was looked for, where,
    and how to get it. ``revision`` is a branch, tag or commit of the hub's, and says nothing of a folder.

    Raises:
        FileNotFoundError: ``model`` is neither a folder nor a possible hub id.
        OSError: a file of the model is missing or damaged, it is a model of another kind, or the hub does not answer.
        MemoryError: from the ``with`` block, as it is.
    """
    places = list(dict.fromkeys(place / Path(model).expanduser() for place in (Path.cwd(), ROOT)))
    folder = next((place for place in places if place.is_dir()), None)
    looked = f"no folder {' or '.join(map(str, places))}"
    if folder is None and (not HUB_ID.fullmatch(model) or model.startswith(f"{EMBEDDED}/")):
        raise FileNotFoundError(f"model {model!r}: {looked}; {_advice(model, revision)}")
    source = f"{looked}, not in {constants.HF_HUB_CACHE}, and not from the hub"
    try:
        folder = folder or Path(fetch(model, revision))
        source = f"{folder}{_content(folder)}"
        _check_files(folder)
        yield str(folder)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise OSError(f"model {model!r} cannot be loaded ({source}): {reason}; {_advice(model, revision)}") from error


def check_vocabulary(*tokenizers) -> None:
    """Raises ``ValueError`` for a tokenizer without words: transformers makes one up where its files are missing."""
    for tokenizer in tokenizers:
        if len(tokenizer) <= len(tokenizer.all_special_tokens):
            raise ValueError(f"the tokenizer of {tokenizer.name_or_path} knows no words (is its tokenizer.json there?)")


def check_complete(missing: set[str]) -> None:
    """Raises ``ValueError`` for weights that a folder lacks: transformers draws them at random."""
    if missing:
        raise ValueError(f"it lacks {len(missing)} of the weights that are wanted, such as {min(missing)}")


def check_memory(folder: str, bits: int, free: int | None = None) -> None:
    """Raises ``MemoryError`` where the weights in ``folder``, of ``bits`` bits each, take more than is free.

    Only headers are read. Args: free: [bytes], what main memory has to give if None.
    """
    free = psutil.virtual_memory().available if free is None else free
    count = sum(weights(file) for file in _weight_files(Path(folder)))
    if count * bits / 8 > free:
        sizes = ", ".join(f"{count * size / 8e9:.1f} GB in {size} bits" for size in (32, 16, 8, 4) if size < bits)
        raise MemoryError(
            f"the weights in {folder} take {count * bits / 8e9:.1f} GB in {bits} bits each, and "
            f"{free / 1e9:.1f} GB of memory are free" + (f" (they would take {sizes})" if sizes else "")
        )


def weights(file: Path) -> int:
    """How many numbers a file of safetensors holds."""
    with safe_open(file, "pt") as tensors:
        return sum(prod(tensors.get_slice(name).get_shape()) for name in tensors.keys())  # noqa: SIM118 (no mapping)


def _weight_files(folder: Path) -> list[Path]:
    """Those that are loaded: a pipeline's lie in a folder for each part."""
    where = "*/*" if (folder / "model_index.json").is_file() else "*"
    return sorted(file for file in folder.glob(f"{where}.safetensors") if WEIGHTS.fullmatch(file.name))


def _content(folder: Path) -> str:
    """What kind of model a folder says it holds; nothing where it does not say."""
    for file, key in (("model_index.json", "_class_name"), ("config.json", "model_type")):
        try:
            return f", a model of kind {json.loads((folder / file).read_text())[key]!r}"
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ""


def _check_files(folder: Path) -> None:
    for file in sorted(folder.rglob("*.safetensors")):
        try:
            with safe_open(file, "pt"):
                pass
        except SafetensorError as error:
            raise OSError(f"{file} is truncated or damaged ({error})") from error
    for file in sorted(folder.rglob("*.json")):
        try:
            content = json.loads(file.read_text())
        except ValueError as error:
            raise OSError(f"{file} is truncated or damaged ({error})") from error
        if file.name.endswith(".safetensors.index.json"):
            _check_shards(file, set(content["weight_map"].values()))


def _check_shards(index: Path, shards: set[str]) -> None:
    gone = sorted(shard for shard in shards if not (index.parent / shard).is_file())
    if gone:
        raise OSError(f"{index} names {len(shards)} files, of which {', '.join(gone)} cannot be found")


def _advice(model: str, revision: str | None) -> str:
    if model.startswith(f"{EMBEDDED}/"):
        return f"restore it with `git checkout -- {EMBEDDED}` or train it with `make checkpoints`"
    if HUB_ID.fullmatch(model):
        return f"fetch it beforehand with `hf download {model}{f' --revision {revision}' if revision else ''}`"
    return f"fetch a model into it with `hf download ID --local-dir {model}`"
