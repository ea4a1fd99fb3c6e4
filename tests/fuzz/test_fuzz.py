"""What is damaged ends in one clear line or in a counted skip: no other exception, no hang, nothing executed."""

import json
import pickle
import re
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import torch
import yaml

import evaluate
from semjscc import config
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.data.folder import Folder
from semjscc.results import ROOT, Results, ResultsError
from semjscc.systems.base import System
from tests.fuzz.damage import cut, damaged_picture, flipped, noise, zeroed

WEIGHTS = ROOT / "checkpoints" / "deepjscc-awgn" / "model.safetensors"
HEADER = 6000  # bytes of a weights file before its numbers
SYSTEMS = ("raw-ofdm", "jpeg-awgn", "deepjscc-awgn", "llm-ofdm")
WRONG = (-1, 0, 1e300, "", "semjscc", [], {}, None, True, [[]], float("nan"), "os.system", {"class_path": "os.system"})


@pytest.fixture
def harmless(tmp_path):
    """A file that is there if something in a damaged file has been executed."""
    yield tmp_path / "executed"
    assert not (tmp_path / "executed").exists()


class Executed:
    """Pickled, it makes a file where it is loaded."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def said(error: BaseException) -> str:
    """Its message, which is to be words of a few lines at most."""
    words = str(error)
    assert len(words) > 10, words
    assert words.count("\n") < 12, words
    return words


def assert_named(file: Path, error: BaseException) -> None:
    assert str(file) in said(error)


def test_200_damaged_pictures_are_shown_or_counted(tmp_path):
    for number in range(200):
        data, suffix = damaged_picture(number)
        (tmp_path / f"{number:03d}.{suffix}").write_bytes(data)
    source = Folder(str(tmp_path), (16, 16))
    assert len(source) + len(source.skipped) == 200
    assert len(source) >= 50  # those that are whole or have another's suffix, and what is only a little damaged
    assert len(source.skipped) >= 50  # the gigantic, the empty and more
    for reason in source.skipped:
        assert re.fullmatch(r"\d{3}\.\w+: [^\n]{5,}", reason)
    for index in range(len(source)):
        image = source[index].image
        assert image.shape == (3, 16, 16)
        assert 0 <= image.amin() <= image.amax() <= 1


def test_a_sweep_over_damaged_pictures_says_what_it_left_out(tmp_path, capsys):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(16):
        data, suffix = damaged_picture(number)
        (folder / f"{number:03d}.{suffix}").write_bytes(data)
    words = ["--system", "deepjscc-awgn", "--data", str(folder), "--snr_db", "10", "--out", str(tmp_path)]
    evaluate.main(words)
    results = Results.load(tmp_path / "pictures" / "deepjscc-awgn.json")
    skipped = results.provenance["config"]["skipped"]
    assert results.num_images + len(skipped) == 16
    assert len(skipped) > 3
    assert capsys.readouterr().err.count("skipped: ") == len(skipped)


def damaged_yaml(number: int) -> bytes:
    """A system's file, cut, with flipped bits, without a key, with a wrong value, or with lines that are moved."""
    chance = Random(number)
    path = config.CONFIGS / "systems" / f"{SYSTEMS[number % len(SYSTEMS)]}.yaml"
    text = path.read_text()
    match number // len(SYSTEMS) % 5:
        case 0:
            return cut(text.encode(), chance)
        case 1:
            return flipped(text.encode(), chance)
        case 2:
            lines = text.splitlines()
            lines.pop(chance.randrange(len(lines)))
            return "\n".join(lines).encode()
        case 3:
            return yaml.safe_dump(_spoilt(config.read(path), chance)).encode()
        case _:
            lines = text.splitlines()
            lines[chance.randrange(len(lines))] = chance.choice(("\t", " ", "- ", "? ", "&a ", "*a", "{")) + lines[-1]
            return "\n".join(lines).encode()


def _spoilt(content, chance: Random):
    """With another value somewhere on the way down."""
    if not isinstance(content, dict) or not content or chance.random() < 0.15:
        return chance.choice(WRONG)
    key = chance.choice(list(content))
    return content | {key: _spoilt(content[key], chance)}


@pytest.mark.parametrize("number", range(100))
def test_a_damaged_system_is_built_or_refused(number, tmp_path):
    path = tmp_path / "system.yaml"
    path.write_bytes(damaged_yaml(number))
    try:
        config.build(path, {"system": System})
    except (ValueError, OSError, MemoryError) as error:
        said(error)


def test_yaml_executes_nothing_and_does_not_grow(tmp_path, harmless):
    path = tmp_path / "system.yaml"
    letters = "abcdefghijklmnopqrstuvwx"
    laughs = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise(letters))
    for text, expected in (
        (f"system: !!python/object/apply:pathlib.Path.touch [{harmless}]", "is not YAML"),
        (f"system: {{class_path: pathlib.Path.touch, init_args: {{self: {harmless}}}}}", "system"),
        (laughs + "system: *x", "more than 100000 values"),
        ("system: &s\n  init_args: *s\n", "more than 100000 values"),
        ("system: " + "[" * 5000, "is not YAML"),
        ("system: " + "[" * 60 + "]" * 60, "50 levels"),
    ):
        path.write_text(text)
        with pytest.raises(config.ConfigError, match=expected):
            config.build(path, {"system": System})
    path.write_bytes(b"system: \xff\xfe")
    with pytest.raises(config.ConfigError, match=r"system.yaml is not YAML: .*utf-8"):
        config.read(path)


@pytest.mark.parametrize("number", range(40))
def test_damaged_weights_are_loaded_or_refused(number, tmp_path):
    """Bits of a number that are another number are beyond what can be known."""
    chance, file = Random(number), tmp_path / "model.safetensors"
    damage = (cut, lambda data, chance: flipped(data, chance, last=HEADER), zeroed, noise, flipped)[number % 5]
    file.write_bytes(damage(WEIGHTS.read_bytes(), chance))
    try:
        codec = DeepJSCC(weights=str(file))
    except (ValueError, OSError) as error:
        assert_named(file, error)
    else:
        assert all(weight.isfinite().all() for weight in codec.parameters())


def test_no_pickle_is_loaded_as_weights(tmp_path, harmless):
    file = tmp_path / "model.safetensors"
    file.write_bytes(pickle.dumps(Executed(harmless)))
    with pytest.raises(OSError, match="does not hold a codec's weights"):
        DeepJSCC(weights=str(file))
    torch.save({"state_dict": Executed(harmless)}, file)
    with pytest.raises(OSError, match="does not hold a codec's weights"):
        DeepJSCC(weights=str(file))


def a_result() -> str:
    return (ROOT / "results" / "photos" / "jpeg-ofdm.json").read_text()


@pytest.mark.parametrize("number", range(100))
def test_a_damaged_results_file_is_read_or_refused_by_name(number, tmp_path):
    chance, file = Random(number), tmp_path / "system.json"
    if number % 2:
        file.write_bytes((cut, flipped, zeroed)[number % 3](a_result().encode(), chance))
    else:
        file.write_text(json.dumps(_spoilt(json.loads(a_result()), chance)))
    try:
        results = Results.load(file)
    except ResultsError as error:
        assert_named(file, error)
    else:
        assert all(len(values) == len(results.snr_db) for values in results.metrics.values())
