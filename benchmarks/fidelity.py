"""How near the radio is to Sionna 2.2 and to closed forms: ``python -m benchmarks.fidelity``.

Writes results/fidelity.json:

- deviations: largest absolute differences from Sionna in double precision, beside the largest value that was compared
- mismatches: how many bits of how many differ from Sionna's
- block_errors: rates of our receiver and of Sionna's on the same received signals with 95 % confidence intervals
  (Wilson), how many blocks only one of them loses, and the p-value of that under equal error rates (McNemar, exact)
- qam_ber: measured bit error rates, the closed forms, and the distance between them in standard errors
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sionna.phy
import sionna.phy.fec.crc
import sionna.phy.fec.ldpc
import sionna.phy.mapping
import sionna.phy.ofdm
import torch
from scipy.stats import binomtest
from torch import Tensor
from tqdm import tqdm

from semjscc.phy.channel import TDL, apply
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import Estimate, LeastSquares
from semjscc.phy.fec import CRC, LDPC5G
from semjscc.phy.fec.crc import POLYNOMIALS
from semjscc.phy.framing import frame, unframe
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.qam import ORDERS, QAM
from semjscc.results import provenance, write
from semjscc.units import db_to_linear, noise_variance
from tests.oracle.sionnas import one_transmitter, sionna_grid
from tests.phy.closed_form import qam_bit_error_rate

DOUBLE, SINGLE = {"precision": "double", "device": "cpu"}, {"precision": "single", "device": "cpu"}
CODES = [(12, 24), (100, 200), (292, 320), (560, 900), (641, 2000), (1392, 2784), (3824, 6000), (3840, 19200)]
CODES += [(4224, 12600), (8448, 9216)]
ANTENNAS = [(2, 1), (2, 2), (4, 2), (4, 4)]  # rx, streams
AWGN_SNR_DB = [0.6, 0.8, 1.0, 1.2, 1.4]
OFDM_SNR_DB = [1.5, 2.0, 2.5, 3.0, 3.5]
BATCH = 100  # blocks or slots at once
K, N = 1392, 2784


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


def parts() -> Iterator[tuple[str, str, dict[str, Any]]]:
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
    sionnas = sionna_grid(grid, "single")
    least_squares = sionna.phy.ofdm.LSChannelEstimator(sionnas, "lin", **SINGLE)
    lmmse = sionna.phy.ofdm.LMMSEEqualizer(sionnas, one_transmitter(1), **SINGLE)

    def carry(x: Tensor, N0: Tensor) -> Tensor:
        X = frame(x, grid)
        return apply(X, channel.sample(X, grid), N0)

    def ours(y: Tensor, N0: Tensor) -> tuple[Tensor, Tensor]:
        out = LMMSE().equalize(grid.at_data(y), LeastSquares().estimate(y, grid, N0, y), N0)
        return unframe(out.symbols, grid, N // 2), unframe(out.noise_var, grid, N // 2)

    def theirs(y: Tensor, N0: Tensor) -> tuple[Tensor, Tensor]:
        symbols, var = lmmse(y[:, None], *least_squares(y[:, None], N0), N0)
        return symbols.flatten(1), var.flatten(1)

    return Air(carry, ours, theirs)


def blocks_lost(air: Air, snr_db: float, blocks: int, bar: tqdm) -> Tensor:
    """Whether each block is lost, by ours and by theirs: ``[2, blocks]``."""
    code, qam = LDPC5G(K, N), QAM(2)
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


def measure(blocks: int, symbols: int) -> dict[str, Any]:
    """All figures, by section."""
    figures: dict[str, Any] = {"deviations": {}, "mismatches": {}, "qam_ber": {}, "block_errors": {}}
    for section, name, found in tqdm(parts(), desc="parts", total=7 + len(CODES), unit="part"):
        figures[section][name] = found
    for name, fading in (("awgn", False), ("rayleigh", True)):
        orders = tqdm(ORDERS, desc=f"QAM over {name}", unit="order")
        figures["qam_ber"][name] = [bit_error_rate(order, fading, symbols) for order in orders]
    curves = {"awgn": (awgn(), AWGN_SNR_DB), "ofdm": (ofdm(), OFDM_SNR_DB)}
    with tqdm(desc="blocks", total=blocks * sum(len(snr_db) for _, snr_db in curves.values()), unit="block") as bar:
        for name, (air, snr_db) in curves.items():
            figures["block_errors"][name] = block_error_curve(air, snr_db, blocks, bar)
    return figures


def table(figures: dict[str, Any]) -> Iterator[str]:
    """The figures in words, line by line."""
    yield "largest deviation from Sionna, double precision"
    for name, of in figures["deviations"].items():
        yield f"  {name:28} {of['largest']:.1e}  (values up to {of['of_values_up_to']:.3g})"
    yield "bits that differ from Sionna's"
    for name, of in figures["mismatches"].items():
        yield f"  {name:28} {of['different']} of {of['bits']}"
    for channel, points in figures["qam_ber"].items():
        yield f"QAM bit error rate over {channel}: measured, closed form, distance in standard errors"
        for of in points:
            end = f"{of['measured']:.5f}  {of['closed_form']:.5f}  {of['distance_in_stderr']:+.1f}"
            yield f"  {of['order']:4}-QAM at {of['snr_db']:4.1f} dB  {end}"
    for channel, points in figures["block_errors"].items():
        yield f"block error rate over {channel}, 4-QAM, LDPC ({K}, {N}): ours, Sionna's, lost by one alone, p-value"
        for of in points:
            both = "  ".join(
                f"{of[o]['bler']:.4f} [{of[o]['low']:.4f}, {of[o]['high']:.4f}]" for o in ("ours", "sionna")
            )
            alone = f"{of['only_ours_loses']}:{of['only_sionna_loses']}"
            yield f"  {of['snr_db']:5.2f} dB  {both}  {alone}  {of['p_value']:.2f}"


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity", description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=1000, help="code blocks at each SNR (default 1000)")
    parser.add_argument("--symbols", type=int, default=100_000, help="QAM symbols of each order (default 100000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/fidelity.json"))
    args = parser.parse_args()
    if args.blocks < 1 or args.symbols < BATCH:
        parser.error(f"--blocks must be at least 1, --symbols at least {BATCH}")
    torch.manual_seed(args.seed)
    sionna.phy.config.seed = args.seed
    kept = provenance({"blocks": args.blocks, "symbols": args.symbols}, args.seed, "cpu")
    kept["versions"]["sionna-no-rt"] = sionna.__version__
    with torch.inference_mode():
        figures = measure(args.blocks, args.symbols)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write(
        args.out, {"command": " ".join(["python -m benchmarks.fidelity", *sys.argv[1:]]), **figures, "provenance": kept}
    )
    print("\n".join(table(figures)))


if __name__ == "__main__":
    main()
