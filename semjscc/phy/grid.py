"""The OFDM resource grid of one slot: which elements carry data, which carry pilots, which stay silent.

Time runs over OFDM symbols, frequency over the whole FFT grid with DC at index ``fft_size // 2``. *Effective* carriers
are those that are neither guards nor DC; pilots fill them on the pilot symbols, data on all other symbols.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Complex, Float, Shaped
from torch import Tensor

PILOT_SEED = 0  # of the QPSK pilots: every grid of one shape has the same


@dataclass(frozen=True)
class ResourceGrid:
    """One slot: ``num_symbols`` x ``fft_size`` elements ``subcarrier_spacing`` [Hz] apart; the default is paper A's.

    Args:
        guard_carriers: silent carriers at the lower and at the upper edge.
        pilot_symbols: OFDM symbols that carry pilots (Kronecker: the same ones for every stream), in rising order.
        num_streams: streams sent at once, each a transmit antenna.

    Raises:
        ValueError: no carrier or no data symbol is left, pilot symbols are off the grid, or streams outnumber carriers.
    """

    fft_size: int = 128
    num_symbols: int = 14
    subcarrier_spacing: float = 240e3
    guard_carriers: Sequence[int] = (5, 6)
    dc_null: bool = True
    pilot_symbols: Sequence[int] = (2, 11)
    num_streams: int = 1

    def __post_init__(self):
        for name in ("guard_carriers", "pilot_symbols"):  # lists could not be hashed
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if len(self.guard_carriers) != 2:
            raise ValueError(f"guard_carriers={self.guard_carriers} must be two, those of the lower and the upper edge")
        if min(self.guard_carriers) < 0 or not self.carriers:
            raise ValueError(f"guard_carriers={self.guard_carriers} leave no carrier of fft_size={self.fft_size}")
        if list(self.pilot_symbols) != sorted({p for p in self.pilot_symbols if 0 <= p < self.num_symbols}):
            raise ValueError(f"pilot_symbols={self.pilot_symbols} must rise within 0..{self.num_symbols - 1}")
        if not self.data_symbols:
            raise ValueError(f"pilot_symbols={self.pilot_symbols} leave none of {self.num_symbols} symbols for data")
        if not 1 <= self.num_streams <= len(self.carriers):
            raise ValueError(f"num_streams={self.num_streams} must lie within 1..{len(self.carriers)}, the carriers")
        if self.subcarrier_spacing <= 0:
            raise ValueError(f"subcarrier_spacing={self.subcarrier_spacing} Hz must be positive")

    @cached_property
    def carriers(self) -> tuple[int, ...]:
        """Effective carriers, as indices into the FFT grid."""
        low, high = self.guard_carriers
        silent = {self.fft_size // 2} if self.dc_null else set()
        return tuple(k for k in range(low, self.fft_size - high) if k not in silent)

    @cached_property
    def data_symbols(self) -> tuple[int, ...]:
        """OFDM symbols that carry data."""
        return tuple(t for t in range(self.num_symbols) if t not in self.pilot_symbols)

    @property
    def data_elements(self) -> int:
        """Resource elements a slot that carry data, on every stream at once."""
        return len(self.data_symbols) * len(self.carriers)

    @property
    def elements(self) -> int:
        """Resource elements a slot, pilots included, guards and DC not."""
        return self.num_symbols * len(self.carriers)

    @property
    def symbols_per_slot(self) -> int:
        """Payload symbols a slot, all streams together."""
        return self.num_streams * self.data_elements

    @property
    def duration(self) -> float:
        """Time of a slot [s] on paper A's clock, N_symbols / subcarrier spacing: no cyclic prefix."""
        return self.num_symbols / self.subcarrier_spacing

    def slots(self, num_symbols: int) -> int:
        """Slots that ``num_symbols`` payload symbols need; the last one may be padded."""
        return -(-num_symbols // self.symbols_per_slot)

    def frequencies(self, like: Tensor) -> Float[Tensor, " frequency"]:
        """Frequency of every FFT carrier from the centre [Hz], with the device and real precision of ``like``."""
        k = torch.arange(self.fft_size, device=like.device, dtype=like.real.dtype)
        return (k - self.fft_size // 2) * self.subcarrier_spacing

    def times(self, like: Tensor) -> Float[Tensor, " time"]:
        """Instant of every OFDM symbol in the slot [s], with the device and real precision of ``like``."""
        return torch.arange(self.num_symbols, device=like.device, dtype=like.real.dtype) / self.subcarrier_spacing

    def pilots(self, like: Tensor) -> Complex[Tensor, "streams pilot_symbols carriers"]:
        """QPSK pilots on interleaved combs: stream s owns the effective carriers s, s + S, s + 2 S, ... and is silent
        on the others. Energy S on a comb makes 1 over all carriers, as each stream's data has; frames are scaled by
        1/sqrt(S) (:mod:`semjscc.phy.framing`), so that every element carries a total power of 1, pilot or data.
        """
        return torch.as_tensor(self._pilots, device=like.device).to(like.dtype)

    @cached_property
    def _pilots(self) -> np.ndarray:
        shape = (len(self.pilot_symbols), len(self.carriers))
        qpsk = np.exp(1j * np.pi * (2 * np.random.default_rng(PILOT_SEED).integers(4, size=shape) + 1) / 4)
        comb = np.arange(shape[1]) % self.num_streams == np.arange(self.num_streams)[:, None, None]
        return self.num_streams**0.5 * qpsk * comb

    def at_data(self, x: Shaped[Tensor, "*any time frequency"]) -> Shaped[Tensor, "*any data_symbols carriers"]:
        """The data elements of a whole slot."""
        return _take(_take(x, self.data_symbols, -2), self.carriers, -1)

    def at_pilots(self, x: Shaped[Tensor, "*any time frequency"]) -> Shaped[Tensor, "*any pilot_symbols carriers"]:
        """The pilot elements of a whole slot."""
        return _take(_take(x, tuple(self.pilot_symbols), -2), self.carriers, -1)

    def slot(
        self, data: Shaped[Tensor, "*any data_symbols carriers"], pilots: Shaped[Tensor, "*any pilot_symbols carriers"]
    ) -> Shaped[Tensor, "*any time frequency"]:
        """The whole slot of which :meth:`at_data` and :meth:`at_pilots` give the parts; guards and DC are zero."""
        silence = data.new_zeros(()).expand(*data.shape[:-2], self.num_symbols, self.fft_size - len(self.carriers))
        return _join(self.in_turn(data, pilots), silence, self.carriers, -1)

    def in_turn(
        self, data: Shaped[Tensor, "*any data_symbols carriers"], pilots: Shaped[Tensor, "*any pilot_symbols carriers"]
    ) -> Shaped[Tensor, "*any time carriers"]:
        """Data and pilots in their order in time, on the effective carriers alone."""
        return _join(data, pilots, self.data_symbols, -2)


def _take(x: Tensor, indices: tuple[int, ...], axis: int) -> Tensor:
    """Rising indices along an axis, run by run: whole runs are copied several times faster than single elements, and
    so are their gradients.
    """
    lengths, wanted = _runs(indices, x.shape[axis])
    parts = [part for part, want in zip(x.split(lengths, axis), wanted, strict=True) if want]
    return torch.cat(parts, axis) if parts else x.narrow(axis, 0, 0)


def _join(x: Tensor, rest: Tensor, indices: tuple[int, ...], axis: int) -> Tensor:
    """The inverse: ``x`` at the indices, ``rest`` at all others."""
    lengths, wanted = _runs(indices, x.shape[axis] + rest.shape[axis])
    inside = iter(x.split([length for length, want in zip(lengths, wanted, strict=True) if want], axis))
    outside = iter(rest.split([length for length, want in zip(lengths, wanted, strict=True) if not want], axis))
    return torch.cat([next(inside if want else outside) for want in wanted], axis)


@lru_cache(maxsize=64)
def _runs(indices: tuple[int, ...], size: int) -> tuple[list[int], list[bool]]:
    """Lengths of the runs of neighbours in 0..size - 1 that are all among the indices, or all not; and which are."""
    members = set(indices)
    runs = [(want, len(list(run))) for want, run in groupby(range(size), members.__contains__)]
    return [length for _, length in runs], [want for want, _ in runs]
