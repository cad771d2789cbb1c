"""``python -m tests.ledger.store.operations WHAT FOLDER``: one operation on a ledger, for whoever watches its system calls.

Writes ``begin`` when all is ready, ``done N`` with the ledger's size once the operation is acknowledged, and ``failed …``
with the message where it failed; then it is tried again: ``again N``, or a second ``failed …``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import ledger
from ledger import Entry, Ledger
from ledger.errors import AssayError
from ledger.events.monitors import MonitorObserved
from ledger.store import backup
from tests.ledger.story import ORIGIN, secret

BATCH = 100
CYCLE = 8
COPY = "copy.db"
OBJECT = bytes(range(256)) * 40


def say(text: str) -> None:
    with suppress(OSError):  # nobody has heard it then
        os.write(1, f"{text}\n".encode())


def observation(n: int) -> Entry:
    return Entry(MonitorObserved("drift", "drift", 0.5, False, 0.7, n=n), "model/fx/vol@1", "svc:monitor", "fx")


def record(book: Ledger) -> None:
    book.record_many([observation(0)])


def record_many(book: Ledger) -> None:
    book.record_many([observation(n) for n in range(BATCH)])


def checkpoint(book: Ledger) -> None:
    book.checkpoint()


def rebuild(book: Ledger) -> None:
    book.rebuild()


def back_up(book: Ledger) -> None:
    backup.copy(book.path, book.path.with_name(COPY))


def put(book: Ledger) -> None:
    """Store an object, which an event may then name."""
    book.objects.put_bytes(OBJECT)


def cycle(book: Ledger) -> None:
    """Appends among which SQLite folds its log into the database, and begins it again; each is acknowledged."""
    book.connection.execute("PRAGMA wal_autocheckpoint = 12")
    for _ in range(CYCLE):
        record(book)
        say(f"done {book.size}")


ON_A_LEDGER: dict[str, Callable[[Ledger], None]] = {
    "record": record,
    "record_many": record_many,
    "checkpoint": checkpoint,
    "rebuild": rebuild,
    "cycle": cycle,
    "backup": back_up,
    "put": put,
}


def open_ledger(folder: Path) -> Ledger:
    return ledger.open(folder / "ledger.db", keys=folder / "keys")


def create(folder: Path) -> Ledger:
    return ledger.create(
        folder / "ledger.db", origin=ORIGIN, administrators={"ivy": str(secret("ivy").public)}, keys=folder / "keys"
    )


FROM_NOTHING: dict[str, Callable[[Path], Ledger]] = {"upgrade": open_ledger, "create": create}


def main(what: str, folder: Path) -> None:
    if what in FROM_NOTHING:
        say("begin")
        _attempt(lambda: FROM_NOTHING[what](folder).size)
        return
    book = open_ledger(folder)
    if what == "checkpoint":
        record(book)

    def work() -> int:
        (record if what == "close" else ON_A_LEDGER[what])(book)
        return book.size

    say("begin")
    _attempt(work)
    if what == "close":  # what was acknowledged is folded into the database, and the log removed
        book.close()


def _attempt(work: Callable[[], int]) -> None:
    try:
        say(f"done {work()}")
    except AssayError as error:
        say(f"failed {type(error).__name__} {error}")
        try:
            say(f"again {work()}")
        except AssayError as second:
            say(f"failed {type(second).__name__} {second}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
    os._exit(0)  # what is acknowledged is on the disk: nothing is left to do
