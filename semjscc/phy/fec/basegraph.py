"""The two base graphs of 5G LDPC, and which of them, lifted by how much, carries a block (38.212, 5.2.2 and 5.3.2)."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

# 38.212, table 5.3.2-1: set i_LS holds the lifting sizes a * 2^j up to 384
LIFTING_SIZES = {a * 2**j: i for i, a in enumerate((2, 3, 5, 7, 9, 11, 13, 15)) for j in range(8) if a * 2**j <= 384}
CORE = 4  # parity columns of the double-diagonal core, and the rows that define them
PUNCTURED = 2  # systematic columns that are never sent


@dataclass(frozen=True)
class BaseGraph:
    """A base graph lifted by ``lifting``: entry e is a ``lifting`` x ``lifting`` identity, rotated by ``shifts[e]``.

    Row i of the block at (``rows[e]``, ``columns[e]``) checks bit (i + ``shifts[e]``) mod ``lifting`` of that column.
    """

    rows: np.ndarray
    columns: np.ndarray
    shifts: np.ndarray
    lifting: int
    information_columns: int

    @property
    def num_rows(self) -> int:
        """Rows, 46 or 42 before pruning: one for each column of parity."""
        return int(self.rows.max()) + 1

    @property
    def information_bits(self) -> int:
        """Systematic bits, fillers included: 22 or 10 columns' worth."""
        return self.information_columns * self.lifting

    @property
    def codeword_bits(self) -> int:
        """Bits before puncturing and rate matching, fillers included."""
        return (self.information_columns + self.num_rows) * self.lifting

    def entries(self, chosen: np.ndarray) -> "BaseGraph":
        """The graph of some entries only, or of all in another order: ``chosen`` is a mask or an index."""
        return replace(self, rows=self.rows[chosen], columns=self.columns[chosen], shifts=self.shifts[chosen])

    def variables(self) -> Int[Tensor, " ones"]:
        """Bit that each one of the lifted matrix checks, entry by entry."""
        return self._lifted(self.columns, self.shifts)

    def checks(self) -> Int[Tensor, " ones"]:
        """Parity check to which each one of the lifted matrix belongs, entry by entry."""
        return self._lifted(self.rows, np.zeros_like(self.rows))

    def _lifted(self, blocks: np.ndarray, shifts: np.ndarray) -> Int[Tensor, " ones"]:
        inside = (np.arange(self.lifting) + shifts[:, None]) % self.lifting
        return torch.from_numpy(blocks[:, None] * self.lifting + inside).flatten()


def base_graph(k: int, n: int) -> BaseGraph:
    """The graph for one code block of ``k`` bits at rate k/n (38.212, 7.2.2, with k in the place of A).

    Raises:
        ValueError: the block is too long for the base graph of its rate.
    """
    number = 2 if k <= 292 or (k <= 3824 and k / n <= 0.67) or k / n <= 0.25 else 1
    longest = {1: 8448, 2: 3840}[number]
    if k > longest:
        raise ValueError(f"base graph {number}, that of rate {k / n:.3f}, carries k <= {longest} bits a block, not {k}")
    lifting = _lifting_size(k, number)
    table = _table(number)
    return BaseGraph(
        rows=table[:, 0],
        columns=table[:, 1],
        shifts=table[:, 2 + LIFTING_SIZES[lifting]] % lifting,
        lifting=lifting,
        information_columns={1: 22, 2: 10}[number],
    )


def _lifting_size(k: int, number: int) -> int:
    """Smallest Z_c with K_b Z_c >= k, where base graph 2 counts fewer columns for short blocks."""
    columns = 22 if number == 1 else 10 if k > 640 else 9 if k > 560 else 8 if k > 192 else 6
    return min(size for size in LIFTING_SIZES if columns * size >= k)


@cache
def _table(number: int) -> np.ndarray:
    """Rows (row, column, V_0 ... V_7) of 38.212 table 5.3.2-2 (number 1) or 5.3.2-3 (number 2)."""
    return np.loadtxt(Path(__file__).with_name(f"bg{number}.csv"), delimiter=",", skiprows=1, dtype=np.int64)
