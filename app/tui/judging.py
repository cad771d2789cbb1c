"""Who judges maturity for the dashboard: beside it, in a process of its own, where there is much evidence.

There it takes neither the dashboard's memory nor the time in which keys are answered. It ends when nobody has asked for a
while, and with the dashboard.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING, TypeVar

from ledger.errors import AssayError, LedgerError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.tui.queries.kept import Kept

Found = TypeVar("Found")
Question = Callable[["Context", "Kept"], Found]
"""A function of a module, its other arguments given by ``partial``: another process can be asked it."""

MUCH = 20_000
"""Events from which on another process judges."""

IDLE_SECONDS = 45.0
"""For how long the process stays when nobody asks."""


class Unwanted(AssayError):
    """A question whose answer came to be of no use before its turn."""


class Judge:
    """Answers questions about the ledger at ``path``, one at a time; on any thread but the one that draws."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._root = root
        self._guard = Lock()
        self._kept: Kept | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: Timer | None = None
        self._closed = False

    def ask(self, query: Question[Found], at: int | None, *, size: int, wanted: Callable[[], bool]) -> Found:
        """The answer as of an event.

        Args:
            query: the question.
            at: as of which event; None is now.
            size: how many events the ledger holds.
            wanted: whether somebody still waits for the answer.

        Raises:
            Unwanted: nobody waits for it any more when its turn comes.
            AssayError: the ledger cannot serve, or the process has ended.
        """
        with self._guard:
            if self._closed or not wanted():
                raise Unwanted("nobody waits for the answer any more")
            return self._here(query, at) if size < MUCH else self._beside(query, at)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        if self._idle is not None:
            self._idle.cancel()

    def _here(self, query: Question[Found], at: int | None) -> Found:
        from app.tui.queries.kept import Kept

        self._kept = self._kept or Kept()
        return _answer(self._path, self._root, query, at, self._kept)

    def _beside(self, query: Question[Found], at: int | None) -> Found:
        if self._idle is not None:
            self._idle.cancel()
        process = self._process
        if process is None or process.poll() is not None:
            command = [sys.executable, "-P", "-m", "app.tui.judging", str(self._path), str(self._root)]
            # A session of its own: where the processor is shared out by sessions, no key waits for it.
            process = self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump((query, at), process.stdin)
            process.stdin.flush()
            told, found = pickle.load(process.stdout)  # noqa: S301  (our own process)
        except (OSError, EOFError, pickle.UnpicklingError):
            self._end(process)
            raise LedgerError("the process that judges maturity has ended; asking again starts it anew") from None
        self._idle = Timer(IDLE_SECONDS, self._leave)
        self._idle.daemon = True
        self._idle.start()
        if told:
            return found  # type: ignore[no-any-return]  # what the query gives
        raise LedgerError(found)

    def _leave(self) -> None:
        with self._guard:
            if self._process is not None:
                self._end(self._process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _answer(path: Path, root: Path, query: Question[Found], at: int | None, kept: Kept) -> Found:
    from app.actions.context import Context

    with Context(ledger=str(path), at=None if at is None else str(at), start=root) as context:
        return query(context, kept)


def main(path: Path, root: Path) -> None:
    """Answer questions from the standard input on the standard output until there are no more."""
    from app.tui.queries.kept import Kept

    kept, said = Kept(), sys.stdout.buffer
    while True:
        try:
            query, at = pickle.load(sys.stdin.buffer)  # noqa: S301  (our own process)
        except EOFError:
            return
        try:
            answer: tuple[bool, object] = (True, _answer(path, root, query, at, kept))
        except AssayError as error:
            answer = (False, str(error))
        except Exception as error:  # one line for the dashboard, whatever it is
            answer = (False, f"{type(error).__name__}: {error}")
        pickle.dump(answer, said)
        said.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
