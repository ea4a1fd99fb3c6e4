"""A stand-in of a bit link: errors that were measured once (``python -m benchmarks.standin``), drawn again.

Which bits a lost block loses matters as much as how many: a 5G code leaves its first bits to the parity checks, so that
the beginning of a payload suffers most. So whole error patterns are kept, and nothing is modelled.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor, nn

from semjscc.config import CONFIGS
from semjscc.phy.link import DigitalLink
from semjscc.rng import GLOBAL, PerImage, Randomness
from semjscc.types import SNR, Bits, Transported


@dataclass(frozen=True)
class Point:
    """What one SNR [dB] does to blocks: how many of those sent were lost, and with which errors some of them."""

    snr_db: float
    blocks: int
    lost: int
    patterns: str  # of lost blocks, packed bits in base64

    def unpacked(self, bits: int) -> Bool[Tensor, "patterns bits"]:
        """True for each bit that was heard wrong; a single pattern without errors where no block was lost."""
        packed = np.frombuffer(base64.b64decode(self.patterns), np.uint8).reshape(-1, -(-bits // 8))
        found = np.unpackbits(packed, axis=1)[:, :bits] if len(packed) else np.zeros((1, bits))
        return torch.from_numpy(found.astype(bool))


class StandIn(nn.Module):
    """A bit link that repeats what was measured: a bootstrap of whole blocks.

    At an SNR between two that were measured, either's block is drawn, the nearer's more often; beyond the ends, that of
    the end. Payloads are one block.

    Args:
        table: what the command has written, from ``configs`` if relative.

    Raises:
        FileNotFoundError: there is no such table.
    """

    snr_db: Tensor
    bler: Tensor
    patterns: Tensor
    counts: Tensor
    starts: Tensor

    def __init__(self, table: str = "standins/paper-a.json"):
        super().__init__()
        told = json.loads((CONFIGS / table).read_text())
        self.k = told["bits"]
        self.uses: dict = {name: told[name] for name in ("channel_uses", "data_uses", "duration")}
        points = [Point(**point) for point in told["points"]]
        found = [point.unpacked(self.k) for point in points]
        counts = torch.tensor([len(patterns) for patterns in found])
        self.register_buffer("snr_db", torch.tensor([point.snr_db for point in points]))
        self.register_buffer("bler", torch.tensor([point.lost / point.blocks for point in points]))
        self.register_buffer("patterns", torch.cat(found))
        self.register_buffer("counts", counts)
        self.register_buffer("starts", counts.cumsum(0) - counts)

    def forward(self, bits: Bits, snr_db: SNR, rng: Randomness = GLOBAL, prior: Tensor | None = None) -> Transported:
        """As :meth:`DigitalLink.forward`; a ``prior`` is not made use of.

        Raises ``ValueError`` for payloads of another size than was measured.
        """
        if bits.shape[1] != self.k:
            raise ValueError(f"the stand-in knows blocks of {self.k} bits, and is handed {bits.shape[1]}")
        wrong = self.errors(snr_db, rng)
        return Transported(
            bits=(bits != wrong).to(bits.dtype),
            block_errors=wrong.any(1, keepdim=True).to(bits.dtype),
            **self.uses,
        )

    def errors(self, snr_db: SNR, rng: Randomness = GLOBAL) -> Bool[Tensor, "batch bits"]:
        """One error pattern for each SNR."""
        which, lost, pattern = rng.uniform("stand-in", (len(snr_db), 3), snr_db).unbind(1)
        last = len(self.snr_db) - 1
        above = torch.searchsorted(self.snr_db, snr_db.to(self.snr_db)).clamp(1, last)
        left, right = self.snr_db[above - 1], self.snr_db[above]
        point = above - (which >= ((snr_db - left) / (right - left)).clamp(0, 1)).long()
        index = self.starts[point] + (pattern * self.counts[point]).long().minimum(self.counts[point] - 1)
        return self.patterns[index] & (lost < self.bler[point])[:, None]


@torch.no_grad()
def measure(link: DigitalLink, bits: int, snr_db: Sequence[float], blocks: int, kept: int, seed: int = 0) -> dict:
    """Sends random blocks at each SNR [dB], until ``blocks`` are sent, and keeps the errors of the first lost ones."""
    points = []
    for snr in snr_db:
        patterns: list[UInt8[np.ndarray, "patterns bytes"]] = []
        for start in range(0, blocks, 64):
            rng = PerImage([(seed, start + i) for i in range(64)], (round(1000 * snr),))
            sent = (rng.uniform("payload", (64, bits), torch.zeros(1)) < 0.5).float()
            heard = link(sent, torch.full((64,), float(snr)), rng)
            wrong = (heard.bits != sent)[heard.block_errors[:, 0] > 0]
            patterns.append(np.packbits(wrong.numpy(), axis=1))
        found = np.concatenate(patterns)
        packed = base64.b64encode(found[:kept].tobytes()).decode()
        points.append(asdict(Point(float(snr), -(-blocks // 64) * 64, len(found), packed)))
    uses = {"channel_uses": heard.channel_uses, "data_uses": heard.data_uses, "duration": heard.duration}
    return {"bits": bits, **uses, "points": points}
