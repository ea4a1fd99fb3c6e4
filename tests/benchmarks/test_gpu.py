import pytest
import torch

from benchmarks import gpu
from benchmarks.table import rate

CPU = torch.device("cpu")


def test_without_a_gpu_it_ends_with_a_line(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["gpu", "--out", str(tmp_path / "gpu.json")])
    with pytest.raises(SystemExit, match=r"^python -m benchmarks\.gpu: there is no GPU that torch can use$"):
        gpu.main()
    assert not list(tmp_path.iterdir())


def test_what_runs_has_a_rate_and_what_does_not_says_why(monkeypatch):
    """On a CPU, where Triton's part fails."""
    monkeypatch.setattr(gpu, "bandwidth", lambda device: 2e9)
    figures = gpu.measure(CPU, (8,), [(2, 16, 1)])
    assert figures["limit"] == 2e9 * 1392 / (4 * (1392 + 2784))
    assert figures["decode"]["torch-b8"]["bler"] < 0.5
    assert figures["decode"]["torch-b8"]["of_limit"] == figures["decode"]["torch-b8"]["rate"] / figures["limit"]
    failed = figures["decode"]["triton-b8"], figures["shapes"]["2x16x1"], figures["differing"]["blocks"]
    assert all("Triton decodes on a GPU" in figure["error"] for figure in failed)
    lines = list(gpu.table(figures))
    assert len(lines) == 5
    assert rate(figures["decode"]["torch-b8"]["rate"], "bit") in lines[1]


def test_time_is_the_median_of_calls_after_the_first():
    calls = []
    assert gpu.seconds(lambda: calls.append(0), CPU, spent=0.0) >= 0.0
    assert len(calls) == 4
    assert gpu.bandwidth(CPU, size=2**16) > 0.0
