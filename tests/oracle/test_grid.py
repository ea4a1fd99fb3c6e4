import numpy as np
import pytest
import sionna.phy.channel
import sionna.phy.ofdm
import torch

from benchmarks.peers.sionna import sionna_grid
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid

GRIDS = [
    ResourceGrid(),
    ResourceGrid(num_streams=2),
    ResourceGrid(fft_size=33, guard_carriers=(1, 3), pilot_symbols=(1, 5, 12), num_streams=4),
    ResourceGrid(fft_size=20, guard_carriers=(0, 0), dc_null=False, pilot_symbols=(13,)),
]


@pytest.mark.parametrize("grid", GRIDS)
def test_same_grid(grid):
    other = sionna_grid(grid)
    assert np.array_equal(other.effective_subcarrier_ind, grid.carriers)
    assert other.num_data_symbols == grid.data_elements
    assert other.ofdm_symbol_duration * other.num_ofdm_symbols == pytest.approx(grid.duration)
    np.testing.assert_allclose(other.bandwidth / other.fft_size, grid.subcarrier_spacing)
    np.testing.assert_allclose(
        sionna.phy.channel.subcarrier_frequencies(grid.fft_size, grid.subcarrier_spacing, device="cpu"),
        grid.frequencies(torch.ones(())),
    )
    assert other.pilot_pattern.pilots.abs().square().mean(-1).numpy() == pytest.approx(1.0)


@pytest.mark.parametrize("grid", GRIDS)
def test_same_frames(grid):
    symbols = torch.randn(3, grid.symbols_per_slot, dtype=torch.complex128)
    mapper = sionna.phy.ofdm.ResourceGridMapper(sionna_grid(grid), precision="double", device="cpu")
    expected = mapper(symbols.reshape(3, 1, -1, grid.num_streams).mT)[:, 0]
    torch.testing.assert_close(frame(symbols, grid) * grid.num_streams**0.5, expected)
