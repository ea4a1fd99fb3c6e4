"""Decibels and ratios."""

import pytest
import torch

from semjscc import units


def test_decibels_and_ratios_are_inverse():
    db = torch.linspace(-40, 40, 17, dtype=torch.float64)
    torch.testing.assert_close(units.linear_to_db(units.db_to_linear(db)), db)
    assert units.db_to_linear(torch.tensor(3.0)).item() == pytest.approx(1.9953, abs=1e-4)


def test_noise_variance_is_one_over_snr():
    torch.testing.assert_close(units.noise_variance(torch.tensor([0.0, 10.0])), torch.tensor([1.0, 0.1]))


def test_ebn0_of_coded_qpsk_at_rate_one_half_is_esn0():
    assert units.ebn0_db(4.0, 2, 0.5) == pytest.approx(4.0)
    assert units.ebn0_db(4.0, 4, 0.5) == pytest.approx(4.0 - 3.0103, abs=1e-4)
    assert units.esn0_db(units.ebn0_db(4.0, 6, 1 / 3), 6, 1 / 3) == pytest.approx(4.0)


def test_bandwidth_ratio_is_uses_per_real_source_dimension():
    assert units.bandwidth_ratio(1624, 64, 64) == pytest.approx(1624 / 12288)


def test_transmit_snr_meets_the_textbook_link_budget():
    """kT is -174 dBm/Hz: 23 dBm on 100 carriers of 10 kHz, with 4 dB of noise figure."""
    assert units.transmit_snr_db(23.0, 100, 10e3, 4.0) == pytest.approx(23.0 - 20.0 - (-173.975 + 40.0 + 4.0), abs=1e-3)
