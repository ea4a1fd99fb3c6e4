import os
import subprocess
import sys
from types import ModuleType
from unittest.mock import Mock

import pytest
import torch

from semjscc import compiled
from semjscc.phy.fec import LDPC5G
from semjscc.phy.fec.backends import loops
from semjscc.results import ROOT

triton = pytest.importorskip("triton", reason="comes with torch for GPUs")


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory):
    """What the kernel decodes in Triton's interpreter, by name; see tests/compiled/interpreted.py."""
    path = tmp_path_factory.mktemp("interpreted") / "bits.pt"
    command = [sys.executable, "-W", "error", "-m", "tests.compiled.interpreted", str(path)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"TRITON_INTERPRET": "1"}, check=True)
    return torch.load(path)


def test_blocks_are_decoded_as_on_a_cpu_and_lost_as_in_torch(interpreted):
    from tests.compiled.interpreted import NOISY, noisy

    bits, llrs = noisy()
    assert torch.equal(interpreted["noisy"], LDPC5G(**NOISY, backend="compiled").decode(llrs))
    lost, in_torch = (x != bits for x in (interpreted["noisy"], LDPC5G(**NOISY, backend="torch").decode(llrs)))
    assert 0.05 < lost.any(1).double().mean() < 0.5
    assert (lost.any(1) != in_torch.any(1)).sum() <= 0.1 * len(bits)  # as for the CPU's: quarters of an LLR


def test_hard_decisions_are_those_of_torch_where_steps_are_exact(interpreted):
    """However the work is cut: with rows left over, blocks left over, more groups of blocks than programs."""
    from tests.compiled.interpreted import EXACT, quarters

    llrs, prior = quarters()
    in_torch = LDPC5G(**EXACT, backend="torch")
    assert torch.equal(interpreted["groups"], in_torch.decode(llrs))
    assert torch.equal(interpreted["known"], in_torch.decode(llrs, prior))
    assert not torch.equal(interpreted["known"], interpreted["groups"])
    assert interpreted["none"].shape == (0, EXACT["k"])


def test_messages_are_scaled_as_on_a_cpu(interpreted):
    from tests.compiled.interpreted import EXACT, quarters

    on_cpu = LDPC5G(**EXACT, backend="compiled", algorithm="min-sum").decode(quarters()[0].double())
    assert interpreted["scaled"].dtype == torch.float64
    assert torch.equal(interpreted["scaled"], on_cpu)


@pytest.mark.parametrize("architecture", [80, 90])
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_kernel_compiles_for_gpus(architecture, precision, monkeypatch, tmp_path):
    from semjscc.compiled.min_sum_kernel import decode_blocks
    from semjscc.compiled.min_sum_triton import SHAPE

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    kinds = {name: "constexpr" if name.isupper() else "i32" for name in decode_blocks.arg_names}
    kinds |= {"llrs": f"*{precision}", "bits": f"*{precision}", "scratch": "*fp16"}
    kinds |= dict.fromkeys(("starts", "places", "shifts", "sources"), "*i32")
    sizes = {"ITERATIONS": 20, "OFFSET": 2, "FACTOR": 192, "K": 1392, "CODEWORD": 3168, "EDGES": 11088}
    sizes |= {"LAYERS": 12, "LIFTING": 144, "BLOCKS": SHAPE.blocks, "ROWS": SHAPE.rows}
    source = triton.compiler.ASTSource(decode_blocks, kinds, constexprs=sizes)
    target = triton.backends.compiler.GPUTarget("cuda", architecture, 32)
    assert triton.compile(source, target=target, options={"num_warps": SHAPE.warps}).asm["cubin"]


def test_numbers_elsewhere_are_refused():
    code, llrs = LDPC5G(12, 24, backend="triton"), torch.zeros(1, 24)
    with pytest.raises(
        ValueError, match="Triton decodes on a GPU, or with TRITON_INTERPRET=1 anywhere; got LLRs on cpu"
    ):
        code.decode(llrs)
    assert code.encode(torch.zeros(1, 12)).shape == (1, 24)  # which is torch's


def test_numbers_on_a_gpu_go_to_triton_unless_torch_has_to_do_it(monkeypatch):
    monkeypatch.setattr(compiled, "_load", ModuleType)
    on_gpu = Mock(spec=torch.Tensor, is_cuda=True, is_cpu=False, requires_grad=False)
    chosen = [loops("min_sum", backend, on_gpu) for backend in ("auto", "triton", "compiled", "torch")]
    assert [module and module.__name__ for module in chosen] == ["min_sum_triton", "min_sum_triton", None, None]
    assert loops("parity", "auto", on_gpu) is loops("parity", "triton", on_gpu) is None
    assert loops("min_sum", "auto", torch.zeros(1)).__name__ == "min_sum"
    on_gpu.requires_grad = True
    assert loops("min_sum", "auto", on_gpu) is None


def test_without_triton_torch_does_it(monkeypatch):
    def missing(name):
        if name.endswith("triton"):
            raise ImportError("no Triton here")
        return importlib_module(name)

    importlib_module = compiled.import_module
    compiled._load.cache_clear()
    monkeypatch.setattr(compiled, "import_module", missing)
    llrs = 4.0 * LDPC5G(12, 24).encode(torch.ones(1, 12)) - 2.0
    with pytest.warns(RuntimeWarning, match="min_sum_triton falls back to torch.*no Triton here"):
        assert LDPC5G(12, 24, backend="triton").decode(llrs).all()
    compiled._load.cache_clear()
