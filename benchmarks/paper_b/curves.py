"""Error rates over paper B's downlink: bits before and after decoding, error vectors, captions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from tqdm import tqdm

from semjscc.phy.beams import CarrierAverage, LeastLeakage
from semjscc.phy.channel import Array, Channel, Rayleigh, Scattering
from semjscc.phy.detection import Detector, InterferenceAware, MMSEDetector
from semjscc.phy.fec import Convolutional
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, MassiveMIMOLink
from semjscc.phy.precoding import JSDM, JointJSDM, Precoder, RegularizedZF
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage
from semjscc.units import esn0_db

Definition = Literal["tx", "rx", "stream"]
STREAMS = (2, 2, 3, 3, 3, 3)
USERS = len(STREAMS)
GRID = ResourceGrid(256, 10, 390625.0, (7, 6), True, ())
PILOTS = (25, 53, 89, 117, 139, 167, 203, 231)
ELEMENTS = 2340  # a frame and stream
RATE = 1 / 3
ORDERS = (4, 6, 10, 12)  # bits a symbol: 16-, 64-, 1024- and 4096-QAM
CAPTION = 256  # bits


@dataclass(frozen=True)
class Scheme:
    """How the downlink is used: configs/links/paper-b*.yaml as objects, and what lies between them."""

    precoder: Precoder
    detector: Detector
    interleave: bool = False
    snr: Definition = "tx"
    flat: bool = False

    def link(self) -> MassiveMIMOLink:
        """With channels of its own."""
        channels: list[Channel] = [
            Rayleigh(4 * streams, "average") if self.flat else Scattering(rx_array=Array(streams, 4))
            for streams in STREAMS
        ]
        return MassiveMIMOLink(
            GRID, channels, STREAMS, self.precoder, self.detector, snr=self.snr, pilot_carriers=PILOTS,
            interleave=self.interleave,
        )  # fmt: skip


PAPER = Scheme(JSDM(CarrierAverage()), MMSEDetector())
OURS = Scheme(JointJSDM(LeastLeakage(), RegularizedZF()), InterferenceAware(), interleave=True)
SCENARIOS = {
    "vlm-mimo": PAPER,
    "vlm-mimo-rayleigh": Scheme(JSDM(CarrierAverage()), MMSEDetector(), flat=True),
    "vlm-mimo-ours": OURS,
}
DEFINITIONS = {snr: Scheme(PAPER.precoder, PAPER.detector, snr=snr) for snr in get_args(Definition)}
ABLATION = {
    "paper B": PAPER,
    "unbiased MMSE": Scheme(PAPER.precoder, MMSEDetector(unbiased=True)),
    "interleaver": Scheme(PAPER.precoder, PAPER.detector, interleave=True),
    "beams": Scheme(OURS.precoder, PAPER.detector),
    "beams, interleaver": Scheme(OURS.precoder, PAPER.detector, interleave=True),
    "beams, interleaver, detector": OURS,
}


def frames(scheme: Scheme, order: int, ebn0_db: float, drops: int, seed: int, bar: tqdm) -> dict[str, object]:
    """Whole frames of coded bits: bit error rates before and after decoding, and error vectors by user.

    A payload fills the frame of a user with two streams; users with three streams have room to spare.
    """
    link, qam, code = scheme.link(), QAM(order), Convolutional()
    snr_db = torch.full((USERS,), esn0_db(ebn0_db, order, RATE))
    wrong = {"uncoded": 0.0, "coded": 0.0}
    error = torch.zeros(USERS)
    k = code.information_bits(min(STREAMS) * ELEMENTS * order)
    for rng in _drops(drops, seed, bar):
        bits = _bits(rng, k)
        coded = code.encode(bits)
        symbols = qam.modulate(torch.nn.functional.pad(coded, (0, -coded.shape[1] % order)))
        received = link(symbols, snr_db, rng)
        llrs = qam.demodulate(received.symbols, received.noise_var, "maxlog")[:, : coded.shape[1]]
        wrong["uncoded"] += ((llrs > 0) != (coded > 0)).float().mean().item() / drops
        wrong["coded"] += (code.decode(llrs) != bits).float().mean().item() / drops
        error += (received.symbols - symbols).abs().square().mean(1) / drops
    return wrong | {"evm": error.sqrt().tolist()}


def captions(scheme: Scheme, order: int, ebn0_db: float, drops: int, seed: int, bar: tqdm) -> float:
    """Share of captions of 256 bits that do not arrive whole."""
    air = DigitalLink(scheme.link(), QAM(order), Convolutional())
    snr_db = torch.full((USERS,), esn0_db(ebn0_db, order, RATE))
    lost = [air(_bits(rng, CAPTION), snr_db, rng).block_errors.mean().item() for rng in _drops(drops, seed, bar)]
    return sum(lost) / drops


def received(scheme: Scheme, order: int, ebn0_db: float, seed: int) -> Tensor:
    """Detected symbols of one frame, a row for each user."""
    rng, qam = PerImage([(seed, user) for user in range(USERS)]), QAM(order)
    symbols = qam.modulate(_bits(rng, min(STREAMS) * ELEMENTS * order))
    return scheme.link()(symbols, torch.full((USERS,), esn0_db(ebn0_db, order, RATE)), rng).symbols


def _drops(drops: int, seed: int, bar: tqdm) -> Iterator[PerImage]:
    for drop in range(drops):
        yield PerImage([(seed, USERS * drop + user) for user in range(USERS)])
        bar.update()


def _bits(rng: PerImage, count: int) -> Tensor:
    return (rng.uniform("bits", (USERS, count), torch.zeros(())) < 0.5).float()
