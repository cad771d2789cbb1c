"""The dashboard's one way to the ledger: queries on worker threads, each thread with a read-only connection of its own.

What comes back is plain frozen data. Nothing here knows a widget. The ledger's code is imported by the first
question, not with this module, so that the first frame does not wait for it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.tui.queries.tally import Tally

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.projections.view import View

Answered = TypeVar("Answered")

POLL_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Moment:
    """As of which event the dashboard looks; ``at`` None is live. ``since``: what changed after that event is shown."""

    at: int | None = None
    since: int | None = None

    @property
    def live(self) -> bool:
        """Whether new events are shown as they come."""
        return self.at is None


class Gateway:
    """Asks the ledger at ``path``. Every method may be called on any thread but the one that draws."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.local()
        self._opened: list[Ledger] = []
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self._tally: tuple[object, Tally] = (None, Tally())

    @property
    def tally(self) -> Tally:
        """What was counted of the file in place; of another file in its place nothing is known."""
        stamp = _stamp(self.path)
        if self._tally[0] != stamp:
            self._tally = (stamp, Tally())
        return self._tally[1]

    def ledger(self) -> Ledger:
        """This thread's ledger, open for reading; opened anew where the file was replaced.

        Raises:
            InputError: the file is gone.
            LedgerError: the file cannot serve.
        """
        import ledger.ledger as ledgers

        stamp = _stamp(self.path)
        mine: tuple[Ledger, object] | None = getattr(self._threads, "open", None)
        if mine is not None and mine[1] == stamp:
            return mine[0]
        if mine is not None:
            # Forgotten before it is closed: a file that comes back may bear the number of the one that is gone.
            self._threads.open = None
            mine[0].close()
        opened = ledgers.open(self.path, read_only=True)
        self._threads.open = (opened, stamp)
        with self._guard:
            self._opened.append(opened)
        return opened

    def ask(self, query: Callable[[View], Answered], at: int | None = None) -> Answered:
        """The query's answer as of event ``at`` (None: as of now), all of it from one snapshot of the database.

        Raises:
            AssayError: the ledger cannot serve, or cannot answer.
        """
        opened = self.ledger()
        connection = opened.connection
        try:
            connection.execute("BEGIN")
            try:
                # Beyond the end: an older copy may have been put in the file's place.
                size = opened.size
                return query(opened.view(at if at is None or at < size else None))
            finally:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            from ledger.store.sqlite import unusable

            raise unusable(error, self.path) from error

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed``, on a thread of its own, whenever the database has changed since now: by whomever."""
        state = _State(self.path)
        state.changed()

        def follow() -> None:
            while not self._stop.wait(POLL_SECONDS):
                if state.changed():
                    changed()
            state.close()

        self._watcher = threading.Thread(target=follow, name="assay-watch", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop watching and close every connection."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join(timeout=2 * POLL_SECONDS)
        with self._guard:
            for opened in self._opened:
                with suppress(sqlite3.Error):
                    opened.close()
            self._opened.clear()


class _State:
    """What is remembered of the file to see that it changed; used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._stamp: object = None
        self._seen: object = None

    def changed(self) -> bool:
        """Whether it changed since the last call; a file that cannot be read now is said once."""
        before, self._seen = self._seen, self._read()
        return before != self._seen

    def _read(self) -> object:
        stamp = _stamp(self._path)
        if stamp is None:
            self.close()
            return None
        try:
            if self._connection is None or stamp != self._stamp:
                self.close()
                uri = f"{self._path.resolve().as_uri()}?mode=ro"
                self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
                self._stamp = stamp
            return (stamp, self._connection.execute("PRAGMA data_version").fetchone()[0])
        except (OSError, sqlite3.Error):
            self.close()
            return (stamp, None)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _stamp(path: Path) -> object:
    """What tells a file from another in its place; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
