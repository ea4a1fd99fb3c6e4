"""Links: symbols -> symbols and bits -> bits, through the air."""

import math
from itertools import repeat

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from semjscc.phy.channel import Channel
from semjscc.phy.equalization import Equalizer
from semjscc.phy.estimation import Estimator
from semjscc.phy.fec import Code
from semjscc.phy.framing import frame, unframe
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.qam import QAM
from semjscc.phy.waveform import InFrequency, Waveform
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import SNR, Bits, Received, Symbols, Transported
from semjscc.units import noise_variance


class OFDMLink(nn.Module):
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

    def forward(self, symbols: Symbols, snr_db: SNR, rng: Randomness = GLOBAL) -> Received:
        """Any number of symbols per image, over as many slots as they need; one SNR [dB] per image."""
        n, grid = symbols.shape[1], self.grid
        X = frame(symbols, grid)
        N0 = noise_variance(snr_db).to(X.real).repeat_interleave(grid.slots(n))
        air = self.waveform.carry(X, self.channel, grid, N0, rng)
        y, N0 = air.received, air.noise_var
        H_hat = self.estimator.estimate(y, grid, N0, air.response)
        x = self.equalizer.equalize(grid.at_data(y), H_hat, N0)
        return Received(unframe(x.symbols, grid, n), unframe(x.noise_var, grid, n))

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
    """

    def __init__(self, link: OFDMLink, qam: QAM, code: Code, max_slots_at_once: int = 128):
        super().__init__()
        self.link = link
        self.qam = qam
        self.code = code
        self.max_slots_at_once = max_slots_at_once

    def forward(
        self, bits: Bits, snr_db: SNR, rng: Randomness = GLOBAL, prior: Float[Tensor, " bits"] | None = None
    ) -> Transported:
        """The payload is padded with zeros to whole code blocks, and cut again.

        ``prior`` is what the receiver knows of every payload beforehand: the logit of each bit.
        """
        batch, m = bits.shape
        sent = self._blocks(bits)
        at_once = self._blocks_at_once(batch)
        known = repeat(None) if prior is None else self._blocks(prior[None]).split(at_once, dim=1)
        groups = zip(sent.split(at_once, dim=1), known, strict=False)
        heard = torch.cat([self._carry(*group, snr_db, rng) for group in groups], dim=1)
        n = math.ceil(sent.shape[1] * self.code.n / self.qam.bits_per_symbol)
        return Transported(
            bits=heard.flatten(1)[:, :m],
            block_errors=(heard != sent).any(-1).to(bits.dtype),
            channel_uses=self.link.channel_uses(n),
            data_uses=self.link.data_uses(n),
            duration=self.link.duration(n),
        )

    def _blocks(self, bits: Float[Tensor, "batch bits"]) -> Float[Tensor, "batch blocks k"]:
        return _pad(bits, self.code.k).reshape(len(bits), -1, self.code.k)

    def _carry(
        self,
        blocks: Float[Tensor, "batch blocks k"],
        prior: Float[Tensor, "1 blocks k"] | None,
        snr_db: SNR,
        rng: Randomness,
    ) -> Float[Tensor, "batch blocks k"]:
        """One group of blocks, as in the picture."""
        coded = self.code.encode(blocks.flatten(0, 1)).reshape(len(blocks), -1)
        symbols = self.qam.modulate(_pad(coded, self.qam.bits_per_symbol))
        received = self.link(symbols, snr_db, rng)
        llrs = self.qam.demodulate(received.symbols, received.noise_var)[:, : coded.shape[1]]
        known = None if prior is None else prior.expand_as(blocks).flatten(0, 1)
        return self.code.decode(llrs.reshape(-1, self.code.n), known).reshape(blocks.shape)

    def _blocks_at_once(self, batch: int) -> int:
        """The largest group of blocks that fills whole slots and keeps within ``max_slots_at_once``."""
        slot = self.link.grid.symbols_per_slot * self.qam.bits_per_symbol
        shortest = math.lcm(slot, self.code.n)
        slots = shortest // slot * batch
        return shortest // self.code.n * max(1, self.max_slots_at_once // slots)


def _pad(bits: Tensor, multiple: int) -> Tensor:
    """Zeros behind each row, up to a whole multiple."""
    return F.pad(bits, (0, -bits.shape[1] % multiple))
