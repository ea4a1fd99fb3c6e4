"""Systems that send bits and symbols of any value side by side."""

from collections.abc import Sequence
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from semjscc.codecs.hda import HDA, Heard
from semjscc.codecs.learned import scattered
from semjscc.phy.base import SymbolLink
from semjscc.phy.fec import CRC, Segmented
from semjscc.phy.mcs import MCS
from semjscc.phy.qam import QAM
from semjscc.rng import GLOBAL, Randomness
from semjscc.systems.analog import check_channel
from semjscc.systems.base import System
from semjscc.systems.digital import symbols_afforded
from semjscc.types import SNR, Bits, Delivery, Images, Received, Symbols

CHECK = CRC("CRC24B")


class Split:
    """A picture's symbols: the first ones carry bits, in blocks of equal length that each end with 5G's CRC (38.212,
    5.2.2), the others anything.

    Args:
        mcs: of the digital ones.
        symbols: in all.
        share: of the digital ones in them, at most.
        iterations: of the decoder.

    Raises:
        ValueError: not even a CRC fits.
    """

    def __init__(self, mcs: MCS, symbols: int, share: float, iterations: int):
        self.qam = _qam(mcs.bits_per_symbol)
        coded, codes = int(share * symbols) * mcs.bits_per_symbol, Segmented(float(mcs.rate), iterations)
        payload = codes.payload_bits(coded)
        self.code = codes.for_payload(payload)
        self.blocks = -(-payload // self.code.k)
        self.bits = self.blocks * (self.code.k - CHECK.length)
        if self.bits < 1:
            raise ValueError(f"{coded} coded bits at rate {mcs.rate} do not carry a CRC of {CHECK.length} bits")
        self.digital = -(-self.blocks * self.code.n // mcs.bits_per_symbol)
        self.analog = symbols - self.digital

    def send(self, bits: Bits, rest: Symbols) -> Complex[Tensor, "1 all"]:
        """All symbols of one picture."""
        coded = self.code.to(bits.device).encode(CHECK.encode(bits.view(self.blocks, -1))).view(1, -1)
        return torch.cat([self.qam.modulate(F.pad(coded, (0, -coded.shape[1] % self.qam.bits_per_symbol))), rest], 1)

    def hear(self, received: Received) -> Heard:
        """What arrives of one picture; bits are right up to the first block whose check fails."""
        (digital, rest), (noise_var, noise_of_rest) = (
            part.split([self.digital, self.analog], 1) for part in (received.symbols, received.noise_var)
        )
        llrs = self.qam.demodulate(digital, noise_var)
        blocks = self.code.to(llrs.device).decode(llrs[:, : self.blocks * self.code.n].view(self.blocks, -1))
        right = int(CHECK.check(blocks).long().cumprod(0).sum()) * self.bits // self.blocks
        return Heard(blocks[:, : -CHECK.length].reshape(1, -1), right, Received(rest, noise_of_rest))

    def errors(self, sent: Bits, heard: Bits) -> Float[Tensor, " blocks"]:
        """1.0 for each block that differs."""
        return (sent != heard).view(self.blocks, -1).any(1).float()


class Hybrid(System):
    """A code of two layers over a symbol link: one through LDPC and QAM, the other straight, both scattered over all of
    the payload::

        images -> codec +-> bits -> LDPC -> QAM -> symbols -+-> link -+-> LLRs -> LDPC -> bits -+-> codec -> images
                        +-----------> symbols --------------+         +-----------> symbols ----+

    The sender picks modulation, code rate and the digital layer's share by the SNR. The receiver finds out by 5G's CRCs
    which blocks have arrived; bits from the first lost one on are not used. A picture whose classes are lost is shown
    as mid-grey, and counted.

    Args:
        bandwidth_ratio: payload symbols per 3 H W, at most; may be set anew at any time.
        modes: from which SNR on [dB] which modulation and code rate is taken and which share of the symbols, in rising
            order: ``[[-2, "4-QAM 1/5", 0.8], [1, "4-QAM 1/2", 0.7]]``. Below the first one, the first is taken.
        iterations: of the decoder.
        design_snr_db: what the sender takes the SNR for, whatever it is [dB]; None: it is told.
        mismatched: whether weights may have been trained over another channel than the link's.

    Raises:
        ValueError: no modes, not in rising order, or a share outside (0, 1]; the weights were trained over another
            channel, and may not have been.
    """

    def __init__(
        self,
        codec: HDA,
        link: SymbolLink,
        bandwidth_ratio: float,
        modes: Sequence[tuple[float, str, float]],
        iterations: int = 50,
        design_snr_db: float | None = None,
        mismatched: bool = False,
    ):
        super().__init__()
        if not bandwidth_ratio > 0:
            raise ValueError(f"bandwidth_ratio must be positive, not {bandwidth_ratio}")
        if not modes or list(modes) != sorted(modes, key=lambda mode: mode[0]):
            raise ValueError(f"modes must be some, in rising order of the SNR that they start at: {modes}")
        if wrong := [share for _, _, share in modes if not 0 < share <= 1]:
            raise ValueError(f"a mode's share of the symbols must lie in (0, 1], not {wrong[0]}")
        if not mismatched:
            check_channel(codec.card, link)
        self.codec, self.link, self.bandwidth_ratio, self.iterations = codec, link, bandwidth_ratio, iterations
        self.modes = [(start, MCS.parse(words), share) for start, words, share in modes]
        self.design_snr_db, self.users, self.snr = design_snr_db, link.users, link.snr

    def forward(self, images: Images, snr_db: SNR, rng: Randomness = GLOBAL) -> Delivery:
        size = (images.shape[2], images.shape[3])
        splits = [self.split(snr, size) for snr in snr_db.tolist()]
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):  # the network is all there is to learn
            sent = [
                self.codec.encode(image, split.bits, split.analog) for image, split in _pairs(images.split(1), splits)
            ]
            symbols = torch.cat([split.send(*layers) for split, layers in _pairs(splits, sent)])
            heard = [split.hear(part) for split, part in _pairs(splits, self.carried(symbols, snr_db, rng))]
            shown = [self.codec.show(layers, size) for layers in heard]
        lost = torch.tensor([one.lost for one in shown], device=images.device)
        pictures, variance = torch.cat([one.images for one in shown]), torch.cat([one.variance for one in shown])
        errors = [split.errors(bits, one.bits) for split, (bits, _), one in zip(splits, sent, heard, strict=True)]
        n = symbols.shape[1]
        return Delivery(
            images=torch.where(lost[:, None, None, None], pictures, self.codec.restore(pictures, variance)),
            payload_bits=max(split.bits for split in splits),
            channel_uses=self.link.channel_uses(n),
            data_uses=self.link.data_uses(n),
            duration=self.link.duration(n),
            block_errors=pad_sequence(errors, batch_first=True),
            undecodable=lost.float(),
            sent_bits=_batched([bits for bits, _ in sent]),
            heard_bits=_batched([one.bits for one in heard]),
        )

    def split(self, snr_db: float, size: tuple[int, int]) -> Split:
        """Of the symbols of a picture of ``size`` = (height, width) that is sent at this SNR."""
        taken_for = snr_db if self.design_snr_db is None else self.design_snr_db
        started = [mode for mode in self.modes if mode[0] <= taken_for]
        _, mcs, share = started[-1] if started else self.modes[0]
        return Split(mcs, symbols_afforded(self.bandwidth_ratio, size), share, self.iterations)

    def carried(self, symbols: Symbols, snr_db: SNR, rng: Randomness) -> list[Received]:
        """What is heard of each picture; on the air, symbols are scattered."""
        places = scattered(symbols.shape[1])
        received, back = self.link(symbols[:, places], snr_db, rng), places.argsort()
        parts = zip(received.symbols[:, back].split(1), received.noise_var[:, back].split(1), strict=True)
        return [Received(*part) for part in parts]


def _batched(bits: list[Float[Tensor, "1 _"]]) -> Bits | None:
    """None where pictures have been sent in several modes, and so have several budgets."""
    return torch.cat(bits) if len({one.shape[1] for one in bits}) == 1 else None


_pairs = partial(zip, strict=True)


@lru_cache(maxsize=8)
def _qam(bits_per_symbol: int) -> QAM:
    return QAM(bits_per_symbol)
