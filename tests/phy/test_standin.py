import json

import pytest
import torch

from semjscc import config
from semjscc.config import CONFIGS
from semjscc.phy.link import DigitalLink
from semjscc.phy.standin import StandIn, measure
from semjscc.rng import PerImage
from semjscc.types import Transported

TABLE = json.loads((CONFIGS / "standins" / "paper-a.json").read_text())
BLOCKS, KEPT = 192, 256


@pytest.fixture(scope="module")
def standin():
    return StandIn()


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    told = tmp_path_factory.mktemp("link") / "link.yaml"
    told.write_text("link: !include links/paper-a.yaml\n")
    return config.build(told, {"link": DigitalLink})["link"]


def drawn(standin, snr_db, number=4000):
    rng = PerImage([(5, index) for index in range(number)], (int(1000 * snr_db),))
    return standin.errors(torch.full((number,), float(snr_db)), rng).double()


@pytest.mark.parametrize("snr_db", [0.0, 2.0, 2.5])
def test_it_has_the_links_error_rates(standin, link, snr_db):
    """Blocks of another seed than those that were kept; rates of n blocks of a stand-in of m lie
    sqrt(p (1 - p) (1/n + 1/m)) apart, and bit error rates by the deviation between blocks."""
    rng = PerImage([(77, index) for index in range(BLOCKS)], (int(1000 * snr_db),))
    sent = (rng.uniform("payload", (BLOCKS, 1392), torch.zeros(1)) < 0.5).float()
    with torch.no_grad():
        real = (link(sent, torch.full((BLOCKS,), snr_db), rng).bits != sent).double()
    ours = drawn(standin, snr_db)
    lost = [rows.any(1).double() for rows in (real, ours)]
    spread = 1 / BLOCKS + 1 / TABLE["points"][0]["blocks"] + 1 / len(ours)
    p = float(lost[1].mean())
    assert abs(float(lost[0].mean()) - p) <= 4 * (max(p * (1 - p), 1 / BLOCKS) * spread) ** 0.5
    rates = [rows.mean(1) for rows in (real, ours)]
    assert abs(float(rates[0].mean() - rates[1].mean())) < 4 * float(rates[1].std()) * (spread + 1 / KEPT) ** 0.5


def test_the_first_characters_suffer_most(standin):
    """Bits that the code punctures, 128 of 1392, are known from the parity checks alone."""
    errors = drawn(standin, 1.0).mean(0)
    assert errors[:128].mean() > 1.3 * errors[896:].mean()


def test_between_two_points_it_draws_from_both(standin):
    low, high = (float(drawn(standin, snr).any(1).double().mean()) for snr in (2.0, 2.5))
    between = float(drawn(standin, 2.25).any(1).double().mean())
    assert between == pytest.approx((low + high) / 2, abs=4 * (0.25 / 4000 * 1.5) ** 0.5)


def test_beyond_its_ends_it_stays_as_it_is_there(standin):
    assert drawn(standin, -30.0).any(1).all()
    ends = [drawn(standin, snr).mean() for snr in (5.0, 30.0)]
    assert float(max(ends)) < 0.01


def test_it_answers_as_the_link_does(standin, link):
    bits = (torch.rand(2, 1392) < 0.5).float()
    snr = torch.tensor([-2.0, 40.0])
    real, ours = link(bits, snr), standin(bits, snr)
    assert (real.channel_uses, real.data_uses, real.duration) == (ours.channel_uses, ours.data_uses, ours.duration)
    assert ours.block_errors.tolist() == [[1.0], [0.0]] == real.block_errors.tolist()
    assert torch.equal(ours.bits[1], bits[1])
    with pytest.raises(ValueError, match="blocks of 1392 bits, and is handed 8"):
        standin(torch.zeros(1, 8), torch.zeros(1))


def test_an_image_meets_the_same_errors_whatever_the_batch(standin):
    snr = torch.tensor([0.0, 1.0, 2.0])
    together = standin.errors(snr, PerImage([(0, 1), (0, 2), (0, 3)]))
    assert torch.equal(together[1:2], standin.errors(snr[1:2], PerImage([(0, 2)])))


class Half(DigitalLink):
    """Loses every second block, by its first and its last bit."""

    def __init__(self):
        torch.nn.Module.__init__(self)

    def forward(self, bits, snr_db, rng=None, prior=None):
        lost = (torch.arange(len(bits)) % 2).float()[:, None]
        heard = bits.clone()
        heard[:, [0, -1]] = (bits[:, [0, -1]] + lost) % 2
        return Transported(heard, lost, 10, 8, 1e-3)


def test_what_is_measured_is_what_is_drawn(tmp_path):
    table = measure(Half(), 12, [0.0, 3.0], blocks=64, kept=4)
    assert [(point["blocks"], point["lost"]) for point in table["points"]] == [(64, 32), (64, 32)]
    (tmp_path / "table.json").write_text(json.dumps(table))
    errors = StandIn(str(tmp_path / "table.json")).errors(torch.zeros(1000))
    assert {tuple(row.nonzero()[:, 0].tolist()) for row in errors} == {(), (0, 11)}
    assert float(errors.any(1).double().mean()) == pytest.approx(0.5, abs=4 * 0.5 / 1000**0.5)
