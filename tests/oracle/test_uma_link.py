"""Paper A's link over our UMa drops and over Sionna 2.2's: the same users, bits, noise and receiver, other chance."""

import math

import pytest
import torch
from tqdm import tqdm

from benchmarks.fidelity.uma import BATCH, OURS, SIONNA, TARGET, apart, measure

SNR_DB = (3.0, 3.5, 4.0)
CLOSE = 0.1  # [dB]


def sigma_db(rates, slots):
    """Standard error of the distance between two curves at the target: each log of a rate has the variance
    (1 - p) / (p n), and is divided by the curve's slope. Slots that share users differ rather less.
    """
    slope = math.log(rates.mean(0)[0] / rates.mean(0)[-1]) / (SNR_DB[-1] - SNR_DB[0])
    return math.sqrt(2 * (1 - TARGET) / (TARGET * slots)) / slope


@pytest.mark.parametrize("batches", [4, pytest.param(40, marks=pytest.mark.slow)])
@torch.inference_mode()
def test_same_block_error_rate_within_a_tenth_of_a_decibel(batches):
    """2,000 slots resolve 0.19 dB, 20,000 the tenth."""
    found = measure((OURS, SIONNA), SNR_DB, batches, 0, tqdm(disable=True))
    sigma = sigma_db(found[SIONNA], batches * BATCH)
    assert sigma < 2.5 / (batches * BATCH) ** 0.5
    assert abs(apart(SNR_DB, found[OURS], found[SIONNA])) < max(CLOSE, 4 * sigma)
