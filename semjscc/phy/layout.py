"""Whose rows of a batch are whose: payloads of several users <-> the streams of shared OFDM frames.

Row i of a batch is user i % users of drop i // users.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
from jaxtyping import Complex, Int, Shaped
from torch import Tensor

from semjscc.phy.grid import ResourceGrid
from semjscc.rng import Randomness
from semjscc.types import Symbols

Streams = Shaped[Tensor, "drops carriers streams time"]  # of all users, in their order
SEED = 0  # of the interleaver: every frame of one size has the same


class Layout:
    """A frame is one slot of the grid. A user's payload is cut into as many parts of equal length as it has streams;
    part s lies on stream s, OFDM symbol after OFDM symbol, in each of them from the lowest carrier up: the order of the
    public example that paper B follows.

    Args:
        streams: of each user.
        pilot_carriers: of every OFDM symbol; indices into the FFT grid.
        interleave: scatter a payload over all elements and streams of its frames by a fixed permutation instead.

    Raises:
        ValueError: on pilots where there is no carrier, or no carrier left for data.
    """

    def __init__(
        self, grid: ResourceGrid, streams: Sequence[int], pilot_carriers: Sequence[int] = (), interleave: bool = False
    ):
        if strays := set(pilot_carriers) - set(grid.carriers):
            raise ValueError(f"there is no carrier for the pilots at {sorted(strays)}, but for guards and DC")
        self.carriers = [k for k in grid.carriers if k not in set(pilot_carriers)]
        if not self.carriers:
            raise ValueError(f"{len(set(pilot_carriers))} pilot carriers leave none for data")
        self.symbols, self.streams, self.interleave = len(grid.data_symbols), tuple(streams), interleave

    @property
    def elements(self) -> int:
        """For data, of each stream and frame."""
        return self.symbols * len(self.carriers)

    def frames(self, num_symbols: int) -> int:
        """That a user with the fewest streams needs; all others have as many."""
        return -(-num_symbols // (min(self.streams) * self.elements))

    def place(self, symbols: Symbols, rng: Randomness) -> Complex[Tensor, "drops carriers streams time"]:
        """Payloads on their elements, and 4-QAM at random on all others."""
        users, n = len(self.streams), symbols.shape[1]
        count = self.frames(n) * self.elements
        angle = (4 * rng.uniform("filling", (len(symbols), max(self.streams) * count), symbols)).floor() + 0.5
        filling = torch.polar(torch.ones_like(angle), torch.pi / 2 * angle)
        placed = [
            filling[u::users, : S * count].index_copy(1, self._places(n, S, symbols), symbols[u::users])
            for u, S in enumerate(self.streams)
        ]
        parts = [x.unflatten(1, (S, -1, len(self.carriers))) for x, S in zip(placed, self.streams, strict=True)]
        return torch.cat(parts, 1).movedim(3, 1)

    def collect(self, x: Streams, num_symbols: int) -> Shaped[Tensor, "batch symbols"]:
        """The payloads' elements, of symbols or of what else there is one per element."""
        parts = x.movedim(1, 3).split(self.streams, 1)
        rows = [part.flatten(1)[:, self._places(num_symbols, part.shape[1], x)] for part in parts]
        return torch.stack(rows, 1).flatten(0, 1)

    def _places(self, num_symbols: int, streams: int, like: Tensor) -> Int[Tensor, " symbols"]:
        count = self.frames(num_symbols) * self.elements
        places = _scattered(streams * count) if self.interleave else _in_order(num_symbols, streams, count)
        return places[:num_symbols].to(like.device)


class OfUser(Randomness):
    """What one user's channel draws, a row a drop, of the streams of its own images."""

    def __init__(self, rng: Randomness, user: int, users: int):
        self.rng, self.user, self.users = rng, user, users

    def uniform(self, purpose, shape, like):
        return self.rng.uniform(purpose, (shape[0] * self.users, *shape[1:]), like)[self.user :: self.users]

    def complex_normal(self, purpose, shape, like):
        return self.rng.complex_normal(purpose, (shape[0] * self.users, *shape[1:]), like)[self.user :: self.users]

    def seeds(self, batch):
        return self.rng.seeds(batch * self.users)[self.user :: self.users]


def _in_order(num_symbols: int, streams: int, count: int) -> Int[Tensor, " symbols"]:
    i, part = torch.arange(num_symbols), -(-num_symbols // streams)
    return i // part * count + i % part


@lru_cache(maxsize=16)
def _scattered(size: int) -> Int[Tensor, "{size}"]:
    return torch.randperm(size, generator=torch.Generator().manual_seed(SEED))
