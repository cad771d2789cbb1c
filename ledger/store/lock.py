"""One writer at a time, and a fair turn for each.

SQLite's own busy handler polls, and a writer that polls can starve. Here writers wait in the kernel, and in two places:
whoever holds the queue is next. A writer in a loop must queue again, so it cannot overtake the one that waits.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import LedgerError


class WriterLock:
    """The locks beside a ledger's file. The kernel frees them when their process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._queue = _open(path.with_name(path.name + ".queue"))
        try:
            self._turn = _open(path.with_name(path.name + ".lock"))
        except LedgerError:
            os.close(self._queue)
            raise

    def acquire(self) -> None:
        """Wait for this writer's turn."""
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._turn, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._queue, fcntl.LOCK_UN)

    def release(self) -> None:
        """Give the turn to whoever waits next."""
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for this writer's turn, and hold it for the block."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def close(self) -> None:
        """Let go of the locks' files; a second time does nothing."""
        if self._turn >= 0:
            os.close(self._queue)
            os.close(self._turn)
            self._queue = self._turn = -1


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise LedgerError(
            f"cannot open the writers' lock {path}: {error.strerror}; check the folder's permissions"
        ) from None
