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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sionna.phy
import torch
from tqdm import tqdm

from benchmarks.fidelity import curves, parts
from semjscc.phy.qam import ORDERS
from semjscc.results import provenance, write

AWGN_SNR_DB = [0.6, 0.8, 1.0, 1.2, 1.4]
OFDM_SNR_DB = [1.5, 2.0, 2.5, 3.0, 3.5]


def measure(blocks: int, symbols: int) -> dict[str, Any]:
    """All figures, by section."""
    figures: dict[str, Any] = {"deviations": {}, "mismatches": {}, "qam_ber": {}, "block_errors": {}}
    for section, name, found in tqdm(parts.compare(), desc="parts", total=parts.COUNT, unit="part"):
        figures[section][name] = found
    for name, fading in (("awgn", False), ("rayleigh", True)):
        orders = tqdm(ORDERS, desc=f"QAM over {name}", unit="order")
        figures["qam_ber"][name] = [curves.bit_error_rate(order, fading, symbols) for order in orders]
    points = len(AWGN_SNR_DB) + len(OFDM_SNR_DB)
    with tqdm(desc="blocks", total=blocks * points, unit="block") as bar:
        for name, air, snr_db in (("awgn", curves.awgn(), AWGN_SNR_DB), ("ofdm", curves.ofdm(), OFDM_SNR_DB)):
            figures["block_errors"][name] = curves.block_error_curve(air, snr_db, blocks, bar)
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
        what = f"block error rate over {channel}, 4-QAM, LDPC ({curves.K}, {curves.N})"
        yield f"{what}: ours, Sionna's, lost by one alone, p-value"
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
    if args.blocks < 1 or args.symbols < curves.BATCH:
        parser.error(f"--blocks must be at least 1, --symbols at least {curves.BATCH}")
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
