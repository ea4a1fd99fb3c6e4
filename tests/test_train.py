"""train.py as a user types it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

import train
from semjscc import config
from semjscc.config import CONFIGS, ConfigError
from semjscc.results import ROOT
from semjscc.sweeps.tracking import artifact
from semjscc.systems.base import System
from tests.wandb_file import records

SHORT = [
    *("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.init_args.num_val=2"),
    *("--data.init_args.side=32", "--data.init_args.val_side=32", "--model.init_args.warmup=1"),
]


def command(folder, *words, steps=4, batch_size=4):
    """A short training over AWGN whose every file lies in ``folder``."""
    here = [
        *(f"--trainer.default_root_dir={folder}", "--trainer.logger=false", f"--model.init_args.out={folder}"),
        *(f"--data.init_args.batch_size={batch_size}", f"--trainer.max_steps={steps}"),
    ]
    kept = {"dirpath": str(folder), "save_last": True, "every_n_train_steps": 1}
    callback = [{"class_path": "lightning.pytorch.callbacks.ModelCheckpoint", "init_args": kept}]
    return [*SHORT, *here, f"--trainer.callbacks={json.dumps(callback)}", *words]


def run(*words, **options):
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen([sys.executable, "train.py", *words], cwd=ROOT, env=one_thread, **options)


def weights(folder):
    return load_file(folder / "model.safetensors")


# ---- the command line -----------------------------------------------------------------------------------------------


def test_without_a_word_a_small_code_is_trained(tmp_path):
    train.main(command(tmp_path, steps=1))
    assert weights(tmp_path)
    assert "| steps | 1 |" in (tmp_path / "README.md").read_text()


def test_what_was_trained_is_left_as_a_system(tmp_path, capsys):
    train.main(command(tmp_path, "--model.init_args.system.init_args.codec.init_args.width=4", steps=1))
    path = tmp_path / "system.yaml"
    assert f"--system {path}" in capsys.readouterr().out
    system = config.build(path, {"system": System})["system"]
    assert system.codec.architecture["width"] == 4
    for name, value in weights(tmp_path).items():
        assert torch.equal(system.codec.state_dict()[name], value)


def test_what_was_trained_is_an_artifact_under_the_name_that_evaluations_use(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    train.main(command(tmp_path, "--wandb", "offline", "--trainer.log_every_n_steps=1", steps=1))
    [file] = tmp_path.rglob("*.wandb")
    found = list(records(file))
    [run] = [one.run for one in found if one.HasField("run")][:1]
    assert (run.project, run.run_group, run.display_name) == ("semjscc", "training", tmp_path.name)
    assert "train/loss" in str([one.history for one in found if one.HasField("history")])
    [left] = [one.artifact for one in found if one.HasField("artifact")]
    used = artifact(f"{tmp_path}/model.safetensors", "checkpoint", [tmp_path / "model.safetensors"])
    assert (left.name, left.type, left.digest) == (used.name, used.type, used.digest)


def test_curves_go_to_tensorboard_where_the_settings_say_so(tmp_path):
    logger = {"class_path": "lightning.pytorch.loggers.TensorBoardLogger", "init_args": {"save_dir": str(tmp_path)}}
    train.main(command(tmp_path, f"--trainer.logger={json.dumps(logger)}", "--trainer.log_every_n_steps=1", steps=1))
    [events] = tmp_path.rglob("events.out.tfevents.*")
    assert b"train/loss" in events.read_bytes()


@pytest.mark.parametrize("form", [["--config", "{}"], ["--config={}"]])
def test_a_configuration_may_include_others(tmp_path, form):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "link.yaml").write_text("class_path: semjscc.phy.plain.PlainLink")
    (tmp_path / "mine.yaml").write_text("model: {link: !include parts/link.yaml}\n")
    words = train.included([*(word.format(tmp_path / "mine.yaml") for word in form), "--trainer.max_steps", "5"])
    assert json.loads(words[1]) == {"model": {"link": {"class_path": "semjscc.phy.plain.PlainLink"}}}
    assert words[2:] == ["--trainer.max_steps", "5"]


def test_later_words_and_files_come_before_earlier_ones(tmp_path):
    (tmp_path / "a.yaml").write_text("trainer: {max_steps: 7}")
    cli = train.build(["--config", str(train.DEFAULT), "--config", str(tmp_path / "a.yaml")])
    assert cli.trainer.max_steps == 7
    assert train.build([f"--config={train.DEFAULT}", "--trainer.max_steps", "8"]).trainer.max_steps == 8


def test_a_file_that_is_not_there_is_named(tmp_path):
    (tmp_path / "a.yaml").write_text("data: !include b.yaml")
    with pytest.raises(ConfigError, match=r"a\.yaml: line 1 includes .*b\.yaml, which is not there"):
        train.build(["--config", str(tmp_path / "a.yaml")])
    with pytest.raises(FileNotFoundError, match=r"none\.yaml"):
        train.build(["--config", str(tmp_path / "none.yaml")])


def test_a_misspelt_key_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        train.build(["--model.init_args.learning_rat", "1"])
    assert "learning_rat" in capsys.readouterr().err


def test_data_that_are_not_there_are_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("SEMJSCC_DATA", str(tmp_path))
    with pytest.raises(OSError, match=r"lay them out with `python -m semjscc\.data\.photographs`"):
        train.build(["--config", str(CONFIGS / "train" / "deepjscc-awgn.yaml")])


# ---- whole processes ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_training_that_is_killed_ends_as_one_that_is_not(tmp_path):
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert run(*command(straight, steps=60)).wait() == 0
    process, last = run(*command(killed, steps=60)), killed / "last.ckpt"
    while not last.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "model.safetensors").exists()
    assert run(*command(killed, "--resume=true", steps=60)).wait() == 0
    expected, found = weights(straight), weights(killed)
    assert all(torch.equal(found[name], value) for name, value in expected.items())


@pytest.mark.slow
def test_two_processes_learn_what_one_does_from_all_their_patches(tmp_path):
    """Gradients of two halves are averaged: equal up to the order of sums, which Adam's first steps magnify."""
    alone, together = tmp_path / "alone", tmp_path / "together"
    assert run(*command(alone, batch_size=8)).wait() == 0
    two = ("--trainer.devices=2", "--trainer.strategy=ddp", "--trainer.use_distributed_sampler=false")
    assert run(*command(together, *two, batch_size=4)).wait() == 0
    expected, found = weights(alone), weights(together)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-4)
    assert "| batch size | 8 |" in (together / "README.md").read_text()
