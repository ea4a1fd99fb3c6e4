import math

import pytest
import torch

from semjscc.phy.plain import PlainLink
from semjscc.rng import PerImage


@pytest.mark.parametrize("snr_db", [-3.0, 0.0, 10.0])
def test_the_noise_is_that_of_the_snr_and_the_same_in_both_dimensions(snr_db):
    symbols = torch.ones(1, 100_000, dtype=torch.complex128)
    received = PlainLink()(symbols, torch.tensor([snr_db]), PerImage([(0, 0)]))
    expected = 10 ** (-snr_db / 10)
    torch.testing.assert_close(received.noise_var, torch.full((1, 100_000), expected).double(), rtol=1e-6, atol=0)
    noise = torch.view_as_real(received.symbols - symbols)
    for axis in noise.unbind(-1):
        assert axis.square().mean().item() == pytest.approx(expected / 2, rel=4 * (2 / 100_000) ** 0.5)
        assert abs(axis.mean().item()) < 4 * (expected / 2 / 100_000) ** 0.5


def test_each_image_has_its_own_snr_and_noise():
    symbols, snr_db = torch.zeros(3, 50, dtype=torch.complex64), torch.tensor([0.0, 10.0, 20.0])
    together = PlainLink()(symbols, snr_db, PerImage([(0, i) for i in range(3)]))
    for i in range(3):
        alone = PlainLink()(symbols[:1], snr_db[i : i + 1], PerImage([(0, i)]))
        assert torch.equal(alone.symbols[0], together.symbols[i])
    torch.testing.assert_close(together.noise_var[:, 0], torch.tensor([1.0, 0.1, 0.01]))


def test_without_noise_symbols_are_what_they_were():
    symbols = torch.randn(2, 5, dtype=torch.complex64)
    assert torch.equal(PlainLink()(symbols, torch.full((2,), math.inf)).symbols, symbols)


def test_parts_of_a_payload_are_the_payload():
    symbols, snr_db = torch.randn(2, 30, dtype=torch.complex64), torch.zeros(2)
    whole = PlainLink()(symbols, snr_db, PerImage([(0, 0), (0, 1)]))
    rng = PerImage([(0, 0), (0, 1)])
    parts = [PlainLink()(part, snr_db, rng).symbols for part in symbols.split(7, dim=1)]
    assert torch.equal(torch.cat(parts, 1), whole.symbols)


def test_gradients_pass():
    symbols = torch.randn(2, 5, dtype=torch.complex128, requires_grad=True)
    snr_db = torch.tensor([0.0, 10.0], dtype=torch.float64, requires_grad=True)
    rng = lambda: PerImage([(0, 0), (0, 1)])  # noqa: E731
    assert torch.autograd.gradcheck(lambda x, snr: PlainLink()(x, snr, rng()).symbols, (symbols, snr_db))


def test_every_symbol_is_a_use():
    link = PlainLink(symbol_rate=1e6)
    assert (link.channel_uses(7), link.data_uses(7), link.duration(7)) == (7, 7, pytest.approx(7e-6))
    assert PlainLink().duration(7) == 0
    for rate in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match=f"symbol_rate={rate} symbols a second must be positive"):
            PlainLink(rate)
