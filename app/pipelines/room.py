"""How much a run has written, watched while it runs: a run that fills the disk takes all others with it."""

from __future__ import annotations

import os
import time
from pathlib import Path

DEFAULT_MIB = 16 << 10
"""So many MiB may a run write, where its specification does not say."""

_SECONDS = 0.5
_SHARE = 20
_BLOCK = 512


class Room:
    """The room that a run has in its folder."""

    def __init__(self, folder: Path, limit: int | None) -> None:
        """``limit`` is in MiB; what is in the folder already does not count."""
        self.limit = DEFAULT_MIB if limit is None else limit
        self._folder = folder
        self._before = _used(folder)
        self._next = time.monotonic() + _SECONDS

    def is_used_up(self) -> bool:
        """Whether the run has written more than it may. It is looked at twice a second, and less often in large folders."""
        if time.monotonic() < self._next:
            return False
        began = time.monotonic()
        over = self.is_exceeded()
        ended = time.monotonic()
        self._next = ended + max(_SECONDS, _SHARE * (ended - began))
        return over

    def is_exceeded(self) -> bool:
        """Whether the run has written more than it may, as of now."""
        return self.written() > self.limit << 20

    def written(self) -> int:
        """How many bytes the run's files take on the disk now."""
        return _used(self._folder) - self._before


def _used(folder: Path) -> int:
    """The bytes that a folder's files take on the disk; files may come and go meanwhile."""
    total = 0
    for inner, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(inner, name)).st_blocks * _BLOCK  # noqa: PTH118  (a hot loop)
            except OSError:
                continue
    return total
