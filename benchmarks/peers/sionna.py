"""Sionna's counterparts of our parts, for the benchmarks and for the tests."""

import numpy as np
import sionna.phy.channel
import sionna.phy.mimo
import sionna.phy.ofdm
import torch
from jaxtyping import Complex, Float
from sionna.phy.channel import gen_single_sector_topology, tr38901
from torch import Tensor

from semjscc.phy.grid import ResourceGrid

DOUBLE = {"precision": "double", "device": "cpu"}
SINGLE = {"precision": "single", "device": "cpu"}
Taps = tuple[str, float, float]  # model, delay spread [s], carrier frequency [Hz]


def sionna_grid(grid: ResourceGrid, precision: str = "double") -> sionna.phy.ofdm.ResourceGrid:
    """Sionna's grid of the same description as ours, with our pilots."""
    theirs = sionna.phy.ofdm.ResourceGrid(
        num_ofdm_symbols=grid.num_symbols,
        fft_size=grid.fft_size,
        subcarrier_spacing=grid.subcarrier_spacing,
        num_streams_per_tx=grid.num_streams,
        num_guard_carriers=grid.guard_carriers,
        dc_null=grid.dc_null,
        pilot_pattern="kronecker",
        pilot_ofdm_symbol_indices=list(grid.pilot_symbols),
        precision=precision,
        device="cpu",
    )
    dtype = {"double": torch.complex128, "single": torch.complex64}[precision]
    pilots = grid.pilots(torch.ones((), dtype=dtype)).flatten(1)[None]
    assert torch.equal(pilots != 0, theirs.pilot_pattern.pilots != 0)  # the same combs
    theirs.pilot_pattern.pilots = pilots
    return theirs


def one_transmitter(num_streams: int) -> sionna.phy.mimo.StreamManagement:
    """All streams from one transmitter to one receiver."""
    return sionna.phy.mimo.StreamManagement(np.ones((1, 1)), num_streams)


def tdl(taps: Taps, num_rx: int, num_tx: int, speed: float) -> tr38901.TDL:
    """Single precision, as all channels here."""
    return tr38901.TDL(*taps, min_speed=speed, num_rx_ant=num_rx, num_tx_ant=num_tx, **SINGLE)


def cdl(taps: Taps, bs: tuple[int, int], ut: tuple[int, int], speed: float) -> tr38901.CDL:
    """Uplink between arrays of so many rows and columns."""
    return tr38901.CDL(*taps, panel(*ut, taps[2]), panel(*bs, taps[2]), "uplink", min_speed=speed, **SINGLE)


def uma(carrier: float, bs: tuple[int, int], ut: tuple[int, int], speed: float) -> "FreshUMa":
    """Uplink of users outdoors; path loss and shadowing are left out, as slots are normalised."""
    return FreshUMa(speed, carrier, "low", panel(*ut, carrier), panel(*bs, carrier), "uplink", False, False, **SINGLE)


def panel(rows: int, columns: int, carrier: float) -> tr38901.PanelArray:
    """Of vertical omnidirectional elements."""
    return tr38901.PanelArray(rows, columns, "single", "V", "omni", carrier, **SINGLE)


class FreshUMa(tr38901.UMa):
    """UMa with a user for each slot, dropped anew at every call."""

    def __init__(self, speed: float, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.moving = {"min_ut_velocity": speed, "max_ut_velocity": speed}

    def __call__(self, batch: int, steps: int, rate: float) -> tuple[Tensor, Tensor]:
        """Gains and delays."""
        users = gen_single_sector_topology(batch, 1, "uma", indoor_probability=0.0, **self.moving, **SINGLE)
        self.set_topology(*users)
        return super().__call__(steps, rate)


class SionnaReceiver:
    """Least squares, linear interpolation and LMMSE, in single precision."""

    def __init__(self, grid: ResourceGrid):
        theirs = sionna_grid(grid, "single")
        self.estimate = sionna.phy.ofdm.LSChannelEstimator(theirs, "lin", **SINGLE)
        self.equalize = sionna.phy.ofdm.LMMSEEqualizer(theirs, one_transmitter(grid.num_streams), **SINGLE)

    def __call__(self, y: Complex[Tensor, "batch rx time frequency"], N0: Tensor) -> tuple[Tensor, Tensor]:
        """Symbols and noise variances ``[batch, 1, streams, data_elements]``; N0 is one or one per slot."""
        return self.equalize(y[:, None], *self.estimate(y[:, None], N0), N0)


class SionnaLink:
    """The counterpart of our OFDMLink over a channel of Sionna's, in single precision; slots of mean gain 1.

    Args:
        estimated: with least squares estimates; else the receiver knows the channel.
    """

    def __init__(self, grid: ResourceGrid, channel: sionna.phy.channel.ChannelModel, estimated: bool):
        theirs, self.grid, self.estimated = sionna_grid(grid, "single"), grid, estimated
        self.map = sionna.phy.ofdm.ResourceGridMapper(theirs, **SINGLE)
        self.channel = sionna.phy.channel.OFDMChannel(
            channel, theirs, normalize_channel=True, return_channel=not estimated, **SINGLE
        )
        self.at_carriers = sionna.phy.ofdm.RemoveNulledSubcarriers(theirs, **SINGLE)
        self.receiver = SionnaReceiver(grid)

    def __call__(
        self, symbols: Complex[Tensor, "batch symbols_per_slot"], N0: Float[Tensor, ""]
    ) -> tuple[Complex[Tensor, "batch symbols_per_slot"], Float[Tensor, "batch symbols_per_slot"]]:
        """One slot a row, filled to the last element."""
        X = self.map(symbols.unflatten(1, (1, self.grid.num_streams, -1)))
        if self.estimated:
            x, var = self.receiver(self.channel(X, N0)[:, 0], N0)
        else:
            y, h = self.channel(X, N0)
            x, var = self.receiver.equalize(y, self.at_carriers(h), torch.zeros(()), N0)
        return x.flatten(1), var.flatten(1)
