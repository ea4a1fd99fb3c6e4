"""YAML -> objects: a node is ``class_path`` and ``init_args``; a wrong one is named, with its file and key.

What several files share is a file too: ``channel: !include channels/uma.yaml`` stands for what it holds. It is found
from the file that says so, or in ``configs``, so that a copy works wherever it lies. What a user chooses among is in a
preset: ``captioner: !preset llm.captioner`` stands for what the chosen file of ``configs/presets`` has there.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentError, ArgumentParser, Namespace

CONFIGS = Path(__file__).parents[1] / "configs"
EMBEDDED = "embedded"  # the preset of the models in the repository
MOST, DEEPEST = 100_000, 50  # values in a file with all that its aliases stand for, levels of nesting

Content = dict[str, Any] | None  # of a YAML file, read


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
    """Knows ``!include`` and ``!preset``, and through which files it came."""

    files: tuple[Path, ...]
    preset: str

    def include(self, node: yaml.ScalarNode) -> Any:
        """What the file holds that the node names."""
        name = str(self.construct_scalar(node))
        places = [(place / name).resolve() for place in (self.files[-1].parent, CONFIGS)]
        return self._content(node, next((place for place in places if place.is_file()), places[0]))

    def choose(self, node: yaml.ScalarNode) -> Any:
        """What the preset has where the node says, keys parted by dots."""
        keys, path = str(self.construct_scalar(node)), find("presets", self.preset).resolve()
        found = self._content(node, path)
        for key in keys.split("."):
            if not isinstance(found, dict) or key not in found:
                raise ConfigError(f"{self._place(node)} asks for {keys}, which preset {path} has not")
            found = found[key]
        return found

    def _content(self, node: yaml.ScalarNode, path: Path) -> Any:
        if path in self.files or not path.is_file():
            wrong = "which is including it" if path in self.files else f"which is not there, nor in {CONFIGS}"
            raise ConfigError(f"{self._place(node)} includes {path}, {wrong}")
        return _load(*self.files, path, preset=self.preset)

    def _place(self, node: yaml.ScalarNode) -> str:
        return f"{self.files[-1]}: line {node.start_mark.line + 1}"


_Loader.add_constructor("!include", _Loader.include)
_Loader.add_constructor("!preset", _Loader.choose)


def _load(*files: Path, preset: str) -> Any:
    """The content of the last of ``files``; each of them is included by the one before."""
    try:
        loader = _Loader(files[-1].read_text())
        loader.files, loader.preset = files, preset
        content = loader.get_single_data()
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{files[-1]} is not YAML: {' '.join(str(error).split())}") from error
    if _count(content) > MOST:
        raise ConfigError(f"{files[-1]} stands for more than {MOST} values, or for some {DEEPEST} levels deep")
    return content


def _count(content: Any) -> int:
    """Values in a mapping or list, as far as ``MOST``; what is too deep, or contains itself, counts as too many."""
    todo, found = [(content, 0)], 0
    while todo and found <= MOST:
        value, depth = todo.pop()
        found += 1 if depth <= DEEPEST else MOST
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        todo += [(part, depth + 1) for part in inside]
    return found


def read(path: Path, preset: str = EMBEDDED) -> dict[str, Any]:
    """The mapping in a YAML file."""
    content = _load(path.resolve(), preset=preset)
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold a mapping of keys to values, not {type(content).__name__}")
    return content


def _parse(path: Path, types: dict[str, Any], preset: str, content: Content) -> tuple[ArgumentParser, Namespace]:
    parser = ArgumentParser(exit_on_error=False)
    for key, kind in types.items():
        parser.add_argument(f"--{key}", type=kind, required=True)
    try:
        return parser, parser.parse_object(read(path, preset) if content is None else content)
    except ArgumentError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error


def build(path: Path, types: dict[str, Any], preset: str = EMBEDDED, content: Content = None) -> dict[str, Any]:
    """The objects under the keys of a YAML file, each of the type that ``types`` names for its key.

    Raises :class:`ConfigError` for a key or value that does not fit; errors of the classes themselves (a missing
    model, a rate that a code cannot have) come through as they are.

    Args:
        content: instead of what the file holds
    """
    parser, settings = _parse(path, types, preset, content)
    objects = parser.instantiate(settings)
    return {key: objects[key] for key in types}


def settings(
    path: Path, types: dict[str, Any], preset: str = EMBEDDED, content: Content = None, nulls: bool = False
) -> dict[str, Any]:
    """All settings under the keys of a YAML file, defaults included, with ``nulls`` those that are None, too.

    Raises :class:`ConfigError`; ``content`` is as for :func:`build`.
    """
    parser, found = _parse(path, types, preset, content)
    return json.loads(parser.dump(found, format="json", skip_none=not nulls))
