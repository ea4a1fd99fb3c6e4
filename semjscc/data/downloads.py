"""Where published data sets lie, how they get there, and one clear error when they do not."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen
from zipfile import BadZipFile

from tqdm import tqdm

TIMEOUT = 20  # [s] for an address to answer


class MissingData(FileNotFoundError):
    """A data set that is not here: the message says which folder was looked in, and how to fill it."""


@dataclass(frozen=True)
class Origin:
    """The address of a file or an archive, and its MD5 sum where one is published."""

    url: str
    md5: str | None = None


def home(name: str, root: str | None = None) -> Path:
    """The folder of a data set: ``root``, else ``$SEMJSCC_DATA/name``, else ``~/.cache/semjscc/name``."""
    default = os.environ.get("SEMJSCC_DATA") or "~/.cache/semjscc"
    return Path(root or f"{default}/{name}").expanduser()


def fetched(name: str, parts: Mapping[str, Origin], root: str | None = None) -> Path:
    """The folder of a data set, with all its ``parts``: those that are missing are fetched from where they come from.

    A part is a path below the folder; it is a file at the address itself, or comes out of the archive that is there.
    A part that is there is left as it is, however it came.

    Raises:
        MissingData: a part is missing, and its address does not answer, or sends something else than the sum says.
    """
    folder = home(name, root)
    for part, origin in parts.items():
        if (folder / part).exists():
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _fetch(origin, folder)
            (folder / part).stat()
        except (OSError, BadZipFile) as error:
            raise MissingData(
                f"no {name} in {folder}: {part} is missing and did not come from {origin.url} ({error}); "
                f"put it there, or name another folder by root or $SEMJSCC_DATA"
            ) from error
    return folder


def _fetch(origin: Origin, folder: Path) -> None:
    """A file, or what is in an archive, into ``folder``; a download that breaks off leaves nothing."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
        file = Path(scratch, origin.url.rsplit("/", 1)[1])
        _download(origin, file)
        if file.name.endswith((".zip", ".tar.gz")):
            shutil.unpack_archive(file, Path(scratch, "unpacked"), filter=None if file.suffix == ".zip" else "data")
            _move(Path(scratch, "unpacked"), folder)
        else:
            file.replace(folder / file.name)


def _download(origin: Origin, file: Path) -> None:
    with urlopen(origin.url, timeout=TIMEOUT) as answer, file.open("wb") as kept:
        size = int(answer.headers.get("Content-Length") or 0)
        with tqdm.wrapattr(kept, "write", total=size or None, desc=file.name) as counted:
            shutil.copyfileobj(answer, counted)
    with file.open("rb") as whole:
        if origin.md5 and hashlib.file_digest(whole, "md5").hexdigest() != origin.md5:
            raise OSError(f"its MD5 sum is not {origin.md5}")


def _move(source: Path, target: Path) -> None:
    """What is in one folder into another, where folders of the same name become one."""
    for entry in source.iterdir():
        if entry.is_dir() and (target / entry.name).is_dir():
            _move(entry, target / entry.name)
        else:
            entry.replace(target / entry.name)
