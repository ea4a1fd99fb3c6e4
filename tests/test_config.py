"""YAML -> objects: every file of the registry is built, and a wrong one is named."""

import pytest

from semjscc import config
from semjscc.config import CONFIGS, ConfigError
from semjscc.data.base import ImageSource
from semjscc.systems.base import System

WRONG = {
    "a misspelt key": ("sytem: 1", "sytem"),
    "a misspelt argument": ("source: {class_path: semjscc.data.scenes.Scenes, init_args: {splt: test}}", "splt"),
    "a wrong value": ("source: {class_path: semjscc.data.scenes.Scenes, init_args: {split: dev}}", "split"),
    "a class that is not there": ("source: {class_path: semjscc.data.scenes.Scene5}", "Scene5"),
    "a class of another kind": (
        "source: {class_path: semjscc.phy.qam.QAM, init_args: {bits_per_symbol: 2}}",
        "ImageSource",
    ),
    "no mapping": ("- 1", "mapping"),
    "no YAML": ("source: [", "YAML"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_named_with_its_file(tmp_path, wrong):
    content, named = WRONG[wrong]
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"mine\.yaml") as caught:
        config.build(path, {"source": ImageSource})
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_right_file_gives_the_object(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("source: {class_path: semjscc.data.scenes.Scenes, init_args: {split: val, seed: 3}}")
    source = config.build(path, {"source": ImageSource})["source"]
    assert (source.split, source.seed) == ("val", 3)


def test_a_file_includes_another_from_where_it_is(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "scenes.yaml").write_text(
        "{class_path: semjscc.data.scenes.Scenes, init_args: !include ../val.yaml}"
    )
    (tmp_path / "val.yaml").write_text("{split: val, seed: 3}")
    path = tmp_path / "mine.yaml"
    path.write_text("source: !include parts/scenes.yaml")
    source = config.build(path, {"source": ImageSource})["source"]
    assert (source.split, source.seed) == ("val", 3)


def test_a_missing_include_is_named_with_its_line(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("# mine\nsource: !include parts/nope.yaml")
    with pytest.raises(ConfigError, match=r"mine\.yaml: line 2 includes .*nope\.yaml, which is not there"):
        config.read(path)


def test_a_copy_of_a_system_works_wherever_it_lies(tmp_path):
    original = config.find("systems", "raw-ofdm")
    (tmp_path / "mine.yaml").write_text(original.read_text())
    assert config.read(tmp_path / "mine.yaml") == config.read(original)


def test_a_circle_of_includes_is_refused(tmp_path):
    (tmp_path / "one.yaml").write_text("a: !include two.yaml")
    (tmp_path / "two.yaml").write_text("b: !include one.yaml")
    with pytest.raises(ConfigError, match=r"two\.yaml: line 1 includes .*one\.yaml, which is including it"):
        config.read(tmp_path / "one.yaml")


def test_what_a_preset_has_is_chosen(tmp_path):
    for name, split in (("one", "val"), ("two", "test")):
        (tmp_path / f"{name}.yaml").write_text(f"a: {{split: {split}}}")
    mine = tmp_path / "mine.yaml"
    mine.write_text("source: {class_path: semjscc.data.scenes.Scenes, init_args: {split: !preset a.split}}")
    sources = [config.build(mine, {"source": ImageSource}, str(tmp_path / f"{name}.yaml")) for name in ("one", "two")]
    assert [found["source"].split for found in sources] == ["val", "test"]


def test_what_a_preset_lacks_is_named_with_who_asks(tmp_path):
    (tmp_path / "one.yaml").write_text("a: {b: 1}")
    (tmp_path / "mine.yaml").write_text("# mine\nc: !preset a.c")
    with pytest.raises(ConfigError, match=r"mine\.yaml: line 2 asks for a\.c, which preset .*one\.yaml has not"):
        config.read(tmp_path / "mine.yaml", str(tmp_path / "one.yaml"))
    with pytest.raises(ConfigError, match=r"unknown preset 'none': there are embedded, paper, turbo, or give"):
        config.read(tmp_path / "mine.yaml", "none")


def test_a_preset_that_asks_itself_is_refused(tmp_path):
    (tmp_path / "one.yaml").write_text("a: !preset a")
    with pytest.raises(ConfigError, match=r"one\.yaml: line 1 includes .*one\.yaml, which is including it"):
        config.read(tmp_path / "one.yaml", str(tmp_path / "one.yaml"))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError, match=r"unknown system 'nope': there are .*llm-ofdm.*raw-ofdm"):
        config.find("systems", "nope")


def test_names_are_the_stems_of_the_files():
    assert {"llm-ofdm", "raw-ofdm", "jpeg-ofdm"} <= set(config.names("systems"))
    assert config.find("systems", "raw-ofdm") == CONFIGS / "systems" / "raw-ofdm.yaml"
    assert config.find("systems", str(CONFIGS / "systems" / "raw-ofdm.yaml")).stem == "raw-ofdm"


def test_settings_hold_defaults_and_numbers():
    found = config.settings(config.find("systems", "raw-ofdm"), {"system": System})
    link = found["system"]["init_args"]["link"]["init_args"]
    assert link["code"]["init_args"]["iterations"] == 20
    assert link["link"]["init_args"]["channel"]["init_args"]["carrier_frequency"] == 28e9
