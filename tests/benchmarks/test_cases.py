import importlib
import sys
from functools import partial

import pytest
import torch

from benchmarks.case import SEED
from benchmarks.cases import CASES, air, channels, ldpc, links, qam
from benchmarks.command import chosen
from semjscc.phy.grid import ResourceGrid

GRID = ResourceGrid()
SMALL = {
    "encode": tuple(partial(ldpc.encoding, each, 384, 768, 2) for each in (ldpc.our_encoder, ldpc.sionnas_encoder)),
    "decode": tuple(
        partial(ldpc.decoding, coder, 384, 768, 2, 4) for coder in (ldpc.our_decoder, ldpc.sionnas_decoder)
    ),
    "qam": tuple(partial(qam.demapping, each, 6, "app", 100) for each in (qam.ours, qam.sionnas)),
    "channel": (partial(air.our_channel, 1, 2, 2), partial(air.sionnas_channel, 1, 2, 2)),
    "receive": (partial(air.our_receiver, 4, 16, 1), partial(air.sionnas_receiver, 4, 16, 1)),
    "link": (partial(links.our_bits, 1), partial(links.sionnas_bits, 1)),
    "massive": tuple(partial(links.there, side, 1, links.MASSIVE, 64, False) for side in (links.ours, links.sionnas)),
    "gradient": tuple(partial(links.there_and_back, side, 1, GRID, 2, True) for side in (links.ours, links.sionnas)),
    "uma": tuple(partial(links.there_and_back, side, 1, GRID, False) for side in (channels.ours, channels.sionnas)),
}


def built(side):
    """The job of one side, as its worker builds it."""
    torch.manual_seed(SEED)
    return side()


@pytest.mark.parametrize("name", SMALL)
def test_both_sides_have_the_same_inputs_and_run(name):
    ours, theirs = map(built, SMALL[name])
    both = [torch.cat([x if torch.is_tensor(x) else x[0] for x in job.inputs]) for job in (ours, theirs)]
    assert torch.equal(both[0].flatten(), both[1].flatten())
    results = [[job.run(x) for x in job.inputs] for job in (ours, theirs)]
    assert ours.score(results[0]).keys() == theirs.score(results[1]).keys()
    if name in ("encode", "qam", "decode"):  # nothing is left to chance: the same results
        torch.testing.assert_close(*map(torch.cat, results), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("model", ["UMa", "CDL-C", "TDL-C"])
@pytest.mark.parametrize("antennas", channels.ANTENNAS)
def test_both_sides_draw_slots_of_unit_gain(model, antennas, monkeypatch):
    monkeypatch.setitem(channels.AT_ONCE, antennas[0], 2)  # slots
    for side in (channels.our_draw, channels.sionnas_draw):
        job = channels.drawing(side, model, *antennas, 4)
        assert (job.units, job.inputs) == (4, [4])
        pieces = job.run(4)
        assert sum(h.numel() for h in pieces) == 4 * antennas[0] * antennas[1] * 14 * 128
        assert job.score([pieces])["gain"] == pytest.approx(1.0, rel=1e-4)
        slots = torch.cat([h.flatten(1) for h in pieces])
        assert not torch.isclose(slots[1:], slots[:-1]).any(1).all()  # each its own


def test_users_are_dropped_anew_at_every_call():
    channel = channels.sionnas_channel("UMa", 1, 2)
    places = [(channel(2, 1, 1e5), channel._scenario.ut_loc.clone())[1] for _ in range(2)]
    assert not torch.isclose(*places).all(-1).any()


@pytest.mark.parametrize("cases", [CASES, channels.CASES])
def test_names_are_unique_and_every_kind_of_case_is_in_the_quick_run(cases):
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    assert {name.split("-")[0] for name in names} == {case.name.split("-")[0] for case in cases if case.quick}


@pytest.mark.parametrize("module", ["__main__", "channels"])
def test_each_suite_lists_its_cases_and_knows_no_others(module, monkeypatch, capsys):
    suite = importlib.import_module(f"benchmarks.{module}").SUITE
    monkeypatch.setattr(sys, "argv", [suite.command, "--list"])
    suite.main()
    assert capsys.readouterr().out.split() == [case.name for case in suite.cases]
    assert importlib.import_module(suite.module).CASES is suite.cases
    monkeypatch.setattr(sys, "argv", [suite.command, "--only", "turbo"])
    with pytest.raises(SystemExit, match=f"python -m {suite.command}: unknown case 'turbo'"):
        suite.main()


def test_choosing():
    assert [case.name for case in chosen(CASES, ["jscc-step", "link-*"], False)] == [
        "link-b1",
        "link-b128",
        "jscc-step",
    ]
    assert chosen(CASES, ["*"], False) == CASES
    with pytest.raises(ValueError, match=r"unknown case 'turbo': there are ldpc-encode-384-b1, .*jscc-step"):
        chosen(CASES, ["jscc-step", "turbo"], False)
