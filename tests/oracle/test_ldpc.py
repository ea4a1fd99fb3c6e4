import math

import numpy as np
import pytest
import torch
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder

from semjscc.phy.fec import LDPC5G
from semjscc.phy.fec.basegraph import LIFTING_SIZES, base_graph

# both base graphs and every K_b, with fillers and without, at the ends of the range of rates
SIZES = [(12, 20), (13, 65), (48, 60), (100, 200), (192, 300), (193, 900), (292, 320), (293, 400), (560, 900)]
SIZES += [(561, 700), (641, 2000), (1392, 2784), (3000, 3300), (3824, 6000), (3840, 19200), (4224, 12600), (8448, 9216)]


FLOODING = {"algorithm": "sum-product", "schedule": "flooding"}  # as Sionna decodes


def sionnas(k: int, n: int, order: int | None = None) -> LDPC5GEncoder:
    return LDPC5GEncoder(k, n, num_bits_per_symbol=order, device="cpu")


def heard(coded: torch.Tensor, snr_db: float) -> torch.Tensor:
    variance = 0.5 * 10 ** (-snr_db / 10)
    return 2.0 * (2.0 * coded - 1.0 + math.sqrt(variance) * torch.randn_like(coded)) / variance


@pytest.mark.parametrize(("k", "n"), SIZES)
def test_codewords_are_sionnas(k, n):
    torch.manual_seed(0)
    bits = torch.randint(2, (2, k)).float()
    assert torch.equal(LDPC5G(k, n).encode(bits), sionnas(k, n)(bits))


@pytest.mark.parametrize("lifting", [256, 384, 320, 224, 288, 352, 208, 240])  # the largest of each lifting set
@pytest.mark.parametrize(("columns", "number"), [(22, 1), (10, 2)])
def test_base_graphs_are_sionnas(lifting, columns, number):
    k = columns * lifting
    graph = base_graph(k, 3 * k if number == 1 else 5 * k)
    theirs = sionnas(100, 200)._load_basegraph(LIFTING_SIZES[lifting], f"bg{number}")
    ours = np.full_like(theirs, -1.0)
    ours[graph.rows, graph.columns] = graph.shifts
    assert np.array_equal(ours, np.where(theirs < 0, -1, theirs % lifting))


@pytest.mark.parametrize("order", [1, 2, 4, 6, 8, 10])
def test_interleaved_bits_are_sionnas(order):
    torch.manual_seed(0)
    bits, n = torch.randint(2, (2, 100)).float(), 240
    assert torch.equal(LDPC5G(100, n, bits_per_symbol=order).encode(bits), sionnas(100, n, order)(bits))


@pytest.mark.parametrize(("k", "n"), [(100, 240), (400, 480)])
@pytest.mark.parametrize("schedule", ["flooding", "layered"])
@pytest.mark.parametrize(
    ("algorithm", "theirs"),
    [("sum-product", "boxplus-phi"), ("min-sum", "minsum"), ("offset-min-sum", "offset-minsum")],
)
def test_posteriors_are_sionnas(k, n, schedule, algorithm, theirs):
    torch.manual_seed(0)
    encoder = LDPC5GEncoder(k, n, num_bits_per_symbol=4, precision="double", device="cpu")
    llrs = heard(encoder(torch.randint(2, (3, k)).double()), snr_db=0.0).requires_grad_()  # no early stop
    options = {"cn_schedule": schedule, "hard_out": False, "num_iter": 2, "llr_max": None, "precision": "double"}
    decoder = LDPC5GDecoder(encoder, cn_update=theirs, device="cpu", **options)
    ours = LDPC5G(k, n, bits_per_symbol=4, iterations=2, algorithm=algorithm, schedule=schedule, scale=1.0)
    # two iterations: beyond LLRs of 25 its phi has lost its digits, even in double precision
    assert torch.allclose(ours.posterior(llrs), decoder(llrs), atol=1e-5)


@pytest.mark.parametrize(("k", "n", "snr_db"), [(100, 200, -1.5), (330, 400, 2.2)])
def test_block_error_rates_are_sionnas(k, n, snr_db):
    torch.manual_seed(0)
    blocks, encoder = 400, sionnas(k, n)
    bits = torch.randint(2, (blocks, k)).float()
    llrs = heard(encoder(bits), snr_db)
    ours = (LDPC5G(k, n, **FLOODING).decode(llrs) != bits).any(1)
    theirs = (LDPC5GDecoder(encoder, num_iter=20, device="cpu")(llrs) != bits).any(1)
    rate = theirs.double().mean().item()
    assert 0.05 < rate < 0.5
    assert ours.double().mean().item() == pytest.approx(rate, abs=3 * math.sqrt(rate * (1 - rate) / blocks))
    assert (ours != theirs).sum() <= 0.1 * theirs.sum()  # the noise is the same, so nearly the same blocks fall


@pytest.mark.parametrize(("k", "n", "snr_db"), [(100, 200, -1.5), (330, 400, 2.2), (1392, 2784, -1.8)])
def test_default_decoder_loses_less_than_a_tenth_of_a_db(k, n, snr_db):
    """Layered min-sum in quarters of an LLR, against Sionna's sum-product in as many iterations."""
    torch.manual_seed(0)
    blocks, encoder = 200, sionnas(k, n)
    bits = torch.randint(2, (blocks, k)).float()
    coded, state = encoder(bits), torch.get_rng_state()
    theirs = (LDPC5GDecoder(encoder, num_iter=20, device="cpu")(heard(coded, snr_db)) != bits).any(1)
    torch.set_rng_state(state)
    ours = (LDPC5G(k, n).decode(heard(coded, snr_db + 0.1)) != bits).any(1)
    assert 0.05 < theirs.double().mean() < 0.6
    assert ours.sum() <= theirs.sum()
