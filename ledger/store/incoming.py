"""One object on its way into the store: written beside the others, synchronised, renamed; or not there at all."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ledger.errors import LedgerError
from ledger.format.hashes import Digester

_PREFIX = ".incoming-"


class Incoming:
    """A file in the store's folder, locked while it is written; a context manager that removes what was not kept.

    Every method raises OSError as the disk does.
    """

    def __init__(self, root: Path) -> None:
        self._digester = Digester()
        while True:
            handle, name = tempfile.mkstemp(prefix=_PREFIX, dir=root)
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Another process may have swept it between its making and its locking.
            if os.fstat(handle).st_nlink:
                break
            os.close(handle)
        # Unbuffered: blocks are large, and closing after an error has nothing left to write to a full disk.
        self._file = os.fdopen(handle, "wb", buffering=0)
        self._path = Path(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()

    @property
    def path(self) -> Path:
        """Where the bytes lie meanwhile."""
        return self._path

    @property
    def digest(self) -> str:
        """Of the bytes written so far."""
        return self._digester.digest()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._digester.size

    def write(self, data: bytes) -> None:
        """Hash and write the next bytes."""
        self._digester.update(data)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def keep(self, goal: Path) -> None:
        """Move the file to its name, read-only; on return it is on the disk."""
        os.fchmod(self._file.fileno(), 0o444)
        os.fsync(self._file.fileno())
        if not goal.parent.is_dir():
            goal.parent.mkdir(exist_ok=True)
            sync_folder(goal.parent.parent)
        self._path.rename(goal)
        sync_folder(goal.parent)


def sweep(root: Path) -> None:
    """Remove what killed writers left half written: files that no living process has locked."""
    for left in root.glob(f"{_PREFIX}*"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def sync_folder(folder: Path) -> None:
    """Have the disk remember which files a folder holds."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def trouble(error: OSError, place: Path) -> LedgerError:
    """Say in one line why bytes could not be written below ``place``."""
    why = {
        errno.ENOSPC: "the disk is full; free some space, nothing is left half written",
        errno.EDQUOT: "the disk's quota is used up; free some space, nothing is left half written",
        errno.EROFS: "the disk is read-only",
        errno.EACCES: "it may not be written; check the folder's permissions",
        errno.EPERM: "it may not be written; check the folder's permissions",
        errno.ENOENT: "no file can be made in that folder" if place.parent.is_dir() else "its folder is gone",
    }.get(error.errno or 0, f"{error.strerror or error}")
    return LedgerError(f"cannot write {place}: {why}")
