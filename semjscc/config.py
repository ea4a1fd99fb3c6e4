"""YAML -> objects: a node is ``class_path`` and ``init_args``; a wrong one is named, with its file and key.

What several files share is a file too: ``channel: !include channels/uma.yaml`` stands for what it holds. It is found
from the file that says so, or in ``configs``, so that a copy works wherever it lies.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentError, ArgumentParser, Namespace

CONFIGS = Path(__file__).parents[1] / "configs"


class ConfigError(ValueError):
    """A configuration that cannot be built: the message names the file, the key and what was expected."""


def names(kind: str) -> list[str]:
    """What there is in ``configs/<kind>``."""
    return sorted(path.stem for path in (CONFIGS / kind).glob("*.yaml"))


def find(kind: str, name: str) -> Path:
    """The file of ``name`` in ``configs/<kind>``, or the YAML file that ``name`` is."""
    for path in (CONFIGS / kind / f"{name}.yaml", Path(name)):
        if path.suffix == ".yaml" and path.is_file():
            return path
    raise ConfigError(
        f"unknown {kind.removesuffix('s')} {name!r}: there are {', '.join(names(kind))}, or give a YAML file"
    )


class _Loader(yaml.SafeLoader):
    """Knows ``!include``, and through which files it came."""

    files: tuple[Path, ...]

    def include(self, node: yaml.ScalarNode) -> Any:
        """What the file holds that the node names."""
        name = str(self.construct_scalar(node))
        places = [(place / name).resolve() for place in (self.files[-1].parent, CONFIGS)]
        path = next((place for place in places if place.is_file()), places[0])
        if path in self.files or not path.is_file():
            wrong = "which is including it" if path in self.files else f"which is not there, nor in {CONFIGS}"
            raise ConfigError(f"{self.files[-1]}: line {node.start_mark.line + 1} includes {path}, {wrong}")
        return _load(*self.files, path)


_Loader.add_constructor("!include", _Loader.include)


def _load(*files: Path) -> Any:
    """The content of the last of ``files``; each of them is included by the one before."""
    try:
        loader = _Loader(files[-1].read_text())
        loader.files = files
        return loader.get_single_data()
    except yaml.YAMLError as error:
        raise ConfigError(f"{files[-1]} is not YAML: {' '.join(str(error).split())}") from error


def read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file."""
    content = _load(path.resolve())
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold a mapping of keys to values, not {type(content).__name__}")
    return content


def _parse(path: Path, types: dict[str, Any]) -> tuple[ArgumentParser, Namespace]:
    parser = ArgumentParser(exit_on_error=False)
    for key, kind in types.items():
        parser.add_argument(f"--{key}", type=kind, required=True)
    try:
        return parser, parser.parse_object(read(path))
    except ArgumentError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error


def build(path: Path, types: dict[str, Any]) -> dict[str, Any]:
    """The objects under the keys of a YAML file, each of the type that ``types`` names for its key.

    Raises :class:`ConfigError` for a key or value that does not fit; errors of the classes themselves (a missing
    model, a rate that a code cannot have) come through as they are.
    """
    parser, settings = _parse(path, types)
    objects = parser.instantiate(settings)
    return {key: objects[key] for key in types}


def settings(path: Path, types: dict[str, Any]) -> dict[str, Any]:
    """All settings under the keys of a YAML file, defaults included; raises :class:`ConfigError`."""
    parser, found = _parse(path, types)
    return json.loads(parser.dump(found, format="json"))
