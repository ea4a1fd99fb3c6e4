from functools import partial

import pytest
import torch

from benchmarks.__main__ import chosen
from benchmarks.case import SEED
from benchmarks.cases import CASES, air, ldpc, links, qam
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


def test_names_are_unique_and_every_kind_of_case_is_in_the_quick_run():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert {name.split("-")[0] for name in names} == {case.name.split("-")[0] for case in CASES if case.quick}


def test_choosing():
    assert [case.name for case in chosen(CASES, ["jscc-step", "link-*"], False)] == [
        "link-b1",
        "link-b128",
        "jscc-step",
    ]
    assert chosen(CASES, ["*"], False) == CASES
    with pytest.raises(ValueError, match=r"unknown case 'turbo': there are ldpc-encode-384-b1, .*jscc-step"):
        chosen(CASES, ["jscc-step", "turbo"], False)
