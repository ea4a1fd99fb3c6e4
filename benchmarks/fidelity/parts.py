"""The parts beside Sionna's, on the same inputs in double precision."""

from collections.abc import Iterator
from typing import Any

import sionna.phy.fec.crc
import sionna.phy.fec.ldpc
import sionna.phy.mapping
import sionna.phy.ofdm
import torch
from torch import Tensor

from benchmarks.peers.sionna import DOUBLE, one_transmitter, sionna_grid
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import Estimate, LeastSquares
from semjscc.phy.fec import CRC, LDPC5G
from semjscc.phy.fec.crc import POLYNOMIALS
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.qam import ORDERS, QAM

CODES = [(12, 24), (100, 200), (292, 320), (560, 900), (641, 2000), (1392, 2784), (3824, 6000), (3840, 19200)]
CODES += [(4224, 12600), (8448, 9216)]
ANTENNAS = [(2, 1), (2, 2), (4, 2), (4, 4)]  # rx, streams
COUNT = 7 + len(CODES)  # of parts


def deviation(*pairs: tuple[Tensor, Tensor]) -> dict[str, float]:
    """Largest absolute difference of ours and theirs, and the largest magnitude of theirs."""
    return {
        "largest": max((ours - theirs).abs().max().item() for ours, theirs in pairs),
        "of_values_up_to": max(theirs.abs().max().item() for _, theirs in pairs),
    }


def mismatch(*pairs: tuple[Tensor, Tensor]) -> dict[str, int]:
    """Bits that differ."""
    different = sum(int((ours != theirs).sum()) for ours, theirs in pairs)
    return {"different": different, "bits": sum(theirs.numel() for _, theirs in pairs)}


def random_bits(*shape: int) -> Tensor:
    """Bits as 0.0 and 1.0."""
    return torch.randint(2, shape).float()


def complex_normal(*shape: int) -> Tensor:
    """CN(0, 1) in double precision."""
    return torch.randn(shape, dtype=torch.complex128)


def qam_points(order: int) -> tuple[Tensor, Tensor]:
    """All points, ours and theirs."""
    labels = torch.arange(2**order)[:, None] >> torch.arange(order).flip(0) & 1
    theirs = sionna.phy.mapping.Constellation("qam", order, **DOUBLE)
    return QAM(order).modulate(labels.double()).squeeze(1), theirs.points


def qam_llrs(order: int, method: str) -> tuple[Tensor, Tensor]:
    """LLRs of the same symbols, each with noise of its own."""
    symbols, noise_var = complex_normal(5, 20), torch.rand(5, 20, dtype=torch.float64) + 0.01
    theirs = sionna.phy.mapping.Demapper(method, "qam", order, **DOUBLE)
    return QAM(order).to(torch.float64).demodulate(symbols, noise_var, method), theirs(symbols, noise_var)


def crc_parity(name: str, length: int) -> tuple[Tensor, Tensor]:
    """Parity bits of the same blocks."""
    bits, size = random_bits(20, length), CRC(name).length
    theirs = sionna.phy.fec.crc.CRCEncoder(name, device="cpu")(bits)
    return CRC(name).encode(bits)[:, -size:], theirs[:, -size:]


def codewords(k: int, n: int) -> tuple[Tensor, Tensor]:
    """Coded bits of the same blocks."""
    bits = random_bits(20, k)
    return LDPC5G(k, n).encode(bits), sionna.phy.fec.ldpc.LDPC5GEncoder(k, n, device="cpu")(bits)


def estimates(rx: int, streams: int) -> tuple[Tensor, Tensor]:
    """Least squares estimates from the same received slots."""
    grid, noise_var = ResourceGrid(num_streams=streams), torch.full((5,), 0.1, dtype=torch.float64)
    received = complex_normal(5, rx, grid.num_symbols, grid.fft_size)
    theirs = sionna.phy.ofdm.LSChannelEstimator(sionna_grid(grid), "lin", **DOUBLE)(received[:, None], noise_var)[0]
    ours = LeastSquares().estimate(received, grid, noise_var, received).response
    return ours, theirs[:, 0, :, 0][..., list(grid.data_symbols), :]


def equalized(rx: int, streams: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """LMMSE symbols and noise variances from the same received slots and the same estimates."""
    grid, noise_var = ResourceGrid(num_streams=streams), torch.tensor([0.1, 0.5, 2.0], dtype=torch.float64)
    received = complex_normal(3, rx, grid.num_symbols, grid.fft_size)
    h = complex_normal(3, rx, streams, grid.num_symbols, len(grid.carriers))
    error_var = 0.1 * torch.rand(3, 1, *h.shape[2:], dtype=torch.float64)
    at_data = (slice(None), slice(None), slice(None), list(grid.data_symbols))
    ours = LMMSE().equalize(grid.at_data(received), Estimate(h[at_data], error_var[at_data]), noise_var)
    lmmse = sionna.phy.ofdm.LMMSEEqualizer(sionna_grid(grid), one_transmitter(streams), **DOUBLE)
    symbols, var = lmmse(received[:, None], h[:, None, :, None], error_var[:, None, :, None], noise_var)
    return (ours.symbols.flatten(2), symbols[:, 0]), (ours.noise_var.flatten(2), var[:, 0])


def compare() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Section, name and figures of each part compared."""
    yield "deviations", "qam_points", deviation(*map(qam_points, ORDERS))
    for method in ("app", "maxlog"):
        yield "deviations", f"qam_{method}_llrs", deviation(*(qam_llrs(order, method) for order in ORDERS))
    lengths = (1, 24, 100, 1368, 8424)
    yield "mismatches", "crc_parities", mismatch(*(crc_parity(name, n) for name in POLYNOMIALS for n in lengths))
    for k, n in CODES:
        yield "mismatches", f"ldpc_codewords_{k}_{n}", mismatch(codewords(k, n))
    yield "deviations", "ls_estimates", deviation(*(estimates(*antennas) for antennas in ANTENNAS))
    symbols, noise_vars = zip(*(equalized(*antennas) for antennas in ANTENNAS), strict=True)
    yield "deviations", "lmmse_symbols", deviation(*symbols)
    yield "deviations", "lmmse_noise_variances", deviation(*noise_vars)
