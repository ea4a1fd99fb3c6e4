"""Error rates: of blocks, by our receiver and by Sionna's from the same signals, and of QAM beside closed forms."""

from collections.abc import Callable
from typing import Any, NamedTuple

import sionna.phy.fec.ldpc
import sionna.phy.mapping
import torch
from scipy.stats import binomtest
from torch import Tensor
from tqdm import tqdm

from benchmarks.closed_form import qam_bit_error_rate
from benchmarks.fidelity.parts import random_bits
from benchmarks.peers.sionna import SINGLE, SionnaReceiver
from semjscc.phy.channel import TDL, apply
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import LeastSquares
from semjscc.phy.fec import LDPC5G
from semjscc.phy.framing import frame, unframe
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.qam import QAM
from semjscc.units import db_to_linear, noise_variance

BATCH = 100  # blocks or slots at once
K, N = 1392, 2784


class Air(NamedTuple):
    """What carries symbols, and what each receiver makes of the signal: symbols and the noise variance in each."""

    carry: Callable[[Tensor, Tensor], Tensor]
    ours: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    theirs: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def awgn() -> Air:
    """Noise alone: nothing to equalise."""

    def hear(y: Tensor, N0: Tensor) -> tuple[Tensor, Tensor]:
        return y, N0[:, None].expand(y.shape)

    return Air(lambda x, N0: x + N0.sqrt()[:, None] * torch.randn_like(x), hear, hear)


def ofdm() -> Air:
    """Paper A's link: one antenna to two through TDL-C at 90 km/h, every slot of mean gain 1; LS and LMMSE."""
    grid, channel = ResourceGrid(), TDL("C", 100e-9, 28e9, speed=25.0, num_rx=2, normalization="slot")
    receiver = SionnaReceiver(grid)

    def carry(x: Tensor, N0: Tensor) -> Tensor:
        X = frame(x, grid)
        return apply(X, channel.sample(X, grid), N0)

    def ours(y: Tensor, N0: Tensor) -> tuple[Tensor, Tensor]:
        out = LMMSE().equalize(grid.at_data(y), LeastSquares().estimate(y, grid, N0, y), N0)
        return unframe(out.symbols, grid, N // 2), unframe(out.noise_var, grid, N // 2)

    def theirs(y: Tensor, N0: Tensor) -> tuple[Tensor, Tensor]:
        symbols, var = receiver(y, N0)
        return symbols.flatten(1), var.flatten(1)

    return Air(carry, ours, theirs)


def blocks_lost(air: Air, snr_db: float, blocks: int, bar: tqdm) -> Tensor:
    """Whether each block is lost, by ours and by theirs: ``[2, blocks]``."""
    code, qam = LDPC5G(K, N, algorithm="sum-product", schedule="flooding"), QAM(2)  # as Sionna's decoder
    demapper = sionna.phy.mapping.Demapper("app", "qam", 2, **SINGLE)
    decoder = sionna.phy.fec.ldpc.LDPC5GDecoder(
        sionna.phy.fec.ldpc.LDPC5GEncoder(K, N, device="cpu"), num_iter=20, device="cpu"
    )
    lost = []
    for done in range(0, blocks, BATCH):
        bits = random_bits(min(BATCH, blocks - done), K)
        N0 = noise_variance(torch.full((len(bits),), snr_db))
        y = air.carry(qam.modulate(code.encode(bits)), N0)
        heard = code.decode(qam.demodulate(*air.ours(y, N0))), decoder(demapper(*air.theirs(y, N0)))
        lost.append(torch.stack([(each != bits).any(1) for each in heard]))
        bar.update(len(bits))
    return torch.cat(lost, 1)


def rate(lost: Tensor) -> dict[str, float]:
    """Block error rate and its 95 % confidence interval."""
    errors, blocks = int(lost.sum()), len(lost)
    interval = binomtest(errors, blocks).proportion_ci(0.95, "wilson")
    return {"bler": errors / blocks, "low": float(interval.low), "high": float(interval.high)}


def block_error_curve(air: Air, snr_db: list[float], blocks: int, bar: tqdm) -> list[dict[str, Any]]:
    """One point per SNR [dB]."""
    points = []
    for snr in snr_db:
        ours, theirs = blocks_lost(air, snr, blocks, bar)
        only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
        p = binomtest(only_ours, only_ours + only_theirs).pvalue if only_ours + only_theirs else 1.0
        alone = {"only_ours_loses": only_ours, "only_sionna_loses": only_theirs, "p_value": float(p)}
        points.append({"snr_db": snr, "blocks": blocks, "ours": rate(ours), "sionna": rate(theirs), **alone})
    return points


def bit_error_rate(order: int, fading: bool, symbols: int) -> dict[str, Any]:
    """QAM over AWGN, or over flat Rayleigh fading with a known fade for each symbol, beside the closed form."""
    snr_db, qam, bits = 2.5 * order, QAM(order), random_bits(symbols // BATCH, BATCH * order)
    snr, x = db_to_linear(torch.tensor(snr_db, dtype=torch.float64)).item(), qam.modulate(bits)
    gain = torch.randn_like(x).abs().square() if fading else torch.ones(())
    noise_var = 1 / (snr * gain)
    llrs = qam.demodulate(x + noise_var.sqrt() * torch.randn_like(x), noise_var, "maxlog")
    errors = ((llrs > 0) != bits.bool()).reshape(-1, order).double().mean(1)  # symbol by symbol: its bits share noise
    measured, expected = errors.mean().item(), qam_bit_error_rate(order, snr, fading)
    stderr = (errors.var() / len(errors)).sqrt().item()
    figures = {"measured": measured, "closed_form": expected, "stderr": stderr}
    return {"order": 2**order, "snr_db": snr_db, **figures, "distance_in_stderr": (measured - expected) / stderr}
