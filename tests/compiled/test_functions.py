import os
import signal

import numpy as np
import pytest
import torch

from semjscc import compiled
from semjscc.compiled import kernels
from semjscc.compiled.functions import cos_pi, exp, in_threads, log, sin_pi

ULP = 2.0**-23


@pytest.mark.parametrize(
    ("ours", "theirs", "points", "relative", "absolute"),
    [
        (exp, np.exp, np.linspace(-79.9, 0.0, 1001), 64 * ULP, 0.0),  # of x, rounding leaves |x| / 2 ulp
        (log, np.log, np.logspace(-30, 30, 1001), 2 * ULP, 0.0),
        (log, np.log, np.linspace(0.5, 2.0, 1001), 4 * ULP, 0.0),
        (cos_pi, lambda x: np.cos(np.pi * x), np.linspace(-1.0, 1.0, 1001), 0.0, 8 * ULP),
        (sin_pi, lambda x: np.sin(np.pi * x), np.linspace(-1.0, 1.0, 1001), 0.0, 8 * ULP),
    ],
)
def test_functions_are_good_to_single_precision(ours, theirs, points, relative, absolute):
    points = points.astype(np.float32)
    found = np.array([ours(x) for x in points])
    np.testing.assert_allclose(found, theirs(points.astype(np.float64)), rtol=relative, atol=absolute)


def test_exp_never_underflows():
    assert exp(np.float32(-1e30)) == pytest.approx(np.exp(-80.0), rel=1e-5)


@pytest.mark.parametrize(("count", "least"), [(0, 1), (5, 1), (100, 7), (100, 1000)])
def test_threads_share_everything_out_once(count, least):
    done, threads = [], torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        in_threads(lambda first, last: done.extend(range(first, last)), count, least)
    finally:
        torch.set_num_threads(threads)
    assert sorted(done) == list(range(count))


@pytest.mark.parametrize("failing", [0, 2])  # the caller's own share, another's
def test_a_thread_that_fails_says_so(failing):
    def work(first, last):
        if first <= failing < last:
            raise RuntimeError("out of numbers")

    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with pytest.raises(RuntimeError, match="out of numbers"):
            in_threads(work, 3, 1)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12 on forks beside threads
def test_a_forked_process_has_threads_of_its_own():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        in_threads(lambda first, last: None, 2, 1)  # the parent's are there now
        child = os.fork()
        if not child:
            signal.alarm(30)  # it would wait for the parent's for ever
            in_threads(lambda first, last: None, 2, 1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    finally:
        torch.set_num_threads(threads)


def test_compiled_loops_stand_in_for_single_precision_without_gradients_only():
    x = torch.zeros(2)
    assert kernels("qam", x, x.to(torch.complex64)) is not None
    assert kernels("qam", x, x.double()) is None
    assert kernels("qam", x, x.to("meta")) is None
    x.requires_grad_()
    assert kernels("qam", x) is None
    with torch.no_grad():
        assert kernels("qam", x) is not None


def test_without_a_compiler_torch_does_it_and_says_so_once(monkeypatch):
    def broken(name):
        raise ImportError("no numba here")

    compiled._load.cache_clear()
    monkeypatch.setattr(compiled, "import_module", broken)
    try:
        with pytest.warns(RuntimeWarning, match="counting falls back to torch.*no numba here"):
            assert kernels("counting", torch.zeros(1)) is None
        assert kernels("counting", torch.zeros(1)) is None  # any warning is an error here
    finally:
        compiled._load.cache_clear()
