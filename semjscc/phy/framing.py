"""Payload symbols <-> slots on the resource grid.

Rows are image-major: row = image * slots + slot. A slot is filled OFDM symbol after OFDM symbol, in each of them from
the lowest carrier up, and on each element all streams in turn: a slot partly filled uses them all alike.
"""

import torch.nn.functional as F
from jaxtyping import Complex, Shaped
from torch import Tensor

from semjscc.phy.grid import ResourceGrid
from semjscc.types import Symbols


def frame(symbols: Symbols, grid: ResourceGrid) -> Complex[Tensor, "rows streams time frequency"]:
    """Lays the symbols of each image onto slots of its own and adds the pilots.

    Guards and DC are zero, and so is what the payload leaves of its last slot. Each stream is scaled by
    1/sqrt(streams): with symbols of unit power, the total transmit power is 1 on every element in use.
    """
    batch, n = symbols.shape
    slots = grid.slots(n)
    data = F.pad(symbols, (0, slots * grid.symbols_per_slot - n)) * grid.num_streams**-0.5
    data = data.reshape(batch * slots, len(grid.data_symbols), len(grid.carriers), grid.num_streams).movedim(3, 1)
    pilots = grid.pilots(symbols) * grid.num_streams**-0.5
    return grid.slot(data, pilots.expand(batch * slots, -1, -1, -1))


def unframe(
    elements: Shaped[Tensor, "rows streams data_symbols carriers"], grid: ResourceGrid, num_symbols: int
) -> Shaped[Tensor, "batch symbols"]:
    """The first ``num_symbols`` data elements of each image, of symbols or of what else there is one per element."""
    return elements.movedim(1, 3).reshape(-1, grid.slots(num_symbols) * grid.symbols_per_slot)[:, :num_symbols]
