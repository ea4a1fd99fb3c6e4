"""Many users on one base station with many antennas: the downlink of paper B."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from semjscc.phy.base import SymbolLink
from semjscc.phy.beams import Channels
from semjscc.phy.channel import Channel
from semjscc.phy.csi import CSI, Perfect
from semjscc.phy.detection import Detector, Effective, inverse_gains
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.layout import Layout, OfUser, Streams
from semjscc.phy.precoding import Precoder, Weights
from semjscc.rng import GLOBAL, Randomness
from semjscc.types import SNR, Received, Symbols
from semjscc.units import noise_variance

# what the SNR compares with N0, from the effective channel of a user's own streams
_SIGNAL: dict[str, Callable[[Effective], Any]] = {
    "tx": lambda G: 1.0,
    "rx": lambda G: G.abs().square().sum(3).mean((1, 2)),
    "stream": lambda G: 1 / inverse_gains(G).mean((1, 2)).to(G.real),
}


@dataclass(frozen=True)
class Drop:
    """One draw of all users' channels, and how they are used."""

    channels: Channels
    weights: Weights  # F
    effective: list[Complex[Tensor, "drops carriers _rx streams"]]  # G_u = H_u F, with the columns of all streams
    noise_var: Float[Tensor, "drops users"]  # N0 at each user's antennas


class MassiveMIMOLink(SymbolLink):
    """Complex symbols to several users at once, each an image, differentiable with respect to the symbols.

    ::

        H_u --+--> csi --> precoder --> F
              |                         |
              +------> G_u = H_u F <----+----> detector, from G_u --> W_u
                        |                                              |
        symbols --> s --+--> y_u = G_u s + n --------------------------+--> W_u y_u --> Received

    Row i of a batch is user i % users of drop i // users. A drop is one draw of all users' channels, which stand still;
    each user's positions, fades and noise come from its own row's streams of chance. A payload takes as many frames on
    the same drop as a user with the fewest streams needs, and another drop after :attr:`symbols_per_slot` symbols.
    Elements that payloads leave are filled with 4-QAM, so that each user hears the others all the time.

    Receivers know their G_u, and y = H F s + n on every element: prefixes are as long as the channels. Every stream has
    the same power on every carrier, all together 1. The SNR fixes each user's N0, by one of three definitions; what
    is left in |h|^2 of path loss is up to the channels' normalization:

    - ``"tx"``: E|h|^2 / N0 for a transmit power of 1, so that N0 = 1/SNR, and what beams gain comes on top;
    - ``"rx"``: the received power of the user's own streams over N0, the mean over carriers and antennas of the drop;
    - ``"stream"``: 1 over the error that N0 leaves after zero forcing, the mean over the user's streams and carriers.

    The precoder is told the N0 of ``"tx"`` in any case. Gradients pass through the symbols alone: to them channels,
    weights and noise are constants.

    Args:
        channels: of each user, each with as many antennas as it receives with.
        streams: of each user.
        csi: what the precoder knows of the channels; by default, all.
        num_tx: antennas of the base station.
        pilot_carriers: of every OFDM symbol, on which there is no payload (indices into the FFT grid).
        interleave: see :class:`~semjscc.phy.layout.Layout`.

    Raises:
        ValueError: on an unknown definition of SNR, channels and streams that differ in number, more streams than
            antennas at either end, or pilots where there is no carrier; in ``forward``, on a batch that does not fill
            drops.
    """

    def __init__(
        self,
        grid: ResourceGrid,
        channels: Sequence[Channel],
        streams: Sequence[int],
        precoder: Precoder,
        detector: Detector,
        csi: CSI | None = None,
        num_tx: int = 128,
        snr: Literal["tx", "rx", "stream"] = "tx",
        pilot_carriers: Sequence[int] = (),
        interleave: bool = False,
    ):
        super().__init__()
        if snr not in _SIGNAL:
            raise ValueError(f"snr={snr!r} is none of {', '.join(_SIGNAL)}")
        _check(channels, streams, num_tx)
        self.grid, self.streams = grid, tuple(streams)
        self.channels = nn.ModuleList(channels)
        self.precoder, self.detector, self.csi = precoder, detector, csi or Perfect()
        self.num_tx, self.snr = num_tx, snr
        self.layout = Layout(grid, streams, pilot_carriers, interleave)

    @property
    def users(self) -> int:
        """Of a drop; a batch is a multiple of them."""
        return len(self.streams)

    @property
    def symbols_per_slot(self) -> int:
        """Payload symbols of an image that share a drop: so many fill whole frames whatever the streams."""
        return math.lcm(*self.streams) * self.layout.elements

    def forward(self, symbols: Symbols, snr_db: SNR, rng: Randomness = GLOBAL) -> Received:
        """Any number of symbols per image; one SNR [dB] per image."""
        if len(symbols) % self.users:
            raise ValueError(f"a batch of {len(symbols)} images does not fill drops of {self.users} users")
        drops = [self._carry(part, snr_db, rng) for part in symbols.split(self.symbols_per_slot, 1)]
        return Received(torch.cat([d.symbols for d in drops], 1), torch.cat([d.noise_var for d in drops], 1))

    @torch.no_grad()
    def drop(self, symbols: Symbols, snr_db: SNR, rng: Randomness = GLOBAL) -> Drop:
        """What the symbols of a batch, or of its first drops, will meet."""
        N0 = noise_variance(snr_db).to(symbols.real).unflatten(0, (-1, self.users))
        H = [self._draw(u, symbols, rng) for u in range(self.users)]
        F = self.precoder.weights(self.csi.known(H, rng), self.streams, N0)
        G = [h @ F for h in H]
        signal = _SIGNAL[self.snr]
        noise_var = [signal(self._own(u, g)[0]) * N0[:, u] for u, g in enumerate(G)]
        return Drop(H, F, G, torch.stack(noise_var, 1))

    def _carry(self, symbols: Symbols, snr_db: SNR, rng: Randomness) -> Received:
        """As in the picture, all drops of the batch side by side."""
        s, drop = self.layout.place(symbols, rng), self.drop(symbols, snr_db, rng)
        antennas = [G.shape[2] for G in drop.effective]
        n = rng.complex_normal("noise", (len(symbols), s.shape[1], max(antennas), s.shape[3]), s)
        heard = [self._receive(u, s, drop, n[u :: self.users, :, :rx]) for u, rx in enumerate(antennas)]
        x, noise_var = (torch.cat(parts, 2) for parts in zip(*heard, strict=True))
        return Received(*(self.layout.collect(z, symbols.shape[1]) for z in (x, noise_var.expand(x.shape))))

    def _receive(
        self, user: int, s: Streams, drop: Drop, n: Complex[Tensor, "drops carriers rx time"]
    ) -> tuple[Complex[Tensor, "drops carriers own time"], Float[Tensor, "drops #carriers own 1"]]:
        """x and the variance of the noise left in it, on all elements of the user's own streams."""
        G, N0 = drop.effective[user], drop.noise_var[:, user]
        with torch.no_grad():
            W = self.detector.filter(*self._own(user, G), N0)
        y = G @ s + N0.sqrt()[:, None, None, None] * n
        return W.weights @ y, W.noise_var[..., None]

    def _draw(self, user: int, symbols: Symbols, rng: Randomness) -> Complex[Tensor, "drops carriers rx tx"]:
        """H_u on the data carriers, from one channel a drop."""
        channel = cast(Channel, self.channels[user])
        snapshot = replace(self.grid, num_symbols=1, pilot_symbols=())
        frames = symbols.new_zeros(()).expand(len(symbols) // self.users, self.num_tx, 1, self.grid.fft_size)
        h = channel.normalized(channel.draw(frames, snapshot, OfUser(rng, user, self.users)))
        h = h.squeeze(3).movedim(3, 1)
        return h if h.shape[1] == 1 else h[:, self.layout.carriers]

    def _own(
        self, user: int, G: Complex[Tensor, "drops carriers rx streams"]
    ) -> tuple[Complex[Tensor, "drops carriers rx own"], Complex[Tensor, "drops carriers rx others"]]:
        """Columns of the user's own streams, and of all others."""
        before, own, after = G.split([sum(self.streams[:user]), self.streams[user], sum(self.streams[user + 1 :])], 3)
        return own, torch.cat([before, after], 3)

    def channel_uses(self, num_symbols: int) -> int:
        """Time-frequency elements of all frames, pilots and filling included, which the users of a drop share."""
        return self._frames(num_symbols) * self.grid.elements

    def data_uses(self, num_symbols: int) -> int:
        return self._frames(num_symbols) * self.layout.elements

    def duration(self, num_symbols: int) -> float:
        return self._frames(num_symbols) * self.grid.duration

    def _frames(self, num_symbols: int) -> int:
        whole, rest = divmod(num_symbols, self.symbols_per_slot)
        return whole * self.layout.frames(self.symbols_per_slot) + self.layout.frames(rest)


def _check(channels: Sequence[Channel], streams: Sequence[int], num_tx: int) -> None:
    if len(channels) != len(streams) or not streams:
        raise ValueError(f"{len(channels)} channels are not those of {len(streams)} users")
    for user, (channel, count) in enumerate(zip(channels, streams, strict=True)):
        if not 1 <= count <= channel.num_rx:
            raise ValueError(f"user {user} cannot receive {count} streams with {channel.num_rx} antennas")
    if sum(streams) > num_tx:
        raise ValueError(f"{sum(streams)} streams cannot be sent from {num_tx} antennas")
