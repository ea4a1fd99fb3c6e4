"""Sionna's counterparts of our parts, for the tests and for benchmarks.fidelity."""

import numpy as np
import sionna.phy.mimo
import sionna.phy.ofdm
import torch

from semjscc.phy.grid import ResourceGrid


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
