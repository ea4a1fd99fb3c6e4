import pytest
import sionna.phy.ofdm
import torch

from semjscc.phy.grid import ResourceGrid


@pytest.fixture
def sionna_grid():
    """Makes Sionna's grid of the same description as ours, with our pilots."""

    def make(grid: ResourceGrid) -> sionna.phy.ofdm.ResourceGrid:
        theirs = sionna.phy.ofdm.ResourceGrid(
            num_ofdm_symbols=grid.num_symbols,
            fft_size=grid.fft_size,
            subcarrier_spacing=grid.subcarrier_spacing,
            num_streams_per_tx=grid.num_streams,
            num_guard_carriers=grid.guard_carriers,
            dc_null=grid.dc_null,
            pilot_pattern="kronecker",
            pilot_ofdm_symbol_indices=list(grid.pilot_symbols),
            precision="double",
            device="cpu",
        )
        pilots = grid.pilots(torch.ones((), dtype=torch.complex128)).flatten(1)[None]
        assert torch.equal(pilots != 0, theirs.pilot_pattern.pilots != 0)  # the same combs
        theirs.pilot_pattern.pilots = pilots
        return theirs

    return make
