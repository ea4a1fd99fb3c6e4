"""Pictures as raw bits over paper A's link, ``raw-ofdm``, in four sizes: time and memory against the payload."""

from functools import partial

import torch

from benchmarks.case import Case, Job
from semjscc import config
from semjscc.systems import digital  # so that it counts among the imports
from semjscc.systems.base import System

SIDES_OF_PICTURES = (128, 256, 362, 512)  # [pixel], each with about twice the bits of the one before
SNR_DB = torch.tensor([5.0])


def sending(pixels: int) -> Job:
    """One random picture through the system of configs/systems/raw-ofdm.yaml; each time it is encoded again."""
    system = config.build(config.find("systems", "raw-ofdm"), {"system": System})["system"]
    assert isinstance(system, digital.Digital)
    picture = torch.rand(1, 3, pixels, pixels)
    return Job(lambda picture: system(picture.clone(), SNR_DB).payload_bits, [picture], 24 * pixels**2)


CASES = [
    Case(f"raw-ofdm-{p}", f"raw-ofdm, {p} x {p} pixels", "bit", 1, {"ours": partial(sending, p)}, p == 128)
    for p in SIDES_OF_PICTURES
]
