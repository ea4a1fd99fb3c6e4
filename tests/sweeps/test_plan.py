"""Which systems at which points a sweep asks for."""

from functools import cache

import pytest

import evaluate
from semjscc import config
from semjscc.config import CONFIGS, ConfigError
from semjscc.sweeps.asked import sweep_file
from semjscc.sweeps.axes import Axis, at, changed, find
from semjscc.sweeps.identity import content, differences, identity
from semjscc.sweeps.plan import esn0_db, tasks
from semjscc.systems.base import System


@cache
def settings(name):
    return config.settings(config.find("systems", name), {"system": System}, nulls=True)


def value(found, name):
    return [at(found, place) for place in find(found, name)]


@pytest.mark.parametrize(
    ("system", "axis", "said", "setting", "became"),
    [
        ("llm-ofdm", "speed_kmh", 90, "users.speed", [[25.0, 25.0]]),
        ("llm-ofdm", "users.speed", [10, 20], "speed", [[10, 20]]),
        ("llm-ofdm", "antennas", 4, "bs_array.columns", [4]),
        ("llm-ofdm", "code_rate", "1/3", "code.n", [4176]),
        ("jpeg-ofdm", "code_rate", "1/3", "code.rate", [1 / 3]),
        ("jpeg-ofdm", "bandwidth_ratio", "1/12", "bandwidth_ratio", [1 / 12]),
        ("vlm-mimo", "link.qam.init_args.bits_per_symbol", 6, "bits_per_symbol", [6]),
        ("vlm-mimo", "code_rate", "1/2", "code.rate", ["1/2"]),
        ("vlm-mimo", "channels.prefix", 1e-6, "prefix", [1e-6] * 6),  # all users'
        ("llm-ofdm", "equalizer", {"class_path": "semjscc.phy.equalization.ZF"}, "equalizer.class_path", None),
    ],
)
def test_a_setting_is_found_by_the_end_of_its_place(system, axis, said, setting, became):
    before = settings(system)
    found = changed(before, axis, said)
    assert value(found, setting) == (became or ["semjscc.phy.equalization.ZF"])
    assert before == settings(system)


@pytest.mark.parametrize(
    ("system", "axis", "words"),
    [
        ("llm-ofdm", "model", "model may be .*captioner.model or .*painter.model.*: say which"),
        ("llm-ofdm", "sped", "no setting is called sped; there is speed"),
        ("deepjscc-awgn", "antennas", "no setting is called antennas"),
    ],
)
def test_a_setting_that_is_not_clear_is_named(system, axis, words):
    with pytest.raises(ConfigError, match=words):
        changed(settings(system), axis, 1)


def test_every_combination_has_a_name_and_is_built_as_said():
    axes = [Axis.parse("speed_kmh=60,90.5"), Axis.parse("code_rate=1/3")]
    found = tasks(["raw-ofdm"], "embedded", axes, [3.0], False)
    names = [one.name for one in found]
    assert names[0] == "raw-ofdm_speed_kmh=60_code_rate=1-3"
    assert len(set(names)) == 2
    link = found[1].build().link
    assert (link.code.k, link.code.n) == (1392, 4176)
    assert link.link.channel.users.speed == pytest.approx((90.5 / 3.6,) * 2)


def test_a_plain_system_keeps_its_name_and_its_settings():
    [one] = tasks(["raw-ofdm"], "embedded", [], [3.0], False)
    assert one.name == "raw-ofdm"
    assert one.settings == config.settings(config.find("systems", "raw-ofdm"), {"system": System})


@pytest.mark.parametrize(
    ("system", "axes", "esn0"),
    [
        ("raw-ofdm", {}, 3.0),  # 2 bits at rate 1/2
        ("raw-ofdm", {"bits_per_symbol": 4}, 6.01),
        ("jpeg-ofdm", {"code_rate": "2/3"}, 4.249),
        ("vlm-mimo", {}, 8.229),  # 10 bits at rate 1/3
    ],
)
def test_ebn0_is_turned_by_the_systems_own_bits_and_rate(system, axes, esn0):
    found = settings(system)
    for axis, said in axes.items():
        found = changed(found, axis, said)
    assert esn0_db(found, 3.0) == esn0


def test_a_task_knows_both_its_ebn0_and_its_snr():
    [one] = tasks(["raw-ofdm"], "embedded", [Axis.parse("bits_per_symbol=4")], [3.0, 5.0], True)
    assert one.ebn0_db == dict(zip(one.snr_db, [3.0, 5.0], strict=True))
    assert one.snr_db == [6.01, 8.01]


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        (["code_rate=2"], "n must not be smaller than k"),
        (["iterations=many"], "with iterations=many: .*many"),
        (["speed_kmh=fast"], "with speed_kmh=fast"),
        (["seed=1"], "no setting is called seed"),
        (["iterations=5,5"], "two results would have the name"),
        (["speed_kmh"], "an axis is a name and values"),
        (["speed_kmh="], "an axis is a name and values"),
        (["=3"], "an axis is a name and values"),
        (["x=[1"], "an axis is a name and values"),
    ],
)
def test_an_axis_that_cannot_be_is_named_before_the_work_starts(axes, words):
    def built():
        return [one.build() for one in tasks(["raw-ofdm"], "embedded", list(map(Axis.parse, axes)), [3.0], False)]

    with pytest.raises(ValueError, match=words):
        built()


def test_a_system_without_coded_bits_has_no_ebn0():
    with pytest.raises(ConfigError, match=r"deepjscc-awgn\.yaml: it sends no coded bits"):
        tasks(["deepjscc-awgn"], "embedded", [], [3.0], True)


@pytest.mark.parametrize("path", sorted((CONFIGS / "sweeps").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sweep_names_what_there_is(path):
    args = evaluate.asked(["--config", str(path), "--num_images", "2"])
    assert args.num_images == 2
    assert evaluate.operating_points(args.snr_db or args.ebn0_db)
    for system in args.system:
        written = config.read(config.find("systems", system))
        for axis, values in args.axes.items():
            assert all(changed(written, axis, said) != written for said in values[:1])
    assert evaluate.open_data(args.data)[0] == args.data


def test_the_command_line_comes_before_the_file(tmp_path):
    (tmp_path / "s.yaml").write_text("system: raw-ofdm\nebn0_db: [1, 2]\nseed: 4\naxes: {iterations: [5]}\n")
    args = evaluate.asked(["--config", str(tmp_path / "s.yaml"), "--snr_db", "-3", "--axis", "iterations=7,8"])
    assert (args.system, args.seed, args.num_images) == (["raw-ofdm"], 4, 32)
    assert (evaluate.operating_points(args.snr_db), args.ebn0_db, args.axes) == ([-3.0], None, {"iterations": [7, 8]})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sistem: raw-ofdm", "unknown sistem: there are system, data"),
        ("[1, 2]", "must hold a mapping"),
        ("system: 5", "system cannot be 5"),
        ("system: [5]", r"system must be names, not \[5\]"),
        ("num_images: many", "num_images cannot be 'many'"),
        ("axes: {speed: 5}", "axes are names with lists of values"),
        ("axes: [speed]", "axes cannot be"),
        ("{snr_db: [1], ebn0_db: [1]}", "snr_db or ebn0_db, not both"),
        ("system: {", "is not YAML"),
    ],
)
def test_a_damaged_sweep_is_named(tmp_path, text, words):
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        sweep_file(tmp_path / "s.yaml")


def test_without_a_system_it_is_said_what_is_wanted():
    with pytest.raises(ConfigError, match="--system, one or more, or --config"):
        evaluate.asked([])


def test_weights_pictures_and_code_are_part_of_an_identity(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.safetensors").write_bytes(b"one")
    said = {"weights": str(tmp_path / "weights"), "class_path": "tests.tiny_sweep.Tiny"}
    before = identity(said, seed=0)
    assert set(before["code"]) == {"semjscc", "tests.tiny_sweep"}
    (tmp_path / "weights" / "model.safetensors").write_bytes(b"two")
    content.cache_clear()
    assert str(tmp_path / "weights") in differences(before, identity(said, seed=0))
