"""Table 7.5-6 of TR 38.901: the large-scale parameters of a scenario, for links with and without line of sight."""

import csv
import math
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

STATES = ("LoS", "NLoS", "O2I")  # columns, and what the numbers 0, 1, 2 of a link's state mean
CORRELATED = ("SF", "K", "DS", "ASD", "ASA", "ZSD", "ZSA")  # the order that step 4 of clause 7.5 asks for
TABLES = Path(__file__).with_name("tables")
Version = Literal["V19.2", "V16.1"]


class Table:
    """The parameters of a scenario at one frequency, a value for each state.

    Means and standard deviations are those of log10 of spreads in [s] and [deg], and [dB] of shadowing and K; distances
    are of correlation [m], 1 where a state has no such parameter.

    Args:
        version: of TR 38.901.
        frequency: [GHz].
        shift: means change with log10(shift + frequency).
    """

    def __init__(self, scenario: str, version: Version, frequency: float, shift: float = 0.0):
        rows = _rows(version, scenario)
        for name in [name for name in rows if name.endswith(" slope")]:
            x = math.log10(frequency + (shift if name != "c DS slope" else 0.0))
            rows[name.removesuffix(" slope")] += x * rows.pop(name)
        rows["c DS"] = torch.maximum(rows["c DS"], rows.pop("c DS min"))
        self.columns = {name: column for column, name in enumerate(rows)}
        self.values = torch.stack(list(rows.values()), 1)
        self.roots = torch.linalg.cholesky(self._correlations())

    def at(self, state: Int[Tensor, " batch"], like: Tensor) -> dict[str, Float[Tensor, "batch 1"]]:
        """Each link's parameters."""
        values = self.values.to(like)[state].split(1, 1)
        return {name: values[column] for name, column in self.columns.items()}

    def correlate(self, normal: Float[Tensor, "batch 7"], state: Int[Tensor, " batch"]) -> Float[Tensor, "batch 7"]:
        """Independent normals become correlated ones, in the order of ``CORRELATED``."""
        return (self.roots.to(normal)[state] @ normal[:, :, None])[..., 0]

    def _correlations(self) -> Float[Tensor, "3 7 7"]:
        matrix = torch.eye(len(CORRELATED), dtype=torch.float64).repeat(len(STATES), 1, 1)
        for i, first in enumerate(CORRELATED):
            for j, second in enumerate(CORRELATED[:i]):
                matrix[:, i, j] = matrix[:, j, i] = self.values[:, self.columns[f"{second} {first}"]]
        return matrix


def _rows(version: str, scenario: str) -> dict[str, Float[Tensor, "3"]]:
    path = TABLES / version / f"{scenario}.csv"
    if not path.exists():
        raise ValueError(f"version={version!r} is none of {', '.join(sorted(p.name for p in TABLES.glob('V*')))}")
    with path.open() as lines:
        names = csv.DictReader(lines)
        return {row["parameter"]: torch.tensor([float(row[state]) for state in STATES]).double() for row in names}
