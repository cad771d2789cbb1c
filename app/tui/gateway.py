"""The dashboard's one way to the ledger: queries on worker threads, each thread with a read-only connection of its own.

What comes back is plain frozen data. Nothing here knows a widget. The ledger's code is imported by the first
question, not
with this module, so that the first frame does not wait for it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.projections.view import View

Answered = TypeVar("Answered")

POLL_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Moment:
    """As of which event the dashboard looks; ``at`` None is live."""

    at: int | None = None

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
        """Call ``changed``, on a thread of its own, whenever the database has changed: appends of others included."""

        def follow() -> None:
            connection: sqlite3.Connection | None = None
            seen: object = None
            while not self._stop.wait(POLL_SECONDS):
                try:
                    stamp = _stamp(self.path)
                    if connection is None or (seen is not None and isinstance(seen, tuple) and seen[0] != stamp):
                        if connection is not None:
                            connection.close()
                        connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
                    now = (stamp, connection.execute("PRAGMA data_version").fetchone()[0])
                except (OSError, sqlite3.Error):
                    now = None
                if now != seen and seen is not None:
                    changed()
                seen = now or seen
            if connection is not None:
                connection.close()

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


def _stamp(path: Path) -> object:
    """What tells a file from another in its place; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
