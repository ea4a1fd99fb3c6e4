"""A sweep that is killed goes on where it stopped, and processes share one: the rows are always the same."""

import multiprocessing
import os
import random
import subprocess
import sys
import time

import pytest

import evaluate
from semjscc.results import ROOT, Results
from tests.tiny_sweep import begun, place, sweep

ASKED = ("--snr_db", "0", "5", "10", "--num_images", "19")
PARTS = 3 * 6  # SNRs, and chunks that begin at 0, 1, 2, 4, 8 and 16


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with everything imported, and without this one's threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.tiny_sweep", "semjscc.sweeps.run", "semjscc.metrics.fidelity"])
    return context


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The rows of a sweep that nothing happened to, and its results."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert evaluate.main([*place(folder), *ASKED]) == 0
    assert len(begun(folder)) == len(set(begun(folder))) == PARTS
    return what_came(folder)


def what_came(folder):
    found = folder / "out" / "drawn" / "tiny"
    results = Results.load(found.with_suffix(".json"))
    return found.with_suffix(".parquet").read_bytes(), results.metrics, results.stderr


def killed(processes, words, folder, parts, chance):
    """Runs until so many more parts are begun, then is shot."""
    aim = len(begun(folder)) + parts
    process = processes.Process(target=sweep, args=(words,))
    process.start()
    while process.is_alive() and len(begun(folder)) < aim:
        time.sleep(0.002)
    time.sleep(chance.random() * 0.03)
    process.kill()
    process.join()


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_a_killed_sweep_ends_as_an_undisturbed_one(tmp_path, processes, undisturbed, kills):
    words, chance = [*place(tmp_path), *ASKED], random.Random(kills)
    for _ in range(kills):
        killed(processes, words, tmp_path, chance.randint(1, max(1, PARTS // kills)), chance)
    process = processes.Process(target=sweep, args=(words,))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert what_came(tmp_path) == undisturbed
    assert PARTS <= len(begun(tmp_path)) <= PARTS + kills
    assert len(set(begun(tmp_path))) == PARTS


def test_two_sweeps_in_one_folder_share_it(tmp_path, processes, undisturbed):
    words = [*place(tmp_path), *ASKED]
    both = [processes.Process(target=sweep, args=(words,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert what_came(tmp_path) == undisturbed
    assert len(begun(tmp_path)) == PARTS  # nothing twice


def test_the_other_takes_over_what_a_killed_one_held(tmp_path, processes, undisturbed):
    """One stops in the middle of a chunk, which the other waits for, and gets when the first is killed."""
    words = [*place(tmp_path), *ASKED]
    first = processes.Process(target=sweep, args=(words,))
    first.start()
    while not begun(tmp_path):
        time.sleep(0.002)
    os.kill(first.pid, 19)  # SIGSTOP
    second = processes.Process(target=sweep, args=(words,))
    second.start()
    while len(begun(tmp_path)) < 15:  # all but the first's chunk
        time.sleep(0.002)
    first.kill()
    first.join()
    second.join()
    assert second.exitcode == 0
    assert what_came(tmp_path) == undisturbed


def test_two_processes_of_torchrun_come_to_the_same_as_one(tmp_path, undisturbed):
    """Torchrun leaves each a single thread, and a sweep by itself has no more."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "evaluate.py"]
    environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [*command, *place(tmp_path), *ASKED], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("figures ") == 1  # one of them speaks
    assert what_came(tmp_path) == undisturbed
    assert len(begun(tmp_path)) == PARTS
