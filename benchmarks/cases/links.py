"""Whole links over TDL-C at 90 km/h: bits to bits, symbols to symbols and back to gradients; slots are counted."""

from collections.abc import Callable
from functools import partial

import sionna.phy.mapping
import torch
from torch import Tensor

from benchmarks.case import Case, Job
from benchmarks.cases.air import SPEED, TAPS
from benchmarks.cases.ldpc import sionnas_decoder, sionnas_encoder
from benchmarks.peers.sionna import SINGLE, SionnaLink, tdl
from semjscc.phy.channel import TDL
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares, PerfectCSI
from semjscc.phy.fec import LDPC5G
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, OFDMLink
from semjscc.phy.qam import QAM
from semjscc.units import noise_variance

K, N = 1392, 2784  # paper A's code: a block fills a slot
SNR_DB = 5.0
MASSIVE = ResourceGrid(guard_carriers=(6, 7), num_streams=6)  # Sionna wants a whole number of pilots for each stream
Through = Callable[[Tensor], Tensor]  # symbols -> symbols: [batch, symbols_per_slot]


def our_link(grid: ResourceGrid, num_rx: int, estimated: bool) -> OFDMLink:
    """Paper A's, or one like it."""
    channel = TDL(*TAPS, speed=SPEED, num_rx=num_rx, normalization="slot")
    return OFDMLink(grid, channel, LeastSquares() if estimated else PerfectCSI(), LMMSE())


def ours(grid: ResourceGrid, num_rx: int, estimated: bool) -> Through:
    """Through our link."""
    link = our_link(grid, num_rx, estimated)
    return lambda x: link(x, torch.full(x.shape[:1], SNR_DB)).symbols


def sionnas(grid: ResourceGrid, num_rx: int, estimated: bool) -> Through:
    """Through Sionna's; its transmitter's power is 1 on each stream, ours on all together."""
    link = SionnaLink(grid, tdl(TAPS, num_rx, grid.num_streams, SPEED), estimated)
    N0 = grid.num_streams * noise_variance(torch.tensor(SNR_DB))
    return lambda x: link(x, N0)[0]


def our_bits(batch: int) -> Job:
    """Bits to bits."""
    bits, snr_db = torch.randint(2, (batch, K)).float(), torch.full((batch,), SNR_DB)
    link = DigitalLink(our_link(ResourceGrid(), 2, True), QAM(2), LDPC5G(K, N, iterations=20))
    return Job(lambda bits: link(bits, snr_db).bits, [bits], batch, partial(block_error_rate, bits))


def sionnas_bits(batch: int) -> Job:
    """Bits to bits."""
    bits, N0 = torch.randint(2, (batch, K)).float(), noise_variance(torch.tensor(SNR_DB))
    encode, decode = sionnas_encoder(K, N), sionnas_decoder(K, N)
    modulate = sionna.phy.mapping.Mapper("qam", 2, **SINGLE)
    demodulate = sionna.phy.mapping.Demapper("app", "qam", 2, **SINGLE)
    link = SionnaLink(ResourceGrid(), tdl(TAPS, 2, 1, SPEED), True)

    def run(bits: Tensor) -> Tensor:
        return decode(demodulate(*link(modulate(encode(bits)), N0)))

    return Job(run, [bits], batch, partial(block_error_rate, bits))


def block_error_rate(sent: Tensor, heard: list[Tensor]) -> dict[str, float]:
    """Of one batch, one block a row."""
    return {"bler": (heard[0] != sent).any(1).double().mean().item(), "blocks": len(sent)}


def there(through: Callable[..., Through], batch: int, grid: ResourceGrid, *options) -> Job:
    """Symbols to symbols."""
    x = torch.randn(batch, grid.symbols_per_slot, dtype=torch.complex64)
    return Job(through(grid, *options), [x], batch)


def there_and_back(through: Callable[..., Through], batch: int, grid: ResourceGrid, *options) -> Job:
    """Symbols to symbols, and the gradient of the power of all of them."""
    x = torch.randn(batch, grid.symbols_per_slot, dtype=torch.complex64, requires_grad=True)
    run = through(grid, *options)
    return Job(lambda x: torch.autograd.grad(run(x).abs().square().sum(), x), [x], batch, grad=True)


def analog(name: str, what: str, job: Callable[..., Job], batch: int, *options, quick: bool = True) -> Case:
    """The same job over our link and over Sionna's."""
    sides = {"ours": partial(job, ours, batch, *options), "sionna": partial(job, sionnas, batch, *options)}
    return Case(name, what, "slot", batch, sides, quick)


def digital(batch: int) -> Case:
    """Paper A's link."""
    sides = {"ours": partial(our_bits, batch), "sionna": partial(sionnas_bits, batch)}
    return Case(f"link-b{batch}", "paper A's link, bits to bits", "slot", batch, sides, True)


CASES = [
    digital(1),
    digital(128),
    analog("gradient-estimated", "there and back, LS and LMMSE", there_and_back, 128, ResourceGrid(), 2, True),
    analog("gradient-perfect", "there and back, perfect CSI", there_and_back, 128, ResourceGrid(), 2, False),
    analog("massive-mimo", "6 streams to 64 antennas, LMMSE", there, 4, MASSIVE, 64, False),
]
