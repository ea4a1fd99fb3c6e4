"""Where curves meet their target: closed forms of straight lines."""

import numpy as np
import pytest

from benchmarks.fidelity.uma import apart, crossing, jackknife

SNR_DB = (0.0, 1.0, 3.0)


def line(at, slope=1.0):
    """Rates that come down to 0.1 at an SNR [dB], by a factor of e^slope a decibel."""
    return 0.1 * np.exp(-slope * (np.array(SNR_DB) - at))[None]


def test_straight_lines_cross_where_they_should():
    assert crossing(SNR_DB, line(0.7)) == pytest.approx(0.7)
    assert crossing(SNR_DB, line(2.2)) == pytest.approx(2.2)
    assert apart(SNR_DB, line(0.7), line(2.2)) == pytest.approx(1.5)


@pytest.mark.parametrize("at", [-1.0, 4.0])
def test_curves_must_come_down_to_the_target(at):
    with pytest.raises(ValueError, match=r"do not come down to 0\.1"):
        crossing(SNR_DB, line(at))


def test_the_jackknife_of_a_mean_is_its_standard_error():
    rates = np.random.default_rng(0).normal(size=(12, 1))
    found = jackknife(lambda x: x.mean(), rates)
    assert found["db"] == pytest.approx(rates.mean())
    assert found["stderr"] == pytest.approx(rates.std(ddof=1) / 12**0.5)
