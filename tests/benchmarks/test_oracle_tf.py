"""The judge between two sets of answers, and how draws become figures."""

import numpy as np
import pytest

from benchmarks.oracle_tf import tasks
from benchmarks.oracle_tf.__main__ import compare


def verdicts(name, mine, theirs):
    return [found["verdict"] for found in compare({name: np.asarray(mine)}, {name: np.asarray(theirs)})]


@pytest.mark.parametrize(
    ("kind", "near", "far"),
    [
        ("bits", [0.0, 1.0], [1.0, 1.0]),
        ("double", [1e-12, 1.0], [1e-6, 1.0]),
        ("single", [1e-6, 1.0], [1e-4, 1.0]),
        ("means", [[0.1, 1.0], [0.1, 0.1]], [[1.0, 1.0], [0.1, 0.1]]),
    ],
)
def test_differences_are_judged_by_their_kind(kind, near, far):
    theirs = np.array([0.0, 1.0]) if np.ndim(near) == 1 else np.array([[0.0, 1.0], [0.1, 0.1]])
    assert verdicts(f"{kind}/x", near, theirs) == ["as one"]
    assert verdicts(f"{kind}/x", far, theirs) == ["DIFFERENT"]


def test_what_rests_on_a_fault_is_shown_and_not_judged():
    assert verdicts("shown values/x", [0.0], [1.0]) == ["shown"]


def test_fading_of_two_paths():
    """A path that stands still and one that turns by a quarter a step, alike at both antennas but for a sign."""
    quarter = 1j ** np.arange(3)
    path = np.stack([2 * np.ones(3), quarter])
    found = tasks.fading(np.stack([path, -path])[None])
    assert found["power of paths"][0] == pytest.approx([4.0, 1.0])
    assert found["power at antennas"][0] == pytest.approx([5.0, 5.0])
    assert found["between antennas"][0] == pytest.approx([-5.0, 0.0])
    assert found["over time"][0] == pytest.approx([4.0, 3.0, 1.0, 0.0])


def test_standard_errors_are_those_of_means():
    x = np.random.default_rng(0).normal(size=(400, 1))
    assert tasks.moments(x)[1] == pytest.approx(x.std() / 20)
