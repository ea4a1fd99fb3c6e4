"""Links: symbols -> symbols and bits -> bits, through the air."""

import math
from itertools import repeat
from typing import cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.phy.base import SymbolLink
from semjscc.phy.channel import Channel
from semjscc.phy.equalization import Equalizer
from semjscc.phy.estimation import Estimator, Guess, Refinable
from semjscc.phy.fec import Code, Codes
from semjscc.phy.framing import frame, unframe
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.massive import MassiveMIMOLink
from semjscc.phy.qam import QAM
from semjscc.phy.refinement import check_refinable, guessed
from semjscc.phy.waveform import Carried, InFrequency, Waveform
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import SNR, Bits, Received, Symbols, Transported
from semjscc.units import noise_variance

__all__ = ["DigitalLink", "MassiveMIMOLink", "OFDMLink", "SymbolLink"]


class OFDMLink(SymbolLink):
    """Complex symbols through OFDM slots, differentiable from end to end.

    ::

        symbols -> frame -> X --> carry --> y --> at_data --> equalize -> unframe -> Received
                                    ^       |                    |
                           channel -+       +-> estimate --> H_hat

    SNR is the received Es/N0 per antenna and resource element for a total transmit power of 1, which symbols of unit
    power have on every element in use.

    Args:
        waveform: how frames cross the channel; y = H X + n unless another is given.
    """

    def __init__(
        self,
        grid: ResourceGrid,
        channel: Channel,
        estimator: Estimator,
        equalizer: Equalizer,
        waveform: Waveform | None = None,
    ):
        super().__init__()
        self.grid = grid
        self.channel = channel
        self.estimator = estimator
        self.equalizer = equalizer
        self.waveform = waveform or InFrequency()

    @property
    def symbols_per_slot(self) -> int:
        return self.grid.symbols_per_slot

    def forward(self, symbols: Symbols, snr_db: SNR, rng: Randomness = GLOBAL) -> Received:
        """Any number of symbols per image, over as many slots as they need; one SNR [dB] per image."""
        return self.hear(self.carried(symbols, snr_db, rng), symbols.shape[1])

    def carried(self, symbols: Symbols, snr_db: SNR, rng: Randomness) -> Carried:
        """What arrives of the slots that the symbols take."""
        X = frame(symbols, self.grid)
        N0 = noise_variance(snr_db).to(X.real).repeat_interleave(self.grid.slots(symbols.shape[1]))
        return self.waveform.carry(X, self.channel, self.grid, N0, rng)

    def hear(self, air: Carried, num_symbols: int, guess: Guess | None = None) -> Received:
        """The symbols in what arrived; a guess of them serves a :class:`Refinable` estimator."""
        y, N0, grid = air.received, air.noise_var, self.grid
        if guess is None:
            H_hat = self.estimator.estimate(y, grid, N0, air.response)
        else:
            H_hat = cast(Refinable, self.estimator).refine(y, grid, N0, guess)
        x = self.equalizer.equalize(grid.at_data(y), H_hat, N0)
        return Received(unframe(x.symbols, grid, num_symbols), unframe(x.noise_var, grid, num_symbols))

    def capacity(self, num_symbols: int, snr_db: SNR, rng: Randomness = GLOBAL) -> Float[Tensor, " batch"]:
        """Bits that so many symbols carry where the receiver knows the channel: log2 det(I + H^H H / N0) of every
        element that they lie on, H its effective channel (Telatar 1999), a stream's share to each of its symbols."""
        symbols = torch.ones(len(snr_db), num_symbols, dtype=torch.complex64, device=snr_db.device)
        air, grid = self.carried(symbols, snr_db, rng), self.grid
        H = grid.at_data(air.response).movedim((1, 2), (-2, -1)) * grid.num_streams**-0.5
        eye = torch.eye(grid.num_streams, dtype=H.dtype, device=H.device)
        bits = torch.logdet(eye + H.mH @ H / air.noise_var[:, None, None, None, None]).real / math.log(2)
        each = (bits / grid.num_streams).unsqueeze(1).expand(-1, grid.num_streams, -1, -1)
        return unframe(each, grid, num_symbols).double().sum(1)

    def channel_uses(self, num_symbols: int) -> int:
        """Resource elements that ``num_symbols`` take, pilots and the padding of the last slot included."""
        return self.grid.slots(num_symbols) * self.grid.elements

    def data_uses(self, num_symbols: int) -> int:
        """The same without pilots."""
        return self.grid.slots(num_symbols) * self.grid.data_elements

    def duration(self, num_symbols: int) -> float:
        """Time on the air [s], without cyclic prefixes."""
        return self.grid.slots(num_symbols) * self.grid.duration


class DigitalLink(nn.Module):
    """Bits through a code, QAM and a symbol link.

    ::

        bits -> blocks -> code.encode -> qam.modulate -> symbols -> link
                                                                     |
        bits <- blocks <- code.decode <- qam.demodulate <- symbols, noise_var

    Long payloads are streamed through in groups of blocks that fill whole slots. With randomness per image
    (:mod:`semjscc.rng`) the group's size changes nothing but the memory taken.

    Args:
        max_slots_at_once: most slots in memory, all images of the batch together; at least the shortest group of
            blocks that fills whole slots is sent at once.
        refinements: how often the receiver estimates the channel once more, for blocks that are not decoded yet, with
            what the decoder makes of the data as pilots (:mod:`semjscc.phy.refinement`).

    Raises:
        ValueError: refinements are asked for on a link that has none.
    """

    def __init__(self, link: SymbolLink, qam: QAM, code: Codes, max_slots_at_once: int = 128, refinements: int = 0):
        super().__init__()
        if refinements:
            check_refinable(link, code)
        self.link = link
        self.qam = qam
        self.code = code
        self.max_slots_at_once = max_slots_at_once
        self.refinements = refinements

    def forward(
        self, bits: Bits, snr_db: SNR, rng: Randomness = GLOBAL, prior: Float[Tensor, " bits"] | None = None
    ) -> Transported:
        """The payload is padded with zeros to whole code blocks, and cut again.

        ``prior`` is what the receiver knows of every payload beforehand: the logit of each bit.
        """
        batch, m = bits.shape
        code = self.code.for_payload(m).to(bits.device)
        sent = _blocks(bits, code.k)
        at_once = self._blocks_at_once(batch, code)
        known = repeat(None) if prior is None else _blocks(prior[None], code.k).split(at_once, dim=1)
        groups = zip(sent.split(at_once, dim=1), known, strict=False)
        heard = torch.cat([self._carry(code, *group, snr_db, rng) for group in groups], dim=1)
        n = math.ceil(sent.shape[1] * code.n / self.qam.bits_per_symbol)
        return Transported(
            bits=heard.flatten(1)[:, :m],
            block_errors=(heard != sent).any(-1).to(bits.dtype),
            channel_uses=self.link.channel_uses(n),
            data_uses=self.link.data_uses(n),
            duration=self.link.duration(n),
        )

    def payload_bits(self, num_symbols: int) -> int:
        """The largest payload that takes at most so many symbols."""
        return self.code.payload_bits(num_symbols * self.qam.bits_per_symbol)

    def _carry(
        self,
        code: Code,
        blocks: Float[Tensor, "batch blocks k"],
        prior: Float[Tensor, "1 blocks k"] | None,
        snr_db: SNR,
        rng: Randomness,
    ) -> Float[Tensor, "batch blocks k"]:
        """One group of blocks, as in the picture."""
        coded = code.encode(blocks.flatten(0, 1)).reshape(len(blocks), -1)
        symbols = self.qam.modulate(_pad(coded, self.qam.bits_per_symbol))
        known = None if prior is None else prior.expand_as(blocks).flatten(0, 1)
        if self.refinements:
            llrs = self._refined(code, symbols, coded.shape[1], known, snr_db, rng)
        else:
            llrs = self._llrs(self.link(symbols, snr_db, rng), coded.shape[1], code)
        return code.decode(llrs, known).reshape(blocks.shape)

    def _llrs(self, received: Received, coded_bits: int, code: Code) -> Float[Tensor, "blocks n"]:
        llrs = self.qam.demodulate(received.symbols, received.noise_var)
        return llrs[:, :coded_bits].reshape(-1, code.n)

    def _refined(
        self, code: Code, symbols: Symbols, coded_bits: int, known: Tensor | None, snr_db: SNR, rng: Randomness
    ) -> Float[Tensor, "blocks n"]:
        """LLRs of the coded blocks. Those of a block change for as long as its logits are no codeword."""
        link, n = cast(OFDMLink, self.link), symbols.shape[1]
        air = link.carried(symbols, snr_db, rng)
        llrs = self._llrs(link.hear(air, n), coded_bits, code)
        for _ in range(self.refinements):
            logits = code.coded(llrs, known)
            lost = ((logits > 0) != (code.encode(code.decode(llrs, known)) > 0)).any(1, keepdim=True)
            if not lost.any():
                break
            guess = guessed(logits.reshape(len(symbols), -1), self.qam, link.grid)
            llrs = torch.where(lost, self._llrs(link.hear(air, n, guess), coded_bits, code), llrs)
        return llrs

    def _blocks_at_once(self, batch: int, code: Code) -> int:
        """The largest group of blocks that fills whole slots and keeps within ``max_slots_at_once``."""
        slot = self.link.symbols_per_slot * self.qam.bits_per_symbol
        shortest = math.lcm(slot, code.n)
        slots = shortest // slot * batch
        return shortest // code.n * max(1, self.max_slots_at_once // slots)


def _blocks(bits: Float[Tensor, "batch bits"], k: int) -> Float[Tensor, "batch blocks k"]:
    return _pad(bits, k).reshape(len(bits), -1, k)


def _pad(bits: Tensor, multiple: int) -> Tensor:
    """Zeros behind each row, up to a whole multiple."""
    return F.pad(bits, (0, -bits.shape[1] % multiple))
