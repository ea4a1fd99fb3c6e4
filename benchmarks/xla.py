"""How fast the TensorFlow generation of Sionna decodes under XLA, the other peer, in an environment of its own.

    uv venv --python 3.12 out/sionna-tf && uv pip install --python out/sionna-tf sionna-no-rt==1.2.2
    out/sionna-tf/bin/python -m benchmarks.xla

Writes results/speed-xla.json: information bits a second of LDPC (1392, 2784), sum-product, flooding, 20 iterations,
after 4-QAM over AWGN at the Es/N0 of benchmarks/cases/ldpc.py. It reads nothing of semjscc but :mod:`semjscc.results`.
"""

import argparse
import os
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf
from sionna.phy import config
from sionna.phy.channel import AWGN
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from sionna.phy.mapping import BinarySource, Demapper, Mapper

from semjscc.results import provenance, write

K, N, SNR_DB, ITERATIONS = 1392, 2784, 1.55, 20
BATCHES = (16, 128, 1024)


def decode(batch: int, repetitions: int) -> dict[str, Any]:
    """Rates [bit/s] of one batch, decoded again and again, and its block error rate."""
    encoder = LDPC5GEncoder(K, N)
    decoder = tf.function(LDPC5GDecoder(encoder, num_iter=ITERATIONS), jit_compile=True)
    bits, N0 = BinarySource()([batch, K]), 10 ** (-SNR_DB / 10)
    llrs = Demapper("app", "qam", 2)(AWGN()(Mapper("qam", 2)(encoder(bits)), N0), N0)
    heard = decoder(llrs).numpy()  # compiles
    rates = []
    for _ in range(repetitions):
        started = time.perf_counter()
        decoder(llrs).numpy()
        rates.append(batch * K / (time.perf_counter() - started))
    low, median, high = statistics.quantiles(rates, n=4, method="inclusive")
    bler = float((heard != bits.numpy()).any(1).mean())
    return {
        "unit": "bit",
        "batch": batch,
        "rate": median,
        "quartiles": [low, high],
        "bler": bler,
        "repetitions": repetitions,
    }


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.xla", description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("results/speed-xla.json"))
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    config.seed = 0
    kept = provenance({"threads": args.threads, "snr_db": SNR_DB, "iterations": ITERATIONS}, 0, "cpu")
    kept["versions"] = {name: version(name) for name in ("tensorflow", "sionna-no-rt", "numpy")}
    cases: dict[str, dict[str, Any]] = {}
    for batch in BATCHES:
        cases[f"ldpc-decode-{K}-b{batch}"] = found = decode(batch, args.repetitions)
        print(f"batch {batch:5}  {found['rate'] / 1e6:.3g} Mbit/s  block error rate {found['bler']:.3f}")
    command = " ".join(["python -m benchmarks.xla", *sys.argv[1:]])
    write(args.out, {"command": command, "threads": args.threads, "cases": cases, "provenance": kept})


if __name__ == "__main__":
    main()
