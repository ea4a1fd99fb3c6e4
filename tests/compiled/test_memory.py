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


def test_what_is_let_go_is_used_again_and_never_while_it_is_in_use(monkeypatch):
    monkeypatch.setattr(memory, "LARGE", 1)
    memory._spare.clear()
    first = memory.empty(2, 500).fill_(1.0)
    view, place = first[1, ::2], first.data_ptr()
    del first  # a view still holds it
    second = memory.empty(1000).fill_(2.0)
    assert second.data_ptr() != place
    assert view.eq(1.0).all()
    del view
    third = memory.empty(1000)
    assert third.data_ptr() == place
    assert second.eq(2.0).all()


def test_only_blocks_of_the_same_size_are_used_again_and_few_are_kept(monkeypatch):
    monkeypatch.setattr(memory, "LARGE", 1)
    monkeypatch.setattr(memory, "KEPT", 4000)
    memory._spare.clear()
    blocks = [memory.empty(size) for size in (100, 200, 300, 1001)]
    while blocks:
        blocks.pop(0)
    assert sorted(map(len, memory._spare)) == [800, 1200]
    assert memory.empty(10).fill_(1.0).sum() == 10
    assert list(map(len, memory._spare)) == [40]  # there was no use for the others
