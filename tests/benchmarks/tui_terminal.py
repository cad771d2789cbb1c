"""A program in a real pseudo-terminal, measured from outside: what it draws and when, what it costs, what it holds.

Bytes are stamped as they come and put on a screen only once the program pauses, so that the emulator's own work is in
no figure.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pexpect
import pyte

from tests.benchmarks.startup import ROWS, Stage, known_to_pyte

PATIENCE = 90.0
"""Seconds after which what was waited for is taken as never to come."""

_TICK = 1 / os.sysconf("SC_CLK_TCK")

Mask = Callable[[Sequence[str]], object]
"""What of a screen's lines is looked at."""


def everything(lines: Sequence[str]) -> object:
    """All lines but the last, which says what was noticed."""
    return tuple(lines[:-1])


class Terminal:
    """A program that runs in a pseudo-terminal of its own, with a home of its own, until this is left."""

    def __init__(self, words: Sequence[str], stage: Stage, columns: int = 120) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="assay-home-")
        environment = {**stage.environment, "HOME": self._home.name, "XDG_CONFIG_HOME": self._home.name}
        environment["XDG_STATE_HOME"] = self._home.name
        self.screen = pyte.Screen(columns, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._child = pexpect.spawn(
            words[0],
            list(words[1:]),
            cwd=str(stage.folder),
            env=environment,
            dimensions=(ROWS, columns),
            timeout=PATIENCE,
        )
        self._child.delaybeforesend = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._child.kill(signal.SIGKILL)
        self._child.wait()
        self._child.close()
        self._home.cleanup()

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        return list(self.screen.display)

    def burst(self, quiet: float, most: float = PATIENCE) -> list[tuple[float, bytes]]:
        """What the program writes until it pauses for ``quiet`` seconds, each piece with the moment that it came."""
        pieces: list[tuple[float, bytes]] = []
        until = time.perf_counter() + most
        while time.perf_counter() < until:
            try:
                piece = self._child.read_nonblocking(65_536, timeout=quiet)
            except (pexpect.TIMEOUT, pexpect.EOF):
                break
            pieces.append((time.perf_counter(), piece))
        return pieces

    def feed(self, piece: bytes) -> None:
        """Put what was written on the screen."""
        self._stream.feed(known_to_pyte(piece))

    def settle(self, quiet: float = 0.4) -> None:
        """Wait until the program pauses."""
        for _, piece in self.burst(quiet):
            self.feed(piece)

    def until(self, wanted: Callable[[Sequence[str]], bool], quiet: float = 0.05) -> float:
        """The moment at which the screen is as wanted.

        Raises:
            TimeoutError: it never is; the message holds what was drawn.
        """
        end = time.perf_counter() + PATIENCE
        if wanted(self.lines):
            return time.perf_counter()
        while time.perf_counter() < end:
            found = None
            for at, piece in self.burst(quiet, 1.0):
                self.feed(piece)
                if found is None and wanted(self.lines):
                    found = at
            if found is not None:
                return found
        drawn = "\n".join(line.rstrip() for line in self.lines if line.strip())
        raise TimeoutError(f"what was waited for did not come; on the screen was:\n{drawn}")

    def says(self, words: str) -> float:
        """The moment at which the words are on the screen."""
        return self.until(lambda lines: any(words in line for line in lines))

    def press(self, keys: str) -> float:
        """Type; returns the moment of it."""
        began = time.perf_counter()
        self._child.send(keys)
        return began

    def latency(self, keys: str, changed: Callable[[pyte.Screen], object], quiet: float = 0.05) -> float:
        """Seconds from a key to the frame that answers it: the first on which ``changed`` gives something else."""
        before = changed(self.screen)
        began = self.press(keys)
        while time.perf_counter() - began < PATIENCE:
            answered = None
            for at, piece in self.burst(quiet, 0.4):
                self.feed(piece)
                if answered is None and changed(self.screen) != before:
                    answered = at
            if answered is not None:
                return answered - began
        raise TimeoutError(f"nothing answered {keys!r}")

    def finished(self, keys: str, quiet: float, mask: Mask = everything) -> float:
        """Seconds from a key until what ``mask`` shows is what it stays; 0 where the key changed nothing."""
        before = mask(self.lines)
        began = self.press(keys)
        stood: list[tuple[float, object]] = []
        pieces = self.burst(quiet)
        for at, piece in pieces:
            self.feed(piece)
            stood.append((at, mask(self.lines)))
        if not stood or stood[-1][1] == before:
            return 0.0
        last = stood[-1][1]
        return next(at for at, shown in stood if shown == last) - began

    def seconds(self) -> float:
        """The processor time that the program has taken so far, all threads and ended children."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) * _TICK

    def megabytes(self) -> float:
        """What the program holds of the memory: its resident set size."""
        return _resident(self._child.pid)

    def beside(self) -> float:
        """What the processes that it started hold."""
        return sum(map(_resident, family(self._child.pid)[1:]))


def family(pid: int) -> list[int]:
    """A process and all that it has started, and these."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(word) for file in children for word in file.read_text(encoding="ascii").split()]
    return [pid, *(each for child in found for each in family(child))]


def _resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def cursor(screen: pyte.Screen) -> object:
    """Which rows of a list stand out by their colour at its left edge: where the cursor is."""
    grounds = [(screen.buffer[y][4].bg, screen.buffer[y][4].reverse) for y in range(screen.lines)]
    usual = max(set(grounds), key=grounds.count)
    numbers = [screen.display[y][:14] for y, ground in enumerate(grounds) if ground != usual]
    return tuple(numbers)
