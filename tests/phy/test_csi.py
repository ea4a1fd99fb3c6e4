import pytest
import torch
from scipy.special import j0

from semjscc.phy.correlation import Jakes
from semjscc.phy.csi import Aged, Perfect, Sounded
from semjscc.rng import PerImage

GAINS = (1.0, 1e-3)  # of two users, one of them far away


def channels(drops=3):
    torch.manual_seed(0)
    shapes = [(drops, 20, rx, 16) for rx in (2, 4)]
    return [g * torch.randn(shape, dtype=torch.complex128) for g, shape in zip(GAINS, shapes, strict=True)]


def known(csi, H, first=0):
    rows = len(H) * len(H[0])
    return csi.known(H, PerImage([(0, first + i) for i in range(rows)]))


def test_perfect_knowledge_is_the_truth():
    H = channels()
    assert known(Perfect(), H) is H


def test_sounding_leaves_the_error_of_averaging_a_preamble_whatever_the_distance():
    H = channels()
    for h, heard, gain in zip(H, known(Sounded(10.0, 64), H), GAINS, strict=True):
        error = (heard - h).abs().square().mean().item() / gain**2
        # |e|^2 is exponential; the mean gain that users make up for varies itself
        assert error == pytest.approx(0.1 / 64, rel=8 / h.numel() ** 0.5)


def test_antennas_that_no_preamble_can_tell_apart_are_refused():
    with pytest.raises(ValueError, match="6 antennas cannot be told apart by preambles of 5 symbols"):
        known(Sounded(length=5), channels())


def test_an_aged_channel_is_correlated_as_jakes_has_it_and_keeps_its_power():
    H, csi = channels(10), Aged(Jakes(100.0), 2e-3)
    for h, old in zip(H, known(csi, H), strict=True):
        n, power = h.numel(), h.abs().square().mean()
        rho = (old * h.conj()).mean() / power
        assert rho.real.item() == pytest.approx(j0(2 * torch.pi * 0.2), abs=4 / n**0.5)
        assert abs(rho.imag.item()) < 4 / n**0.5
        assert (old.abs().square().mean() / power).item() == pytest.approx(1.0, abs=8 / n**0.5)


def test_without_delay_nothing_ages():
    H = channels()
    for h, old in zip(H, known(Aged(Jakes(100.0), 0.0), H), strict=True):
        torch.testing.assert_close(old, h)


def test_errors_are_those_of_the_users_own_images():
    H = channels(2)
    together = known(Sounded(), H)
    alone = known(Sounded(), [h[1:] for h in H], first=2)
    for both, one in zip(together, alone, strict=True):
        torch.testing.assert_close(both[1:], one)
