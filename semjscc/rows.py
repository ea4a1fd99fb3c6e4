"""Rows of figures, one for each picture at each SNR: a table by columns, and the Parquet file that it is kept in."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = dict[str, list[Any]]  # columns of one length; None where a picture has no such figure

WORDS = ("image", "picture", "snr_db", "sent", "heard", "sent_png", "delivered_png")  # every other column is a figure
KINDS = {"image": pa.int64(), "snr_db": pa.float64()} | dict.fromkeys(("picture", "sent", "heard"), pa.string())
KINDS |= dict.fromkeys(("sent_png", "delivered_png"), pa.binary())


class DamagedRows(ValueError):
    """Bytes that are no table of rows."""


def joined(parts: Iterable[Rows]) -> Rows:
    """One table below the other; what one of them lacks is None there."""
    found: Rows = {}
    length = 0
    for part in parts:
        more = count(part)
        for name in [*found, *(name for name in part if name not in found)]:
            found.setdefault(name, [None] * length).extend(part.get(name, [None] * more))
        length += more
    return found


def count(rows: Rows) -> int:
    """How many rows there are."""
    return len(next(iter(rows.values()), []))


def where(rows: Rows, column: str, values: Sequence[Any]) -> Rows:
    """The rows whose ``column`` is one of ``values``."""
    keep = [i for i, value in enumerate(rows[column]) if value in values]
    return {name: [column[i] for i in keep] for name, column in rows.items()}


def figures(rows: Rows) -> Rows:
    """The columns of figures that every picture has."""
    return {name: column for name, column in rows.items() if name not in WORDS and None not in column}


def to_bytes(rows: Rows, seconds: float = 0.0) -> bytes:
    """A Parquet file of ``rows``, and of how long they took; the same for the same rows."""
    kinds = [(name, KINDS.get(name, pa.float64())) for name in rows]
    schema = pa.schema(kinds, {"seconds": repr(seconds)})
    file = io.BytesIO()
    pq.write_table(pa.table([pa.array(rows[name], kind) for name, kind in kinds], schema=schema), file)
    return file.getvalue()


def from_bytes(content: bytes) -> tuple[Rows, float]:
    """What :func:`to_bytes` was given; raises :class:`DamagedRows`."""
    try:
        table = pq.read_table(io.BytesIO(content))
        rows = table.to_pydict()
        if not {"image", "snr_db"} <= rows.keys():
            raise DamagedRows("it has no columns image and snr_db")
        return rows, float((table.schema.metadata or {}).get(b"seconds", b"0"))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DamagedRows(" ".join(str(error).split())) from error
