"""The 5G LDPC code, encoding and decoding; information bits are counted."""

from collections.abc import Callable
from functools import partial

import torch
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from torch import Tensor

from benchmarks.case import Case, Job
from benchmarks.peers import kaira
from semjscc.phy.fec import LDPC5G
from semjscc.phy.qam import QAM
from semjscc.units import noise_variance

# (k, n) and the Es/N0 [dB] of 4-QAM over AWGN at which sum-product loses about 1 in 100 blocks in 20 iterations
CODES = {(384, 768): 2.0, (1392, 2784): 1.55, (8448, 12672): 3.2}
BATCHES = (1, 16, 128, 1024)
LONGEST = {8448: 128}  # blocks at once for Sionna, which would need more than 24 GB for 1024 of the longest
FEWEST_BLOCKS = 64  # decoded in turn, as the work hangs on the noise
KAIRAS_BLOCKS = 4  # decoded in turn by kaira, at seconds each
Coder = Callable[[int, int], Callable[[Tensor], Tensor]]  # k, n -> what takes blocks and returns blocks


def encoding(encoder: Coder, k: int, n: int, batch: int) -> Job:
    """One batch of blocks to encode."""
    return Job(encoder(k, n), [torch.randint(2, (batch, k)).float()], batch * k)


def decoding(decoder: Coder, k: int, n: int, batch: int, blocks: int) -> Job:
    """The LLRs of ``blocks`` after 4-QAM over AWGN, to decode batch by batch."""
    qam, N0 = QAM(2), noise_variance(torch.tensor(CODES[k, n]))
    bits = torch.randint(2, (blocks, k)).float()
    symbols = qam.modulate(LDPC5G(k, n).encode(bits))
    llrs = qam.demodulate(symbols + N0.sqrt() * torch.randn_like(symbols), N0)

    def score(heard: list[Tensor]) -> dict[str, float]:
        return {"bler": (torch.cat(heard) != bits).any(1).double().mean().item(), "blocks": blocks}

    return Job(decoder(k, n), llrs.split(batch), batch * k, score)


def our_encoder(k: int, n: int) -> Callable[[Tensor], Tensor]:
    """As it comes."""
    return LDPC5G(k, n).encode


def our_decoder(k: int, n: int) -> Callable[[Tensor], Tensor]:
    """As it comes, 20 iterations at most."""
    return LDPC5G(k, n, iterations=20).decode


def sionnas_encoder(k: int, n: int) -> Callable[[Tensor], Tensor]:
    """As it comes."""
    return LDPC5GEncoder(k, n, device="cpu")


def sionnas_decoder(k: int, n: int) -> Callable[[Tensor], Tensor]:
    """As it comes: sum-product, flooding, 20 iterations."""
    return LDPC5GDecoder(LDPC5GEncoder(k, n, device="cpu"), num_iter=20, device="cpu")


def encode(k: int, n: int, batch: int) -> Case:
    """Encoding of ``batch`` blocks at once."""
    sides = {
        "ours": partial(encoding, our_encoder, k, n, batch),
        "sionna": partial(encoding, sionnas_encoder, k, n, batch),
    }
    what, quick = f"LDPC ({k}, {n}) encode", (k, batch) == (1392, 128)
    return Case(f"ldpc-encode-{k}-b{batch}", what, "bit", batch, sides, quick)


def decode(k: int, n: int, batch: int) -> Case:
    """Decoding of ``batch`` blocks at once."""
    blocks, most = max(batch, FEWEST_BLOCKS), LONGEST.get(k, batch)
    sides = {
        "ours": partial(decoding, our_decoder, k, n, batch, blocks),
        "sionna": partial(decoding, sionnas_decoder, k, n, min(batch, most), min(blocks, max(2 * most, FEWEST_BLOCKS))),
    }
    if (k, batch) == (384, 1):  # what kaira holds grows with the square of the graph's edges
        sides["kaira"] = partial(decoding, kaira.decoder, k, n, 1, KAIRAS_BLOCKS)
    what, quick = f"LDPC ({k}, {n}) decode", k == 1392 and batch in (1, 128)
    return Case(f"ldpc-decode-{k}-b{batch}", what, "bit", batch, sides, quick)


CASES = [case(*code, batch) for case in (encode, decode) for code in CODES for batch in BATCHES]
