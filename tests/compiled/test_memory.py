import gc

import pytest
import torch

from semjscc.compiled import memory


@pytest.mark.parametrize("large", [1, 2**25])
def test_memory_of_any_size_is_a_tensor_of_floats(large, monkeypatch):
    monkeypatch.setattr(memory, "LARGE", large)
    x = memory.empty(3, 5, 2)
    assert (x.shape, x.dtype, x.is_contiguous()) == ((3, 5, 2), torch.float32, True)
    x.fill_(2.0)
    part = x[1]
    del x
    gc.collect()
    assert torch.equal(part, torch.full((5, 2), 2.0))  # what is looked at stays
    assert memory.empty(0, 4).shape == (0, 4)


def test_a_system_without_huge_pages_is_a_system_too(monkeypatch):
    monkeypatch.setattr(memory, "LARGE", 1)
    monkeypatch.delattr(memory.mmap, "MADV_HUGEPAGE", raising=False)
    assert memory.empty(7).fill_(1.0).sum() == 7
