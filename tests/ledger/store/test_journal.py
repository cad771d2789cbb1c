"""The journal on SQLite keeps the store's contract, and what is SQLite's own about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from ledger.errors import LedgerError
from ledger.store import journal, migration
from ledger.store.journal import Journal
from tests.ledger.store.contract import Meaning, Opened, Place, StoreContract, draft


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    migration.make(path)
    return path.read_bytes()


def opening(path: Path) -> Opened:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous = OFF")
    meaning = Meaning()
    writer = Journal(connection, path, meaning)

    def close() -> None:
        writer.close()
        connection.close()

    return Opened(
        writer,
        connection,
        meaning,
        size=partial(journal.size, connection),
        read=partial(journal.read, connection),
        position=partial(journal.position, connection),
        node=journal.node_getter(connection),
        close=close,
    )


@pytest.fixture
def path(template: bytes, tmp_path: Path) -> Path:
    made = tmp_path / "ledger.db"
    made.write_bytes(template)
    return made


@pytest.fixture
def place(path: Path) -> Iterator[Place]:
    made = Place(partial(opening, path))
    yield made
    for opened in made.opened:
        opened.close()


class TestJournal(StoreContract):
    @pytest.fixture
    def place(self, path: Path) -> Iterator[Place]:
        made = Place(partial(opening, path))
        yield made
        for opened in made.opened:
            opened.close()


class TestFailures:
    """What SQLite reports becomes one line that says what to do, and nothing is written."""

    def refused(self, store: Opened, path: Path, message: str) -> None:
        before = list(store.read())
        with pytest.raises(LedgerError) as caught:
            store.journal.append([draft(text="x" * 60_000)] * 40)
        assert str(caught.value) == message.format(path=path)
        assert list(store.read()) == before

    def test_a_full_disk(self, place: Place, path: Path) -> None:
        store = place.again()
        store.journal.append([draft()])
        pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
        store.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        self.refused(store, path, "the disk that holds {path} is full; nothing was recorded")
        store.connection.execute("PRAGMA max_page_count = 1000000")
        store.journal.append([draft()])
        assert store.size() == 2

    def test_another_program_that_holds_the_database(self, place: Place, path: Path) -> None:
        store = place.again()
        store.connection.execute("PRAGMA busy_timeout = 50")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.refused(store, path, "{path} is locked by another process; try again when it has finished")
        store.journal.append([draft()])

    def test_a_guard_that_was_walked_into(self, place: Place, path: Path) -> None:
        store = place.again()
        store.connection.execute(
            "CREATE TEMP TRIGGER t BEFORE INSERT ON main.events BEGIN SELECT RAISE(ABORT, 'guard: no'); END"
        )
        self.refused(store, path, "{path} cannot be used as a ledger: guard: no")

    def test_an_event_that_cannot_be_read(self, place: Place) -> None:
        store = place.again()
        store.journal.append([draft(), draft()])
        store.connection.execute("DROP TRIGGER events_keep_update")
        store.connection.execute("UPDATE events SET body = x'7b' WHERE seq = 1")
        with pytest.raises(
            LedgerError, match=r"event 1 cannot be read \(.*\); `assay verify` says what happened to it"
        ):
            list(store.read())
        with pytest.raises(LedgerError, match="event 1 cannot be read"):
            place.again().journal.append([draft()])
