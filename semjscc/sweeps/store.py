"""Rows on disk as they are done, so that nothing is done twice, by whoever goes on.

::

    FOLDER/DIGEST/identity.json             what the rows depend on; DIGEST is of that
                  facts.json                what the system says of itself
                  3.3/00000016.parquet      rows of the chunk that begins with image 16, at 3.3 dB
                  lock                      a byte for each chunk, locked while somebody works on it

Every file is written whole or not at all, and none is ever changed or deleted: rows that depend on something else have
a folder of their own. Locks are the kernel's, which lets go of them when a process ends, however it ends; on a network
file system they hold between machines.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from semjscc.results import put
from semjscc.rows import DamagedRows, Rows, from_bytes, to_bytes
from semjscc.sweeps.identity import differences, digest


class Store:
    """What is done of one system on one data set.

    Args:
        folder: of all stores of this system's name on this data set
        identity: what every row depends on, see :func:`semjscc.sweeps.identity.identity`
    """

    def __init__(self, folder: Path, identity: dict[str, Any]):
        self.identity, self.folder = identity, folder / digest(identity)
        self.fresh = not (self.folder / "identity.json").exists()
        self.others = [path for path in folder.glob("*/identity.json") if path.parent != self.folder]
        self._lock: int | None = None

    def begin(self) -> None:
        """Makes the folder; before, a store may be looked into."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.fresh:
            put(self.folder / "identity.json", json.dumps(self.identity, indent=1).encode())

    def anew(self) -> str:
        """Why nothing is here yet although there are rows of the same name; empty otherwise."""
        if not self.fresh or not self.others:
            return ""
        latest = max(self.others, key=lambda path: path.stat().st_mtime)
        return differences(_read(latest) or {}, self.identity)

    @property
    def facts(self) -> dict[str, Any] | None:
        """What was said of the system, if it was."""
        return _read(self.folder / "facts.json")

    @facts.setter
    def facts(self, facts: dict[str, Any]) -> None:
        put(self.folder / "facts.json", json.dumps(facts).encode())

    def read(self, snr_db: float, start: int) -> tuple[Rows, float] | None:
        """Rows and the seconds that they took, or None where they are not there or not whole."""
        try:
            return from_bytes(self._path(snr_db, start).read_bytes())
        except (FileNotFoundError, DamagedRows):
            return None

    def write(self, snr_db: float, start: int, rows: Rows, seconds: float) -> None:
        path = self._path(snr_db, start)
        path.parent.mkdir(exist_ok=True)
        for left in path.parent.glob(f".{path.name}.*.part"):  # by one who was killed: the chunk is ours now
            left.unlink()
        put(path, to_bytes(rows, seconds))

    @contextmanager
    def claim(self, start: int, wait: bool) -> Iterator[bool]:
        """Whether the chunk that begins at ``start`` is ours for the while; with ``wait``, when it is.

        Raises:
            OSError: this file system knows no locks.
        """
        if self._lock is None:
            self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, start)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                words = f"{self.folder} cannot be locked: {error.strerror}; choose another --out"
                raise OSError(error.errno, words) from error
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN, 1, start)

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _path(self, snr_db: float, start: int) -> Path:
        return self.folder / repr(float(snr_db)) / f"{start:08d}.parquet"


def _read(path: Path) -> dict[str, Any] | None:
    """What a file of ours holds; None where it is not there, or damaged."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
