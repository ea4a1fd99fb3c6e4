import warnings

import pytest
import torch

from semjscc import compiled
from semjscc.compiled import functions
from semjscc.phy.fec import LDPC5G
from tests.phy.fec.test_ldpc import heard, random_bits


@pytest.fixture
def no_compiler(monkeypatch):
    def probe():
        raise OSError("no such processor")

    monkeypatch.setattr(functions, "probe", probe)
    compiled._load.cache_clear()
    yield
    compiled._load.cache_clear()


def test_torch_stands_in_and_that_is_said_once(no_compiler):
    code, bits = LDPC5G(100, 300), random_bits(5, 100)
    with pytest.warns(RuntimeWarning, match="parity falls back to torch.*no such processor"):
        coded = code.encode(bits)
    with pytest.warns(RuntimeWarning, match="min_sum falls back to torch.*no such processor"):
        assert torch.equal(code.decode(heard(coded, snr_db=3.0)), bits)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(code.decode(heard(coded, snr_db=3.0)), bits)


def test_gradients_go_through_torch():
    code = LDPC5G(100, 300, iterations=3)
    llrs = heard(code.encode(random_bits(2, 100)), snr_db=0.0).requires_grad_()
    assert code.posterior(llrs).requires_grad
    assert not code.decode(llrs).requires_grad


def test_decisions_and_posteriors_agree_in_sign():
    code, bits = LDPC5G(100, 300), random_bits(20, 100)
    llrs = heard(code.encode(bits), snr_db=1.0)
    assert torch.equal((code.posterior(llrs) > 0).float(), code.decode(llrs))
