"""The tables and their guards: what the migrations make is what the code expects, and accidents are refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.format.event import ZERO_PREV
from ledger.projections.folding import STATEMENTS
from ledger.store import migration, schema


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    migration.make(path)
    return path


@pytest.fixture
def database(empty: Path) -> Iterator[sqlite3.Connection]:
    """An empty ledger in memory."""
    with closing(sqlite3.connect(empty)) as source, closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        source.backup(copy)
        yield copy


def body(prev: str) -> bytes:
    return b'{"prev":"%b"}' % prev.encode()


def insert(database: sqlite3.Connection, seq: int | None, prev: str, verb: str = "INSERT") -> None:
    row = (seq, bytes([7]) * 32, body(prev), "t", "s", None, "a", "2026", None)
    database.execute(f"{verb} INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


class TestMigrations:
    def test_they_arrive_at_the_schema(self, database: sqlite3.Connection) -> None:
        assert schema.difference(database, STATEMENTS) == []

    def test_their_text_is_the_schema_to_the_letter(self, database: sqlite3.Connection) -> None:
        made = database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
        assert {sql for (sql,) in made} == {*schema.RECORD, *STATEMENTS}

    def test_the_newest_is_the_one_that_the_code_knows(self, database: sqlite3.Connection) -> None:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.REVISION,)]
        newest = max(path.name for path in (migration.scripts() / "versions").glob("[0-9]*.py"))
        assert newest.startswith(schema.REVISION)

    def test_all_tables_are_strict(self, database: sqlite3.Connection) -> None:
        listed = database.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
        loose = {name for name, strict in listed if not strict}
        assert loose == {"alembic_version", "sqlite_schema"}

    def test_the_file_says_what_it_is(self, empty: Path) -> None:
        assert empty.read_bytes()[68:72] == b"ASSY"
        with closing(sqlite3.connect(empty)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


class TestDifference:
    """Every part of the schema that is dropped, changed or added is named."""

    @pytest.mark.parametrize("statement", [*schema.RECORD, *STATEMENTS], ids=schema.entity)
    def test_dropped(self, database: sqlite3.Connection, statement: str) -> None:
        kind, name = statement.split()[1], schema.entity(statement)
        database.execute(f"DROP {kind} {name}")
        found = schema.difference(database, STATEMENTS)
        assert f"{name} is missing" in found
        if kind != "TABLE":
            assert len(found) == 1

    @pytest.mark.parametrize("statement", schema.GUARDS, ids=schema.entity)
    def test_a_guard_that_does_nothing(self, database: sqlite3.Connection, statement: str) -> None:
        name = schema.entity(statement)
        database.execute(f"DROP TRIGGER {name}")
        database.execute(statement.replace("RAISE(ABORT,", "length("))
        assert schema.difference(database, STATEMENTS) == [f"{name} is not as the schema defines it"]

    def test_a_guard_that_is_never_called(self, database: sqlite3.Connection) -> None:
        statement = schema.GUARDS[0]
        database.execute(f"DROP TRIGGER {schema.entity(statement)}")
        database.execute(statement.replace("BEGIN", "WHEN 0 BEGIN", 1))
        assert schema.difference(database, STATEMENTS) == ["events_keep_update is not as the schema defines it"]

    @pytest.mark.parametrize(
        ("statement", "name"),
        [
            ("CREATE TABLE extra (a)", "extra"),
            ("CREATE VIEW extra AS SELECT 1", "extra"),
            ("CREATE INDEX extra ON events (at)", "extra"),
            ("CREATE TRIGGER extra AFTER INSERT ON events BEGIN SELECT 1; END", "extra"),
            ("CREATE TABLE sqlitexstat1 (a)", "sqlitexstat1"),
        ],
    )
    def test_added(self, database: sqlite3.Connection, statement: str, name: str) -> None:
        database.execute(statement)
        assert schema.difference(database, STATEMENTS) == [f"{name} is not part of the schema"]

    def test_a_table_that_forgets_a_column(self, database: sqlite3.Connection) -> None:
        database.execute("ALTER TABLE nodes RENAME COLUMN idx TO place")
        assert "nodes is not as the schema defines it" in schema.difference(database, STATEMENTS)

    @pytest.mark.parametrize("column", ["type", "name", "tbl_name", "sql"])
    def test_the_schema_table_written_by_hand(self, database: sqlite3.Connection, column: str) -> None:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(f"UPDATE sqlite_master SET {column} = {column} || ' ' WHERE name = 'events_keep_update'")
        assert schema.difference(database, STATEMENTS)

    def test_statistics_are_nobodys_business(self, database: sqlite3.Connection) -> None:
        database.execute("ANALYZE")
        assert schema.difference(database, STATEMENTS) == []

    @pytest.mark.parametrize("pragma", ["application_id", "user_version"])
    def test_a_mark_of_the_file(self, database: sqlite3.Connection, pragma: str) -> None:
        database.execute(f"PRAGMA {pragma} = 7")
        assert schema.difference(database, STATEMENTS) == [
            f"{pragma} is 0x7, not {schema.MARKS[pragma]:#x}",
        ]

    @pytest.mark.parametrize("change", ["DELETE FROM", "UPDATE", "INSERT INTO"])
    def test_the_revision(self, database: sqlite3.Connection, change: str) -> None:
        end = {"DELETE FROM": "", "UPDATE": "SET version_num = 'head'", "INSERT INTO": "VALUES ('0001')"}[change]
        database.execute(f"{change} alembic_version {end}")
        found = schema.difference(database, STATEMENTS)
        assert len(found) == 1
        assert found[0].startswith("alembic_version says ")


class TestGuards:
    """Accidents are impossible: what is recorded is neither changed nor removed nor replaced."""

    @pytest.fixture
    def filled(self, database: sqlite3.Connection) -> sqlite3.Connection:
        insert(database, 0, ZERO_PREV)
        database.execute("INSERT INTO nodes VALUES (1, 0, x'00')")
        database.execute("INSERT INTO checkpoints VALUES (1, 'note')")
        return database

    def refused(self, database: sqlite3.Connection, statement: str, *values: object) -> None:
        before = [database.execute(f"SELECT * FROM {t}").fetchall() for t in ("events", "nodes", "checkpoints")]
        with pytest.raises(sqlite3.DatabaseError, match=r"guard: |datatype mismatch"):
            database.execute(statement, values)
        after = [database.execute(f"SELECT * FROM {t}").fetchall() for t in ("events", "nodes", "checkpoints")]
        assert after == before

    @pytest.mark.parametrize("table", ["events", "nodes", "checkpoints"])
    def test_nothing_is_deleted(self, filled: sqlite3.Connection, table: str) -> None:
        self.refused(filled, f"DELETE FROM {table}")

    @pytest.mark.parametrize(
        "change",
        [
            *(f"events SET {c} = {c}" for c in ("seq", "hash", "body", "type", "subject", "project", "at", "cause")),
            *(f"nodes SET {column} = {column}" for column in ("level", "idx", "hash")),
            *(f"checkpoints SET {column} = {column}" for column in ("size", "note", "rowid")),
        ],
    )
    def test_nothing_is_updated(self, filled: sqlite3.Connection, change: str) -> None:
        self.refused(filled, f"UPDATE {change}")
        self.refused(filled, f"UPDATE OR REPLACE {change}")

    @pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
    @pytest.mark.parametrize("seq", [None, -1, 0, 2, 2**62])
    def test_an_event_takes_the_next_place_alone(self, filled: sqlite3.Connection, seq: int | None, verb: str) -> None:
        for prev in (ZERO_PREV, "07" * 32):
            with pytest.raises(sqlite3.IntegrityError, match="guard: an event must follow the last one"):
                insert(filled, seq, prev, verb)

    @pytest.mark.parametrize("prev", [ZERO_PREV, "08" * 32, "07" * 31, "", "0X" + "07" * 31])
    def test_an_event_names_the_last_hash(self, filled: sqlite3.Connection, prev: str) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="guard: an event must follow the last one"):
            insert(filled, 1, prev)

    def test_an_event_without_prev(self, filled: sqlite3.Connection) -> None:
        self.refused(filled, "INSERT INTO events VALUES (1, x'00', ?, 't', 's', NULL, 'a', '2026', NULL)", b"{}")

    def test_the_first_event_has_zeros_before_it(self, database: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="guard"):
            insert(database, 0, "07" * 32)
        insert(database, 0, ZERO_PREV)

    def test_what_follows_is_let_in(self, filled: sqlite3.Connection) -> None:
        insert(filled, 1, "07" * 32)
        filled.execute("INSERT INTO nodes VALUES (1, 1, x'00')")
        filled.execute("INSERT INTO checkpoints VALUES (1, 'the same size, a cosignature more')")
        assert filled.execute("SELECT count(*) FROM events").fetchone() == (2,)
        assert filled.execute("SELECT count(*) FROM checkpoints").fetchone() == (2,)

    @pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"])
    def test_a_node_or_checkpoint_is_not_replaced(self, filled: sqlite3.Connection, verb: str) -> None:
        self.refused(filled, f"{verb} INTO nodes VALUES (1, 0, x'11')")
        self.refused(filled, f"{verb} INTO checkpoints (rowid, size, note) VALUES (1, 1, 'other')")

    @pytest.mark.parametrize("verb", ["INSERT INTO", "INSERT OR REPLACE INTO"])
    def test_an_upsert_changes_nothing(self, filled: sqlite3.Connection, verb: str) -> None:
        if verb == "INSERT INTO":
            self.refused(
                filled, "INSERT INTO nodes VALUES (1, 0, x'11') ON CONFLICT DO UPDATE SET hash = excluded.hash"
            )
        self.refused(filled, f"{verb} nodes SELECT level, idx, x'22' FROM nodes")
