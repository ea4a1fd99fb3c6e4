"""How fast a GPU decodes LDPC: ``python -m benchmarks.gpu``, ten minutes at most.

Writes results/gpu.json, for the 5G code of 1392 bits at rate 1/2 over AWGN, where it loses a block in a hundred:

- bandwidth: what copying within the GPU's memory reaches [byte/s]
- limit: information bits a second, did nothing but LLRs in and bits out take time at that bandwidth
- decode: information bits a second in batches, by Triton and by torch, and the fraction of the limit
- differing: of so many blocks, those that Triton decides otherwise than the CPU
- shapes: rates of other ways to cut the work than the one in use (``SHAPE`` of semjscc/compiled/min_sum_triton.py)
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from benchmarks.table import rate
from semjscc.phy.fec import LDPC5G
from semjscc.phy.qam import QAM
from semjscc.results import provenance, write
from semjscc.units import noise_variance

K, N, SNR_DB = 1392, 2784, 1.55
BATCHES = (1024, 4096, 16384, 65536)
SEED = 0
# blocks, rows and warps, with 4 or 8 numbers to a thread
SHAPES = [(b, r, b * r // (32 * each)) for b in (4, 8, 16) for r in (64, 128, 256) for each in (4, 8)]


def blocks(count: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Bits, and their LLRs after 4-QAM over AWGN."""
    generator = torch.Generator(device).manual_seed(SEED)
    bits = torch.randint(2, (count, K), generator=generator, device=device).float()
    qam, N0 = QAM(2).to(device), noise_variance(torch.tensor(SNR_DB, device=device))
    code = LDPC5G(K, N).to(device)
    symbols = qam.modulate(torch.cat([code.encode(part) for part in bits.split(2**13)]))
    noise = torch.randn(symbols.shape, generator=generator, device=device, dtype=symbols.dtype)
    return bits, qam.demodulate(symbols + N0.sqrt() * noise, N0)


def seconds(work: Callable[[], Any], device: torch.device, spent: float = 2.0) -> float:
    """Of one call, the median of at least three after a first; about so many seconds of them."""
    taken: list[float] = []
    while len(taken) < 4 or (sum(taken) < spent and len(taken) < 100):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def bandwidth(device: torch.device, size: int = 2**30) -> float:
    """Bytes a second, read and written, in copying a large array."""
    x = torch.zeros(size, dtype=torch.uint8, device=device)
    y = torch.empty_like(x)
    return 2 * size / seconds(lambda: y.copy_(x), device)


def decode(backend: str, count: int, device: torch.device) -> dict[str, float]:
    """Information bits a second, and the share of blocks lost."""
    if backend == "triton":
        import_module("semjscc.compiled.min_sum_triton")  # torch would stand in for it
    bits, llrs = blocks(count, device)
    code = LDPC5G(K, N, backend=backend).to(device)
    lost = (code.decode(llrs) != bits).any(1).double().mean().item()
    return {"rate": count * K / seconds(lambda: code.decode(llrs), device), "bler": lost}


def differing(count: int, device: torch.device) -> int:
    """Blocks that Triton decides otherwise than the CPU."""
    _, llrs = blocks(count, device)
    there = LDPC5G(K, N, backend="triton").to(device).decode(llrs)
    return int((there.cpu() != LDPC5G(K, N).decode(llrs.cpu())).any(1).sum())


def shape(cut: tuple[int, int, int], count: int, device: torch.device) -> dict[str, float]:
    """The rate with the work cut otherwise."""
    from semjscc.compiled import min_sum_triton

    usual, min_sum_triton.SHAPE = min_sum_triton.SHAPE, min_sum_triton.Shape(*cut)
    try:
        return decode("triton", count, device)
    finally:
        min_sum_triton.SHAPE = usual


def tried(measure: Callable[..., Any], *arguments: Any) -> Any:
    """What is measured, or why it cannot be."""
    try:
        return measure(*arguments)
    except Exception as error:  # the other figures are worth having
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}


def measure(device: torch.device, batches: tuple[int, ...], cuts: list[tuple[int, int, int]]) -> dict[str, Any]:
    """All figures."""
    reached = bandwidth(device)
    limit = reached * K / (4 * (K + N))
    decoded: dict[str, Any] = {}
    for backend, batch in tqdm(list(product(("torch", "triton"), batches)), desc="decoding", unit="case"):
        decoded[f"{backend}-b{batch}"] = tried(decode, backend, batch, device)
    for figure in decoded.values():
        if "rate" in figure:
            figure["of_limit"] = figure["rate"] / limit
    differs = {"of": batches[0], "blocks": tried(differing, batches[0], device)}
    shapes = {"x".join(map(str, cut)): tried(shape, cut, batches[-1], device) for cut in tqdm(cuts, unit="shape")}
    return {"bandwidth": reached, "limit": limit, "decode": decoded, "differing": differs, "shapes": shapes}


def table(figures: dict[str, Any]) -> Iterator[str]:
    """The figures in words, line by line."""
    yield f"copies {rate(figures['bandwidth'], 'byte')}, at which {rate(figures['limit'], 'bit')} could be decoded"
    for name, figure in (figures["decode"] | figures["shapes"]).items():
        share = f"  {figure['of_limit']:.2%} of that" if "of_limit" in figure else ""
        yield f"{name:16} {figure.get('error') or rate(figure['rate'], 'bit'):>16}{share}"
    yield f"decided otherwise than on the CPU: {figures['differing']['blocks']} of {figures['differing']['of']} blocks"


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results/gpu.json"))
    args = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("python -m benchmarks.gpu: there is no GPU that torch can use")
    device = torch.device("cuda")
    kept = provenance({"k": K, "n": N, "snr_db": SNR_DB}, SEED, torch.cuda.get_device_name(device))
    figures = measure(device, BATCHES, SHAPES)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write(args.out, {"command": " ".join(["python -m benchmarks.gpu", *sys.argv[1:]]), **figures, "provenance": kept})
    print("\n".join(table(figures)))


if __name__ == "__main__":
    main()
