"""What a process writes, kept within bounds: the beginning, and the end, where errors stand."""

from __future__ import annotations

import os
import select
from collections import deque
from pathlib import Path
from typing import IO

HEAD = 8 << 20
"""So many bytes from the beginning are kept."""
TAIL = 1 << 20
"""And at least so many from the end, with a line between them that says how many are not."""

_BLOCK = 1 << 16


class Log:
    """A file that takes what comes out of a pipe, of bounded size however much that is.

    A disk that is full ends the keeping, not the run.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)
        self._head = 0
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._dropped = 0

    def take(self, pipe: IO[bytes], seconds: float) -> bool:
        """Wait up to ``seconds`` for the pipe to say something, and keep it; false once its other end is closed."""
        if not _is_ready(pipe, seconds):
            return True
        data = os.read(pipe.fileno(), _BLOCK)
        self._keep(data)
        return bool(data)

    def take_rest(self, pipe: IO[bytes]) -> None:
        """Keep what is in the pipe already, without waiting for more."""
        while _is_ready(pipe, 0) and (data := os.read(pipe.fileno(), _BLOCK)):
            self._keep(data)

    def close(self) -> Path:
        """Write the end; return the file's path."""
        if self._dropped:
            self._write(b"\n[... %d bytes are not kept ...]\n" % self._dropped)
        for each in self._tail:
            self._write(each)
        self._file.close()
        return self._path

    def last_line(self) -> str:
        """The last line with anything on it, of a log that is closed; empty where there is none."""
        with self._path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = file.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _keep(self, data: bytes) -> None:
        room = HEAD - self._head
        if room > 0:
            self._write(data[:room])
            self._head += len(data[:room])
            data = data[room:]
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
        while self._tail and self._tail_size - len(self._tail[0]) >= TAIL:
            lost = self._tail.popleft()
            self._tail_size -= len(lost)
            self._dropped += len(lost)

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError:
            self._dropped += len(data)


def _is_ready(pipe: IO[bytes], seconds: float) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
