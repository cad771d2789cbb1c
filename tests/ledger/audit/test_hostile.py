"""Files made by somebody who wants verification to fail, hang, fill the memory, or say too much: one cause, one finding."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ledger
from ledger.audit.scan import LONGEST
from ledger.errors import LedgerError
from ledger.format.hashes import leaf_hash
from ledger.projections import folding
from ledger.store import schema
from tests.ledger.audit.forgery import Forger

MEGABYTES = 1 << 20
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n)"
Found = list[tuple[str, int | None]]
Verified = Callable[..., Found]


@pytest.fixture
def after(told: Path, tmp_path: Path) -> Verified:
    """What verification finds after some statements, in memory that does not grow with the numbers in them."""

    def change_and_verify(*changes: str | Callable[[Forger], object], **options: Any) -> Found:
        forger = Forger(told, tmp_path / "forged")
        for change in changes:
            if isinstance(change, str):
                forger(change)
            else:
                change(forger)
        path = forger.close()
        tracemalloc.start()
        try:
            report = ledger.verify(path, **options)
            assert tracemalloc.get_traced_memory()[1] < 64 * MEGABYTES
        finally:
            tracemalloc.stop()
        return [(each.kind, each.seq) for each in report.findings]

    return change_and_verify


def copied(seq: int, place: int) -> str:
    """Puts a copy of an event's row at another place."""
    columns = "hash, body, type, subject, project, actor, at, cause"
    return f"INSERT INTO events SELECT {place}, {columns} FROM events WHERE seq = {seq}"


class TestNodes:
    @pytest.mark.parametrize(("level", "index"), [(1, 3), (2, 50), (5, 1), (7, 0)])
    def test_one_is_deleted(self, after: Verified, level: int, index: int) -> None:
        assert after(f"DELETE FROM nodes WHERE level = {level} AND idx = {index}") == [("tree", index << level)]

    def test_all_are_deleted(self, after: Verified) -> None:
        assert after("DELETE FROM nodes") == [("tree", 0)]

    @pytest.mark.parametrize(
        ("level", "index", "seq"),
        [(40, 0, 0), (62, 0, 0), (1, 2**40, 209), (61, 1, 209), (-5, -3, None), (63, 0, None), (1, 2**62, None)],
    )
    def test_one_that_no_tree_has(self, after: Verified, level: int, index: int, seq: int | None) -> None:
        assert after(f"INSERT INTO nodes VALUES ({level}, {index}, zeroblob(32))") == [("tree", seq)]

    def test_many_that_no_tree_has(self, after: Verified) -> None:
        many = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000)"
        assert after(f"INSERT INTO nodes {many} SELECT 3, 1000 + x * 3, zeroblob(32) FROM n") == [("tree", 209)]


class TestPlaces:
    @pytest.mark.parametrize("place", [2**40, 2**62 - 1, 2**62, 2**63 - 1, -1, -(2**63)])
    def test_a_row_far_from_the_log(self, after: Verified, place: int) -> None:
        assert after(copied(5, place)) == [("reordered", place)]

    def test_a_row_far_beyond_with_nodes_above_it(self, after: Verified) -> None:
        nodes = "INSERT INTO nodes VALUES (40, 0, zeroblob(32)), (1, 1 << 39, zeroblob(32))"
        assert after(copied(5, 2**40), nodes) == [("tree", 0), ("tree", 209), ("reordered", 2**40)]

    @pytest.mark.parametrize("place", [2**40, 2**63 - 1])
    def test_an_event_moved_far_away(self, after: Verified, place: int) -> None:
        assert after(f"UPDATE events SET seq = {place} WHERE seq = 100") == [("reordered", 100)]

    def test_every_event_far_from_the_next(self, after: Verified) -> None:
        assert after("UPDATE events SET seq = seq * 1000000000 WHERE seq > 5") == [("reordered", 6)]

    def test_many_rows_scattered_beyond_the_end(self, after: Verified) -> None:
        columns = "hash, body, type, subject, project, actor, at, cause"
        scattered = f"INSERT INTO events SELECT (1 << 40) + seq * 10000000, {columns} FROM events"
        assert after(scattered) == [("reordered", 2**40)]

    def test_a_projection_s_row_far_away(self, after: Verified) -> None:
        assert after("INSERT INTO roles VALUES (1 << 60, 'eve', 'project/all', 'risk')") == [("projections", 2**60)]


class TestCheckpoints:
    @pytest.mark.parametrize("size", [-7, 0, 2**50])
    def test_a_size_that_is_not_the_signed_one(self, after: Verified, size: int) -> None:
        assert after(f"UPDATE checkpoints SET size = {size} WHERE rowid = 2") == [("columns", 31)]

    @pytest.mark.parametrize("number", [9, 16_000_000, 2**40, -3])
    def test_another_row_number(self, after: Verified, number: int) -> None:
        assert after(f"UPDATE checkpoints SET rowid = {number} WHERE rowid = 4") == [("missing", None)]

    def test_many_copies(self, after: Verified) -> None:
        many = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000)"
        note = "(SELECT note FROM checkpoints WHERE size = 16)"
        assert after(f"INSERT INTO checkpoints {many} SELECT 16, {note} FROM n") == [("missing", None)]

    def test_all_are_deleted_but_signers_saw_some(self, after: Verified) -> None:
        assert after("DELETE FROM checkpoints") == [("missing", 15), ("missing", 186)]

    def test_all_are_deleted_and_history_is_another(self, after: Verified) -> None:
        """What the signers of decisions had seen is evidence too."""

        def retold(forger: Forger) -> None:
            forger.change(60, lambda members: members["value"].update(n=1))
            forger.retree()
            forger.refold()
            forger("DELETE FROM checkpoints")

        assert ("rewritten", 16) in after(retold)


SCHEMA = [("schema", None)]


class TestTables:
    """Tables that are gone, or are none."""

    @pytest.mark.parametrize(
        ("table", "rest"),
        [
            ("events", [("truncated", 0)]),
            ("nodes", [("tree", 0)]),
            ("checkpoints", [("missing", 15), ("missing", 186)]),
            ("runs", []),
            ("alembic_version", []),
        ],
    )
    def test_one_is_dropped(self, after: Verified, table: str, rest: Found) -> None:
        found = after(lambda forger: forger.drop(table))
        assert [each for each in found if each not in SCHEMA] == rest
        assert SCHEMA[0] in found

    @pytest.mark.parametrize(
        ("table", "view", "rest"),
        [
            (
                "events",
                "SELECT x AS seq, x'00' AS hash, x'00' AS body, '' AS type, '' AS subject, '' AS project, '' AS actor, "
                "'' AS at, 0 AS cause FROM n",
                [("damaged", None)],
            ),
            ("nodes", "SELECT x AS level, x AS idx, x'00' AS hash FROM n", [("tree", 0)]),
            ("checkpoints", "SELECT x AS size, '' AS note FROM n", [("missing", 15), ("missing", 186)]),
            ("runs", "SELECT x AS seq FROM n", []),
            ("alembic_version", "SELECT x AS version_num FROM n WHERE x < 0", []),
        ],
    )
    def test_a_view_without_end_in_its_place(self, after: Verified, table: str, view: str, rest: Found) -> None:
        statement = f"CREATE VIEW {table} AS {ENDLESS} {view}"
        found = after(lambda forger: forger.drop(table, statement))
        assert [each for each in found if each not in SCHEMA] == rest
        assert SCHEMA[0] in found

    def test_all_events_are_deleted(self, after: Verified) -> None:
        assert after("DELETE FROM events") == [("truncated", 0)]
        assert after("DELETE FROM events", "DELETE FROM checkpoints") == [("truncated", 0)]

    def test_a_column_has_another_name(self, after: Verified) -> None:
        assert {*after("ALTER TABLE events RENAME COLUMN subject TO about")} == {*SCHEMA, ("damaged", None)}

    @pytest.mark.parametrize("table", ["events", "nodes", "checkpoints", *folding.TABLES[:2]])
    def test_a_column_too_many(self, after: Verified, table: str) -> None:
        assert after(f"ALTER TABLE {table} ADD COLUMN evil TEXT") == SCHEMA

    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE evil (a INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE evil (a CHECK (length(hex(randomblob(1000000))) > 0))",
            "CREATE INDEX evil ON events (subject COLLATE NOCASE)",
            "CREATE VIEW evil AS SELECT 1",
            "CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM nodes; END",
            "PRAGMA user_version = 7",
            "PRAGMA application_id = 7",
            "UPDATE alembic_version SET version_num = '0001'",
            "UPDATE alembic_version SET version_num = '9999'",
            "UPDATE alembic_version SET version_num = x'ff00'",
        ],
    )
    def test_more_than_the_schema_has(self, after: Verified, statement: str) -> None:
        assert {*after(statement)} == {*SCHEMA}

    def test_what_sqlite_notes_for_itself_is_no_finding(self, after: Verified) -> None:
        assert after("ANALYZE") == []


def loosened(statement: str) -> Callable[[Forger], None]:
    """Changes values while the tables take any type."""
    return lambda forger: forger.loosened(statement)


class TestTypes:
    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("UPDATE events SET body = CAST(body AS TEXT) WHERE seq = 50", ("columns", 50)),
            ("UPDATE events SET hash = lower(hex(hash)) WHERE seq = 50", ("edited", 50)),
            ("UPDATE events SET subject = CAST(subject AS BLOB) WHERE seq = 50", ("columns", 50)),
            ("UPDATE events SET at = 7 WHERE seq = 50", ("columns", 50)),
            ("UPDATE events SET cause = 3.5 WHERE seq = 50", ("columns", 50)),
            ("UPDATE events SET cause = '3' WHERE seq = 50", ("columns", 50)),
            ("UPDATE nodes SET hash = hex(hash) WHERE level = 2 AND idx = 1", ("tree", 4)),
            ("UPDATE nodes SET hash = CAST(hash AS TEXT) WHERE level = 2 AND idx = 1", ("tree", 4)),
            ("UPDATE checkpoints SET size = 'many' WHERE rowid = 2", ("columns", 31)),
            ("UPDATE checkpoints SET size = 16.5 WHERE rowid = 1", ("columns", 15)),
            ("UPDATE checkpoints SET note = CAST(note AS BLOB) WHERE rowid = 1", ("columns", 15)),
            ("UPDATE checkpoints SET note = 5 WHERE rowid = 1", ("signature", 15)),
            ("UPDATE observations SET value = 9e999 WHERE seq = 60", ("projections", 60)),
            ("UPDATE observations SET monitor = CAST(monitor AS BLOB) WHERE seq = 60", ("projections", 60)),
        ],
    )
    def test_a_value_of_another_type(self, after: Verified, statement: str, found: tuple[str, int]) -> None:
        assert after(loosened(statement)) == [found]

    def test_a_file_in_another_encoding(self, told: Path, tmp_path: Path) -> None:
        path = tmp_path / "ledger.db"
        source = sqlite3.connect(told / "ledger.db")
        with sqlite3.connect(path) as copy:
            copy.execute("PRAGMA encoding = 'UTF-16le'")
            copy.executescript("\n".join(source.iterdump()))
            copy.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        copy.close()
        source.close()
        assert [(each.kind, each.detail) for each in ledger.verify(path).findings] == [
            ("schema", "encoding is UTF-16le, not UTF-8")
        ]

    @pytest.mark.parametrize("column", ["body", "subject", "hash"])
    def test_a_value_that_no_memory_should_hold(self, after: Verified, column: str) -> None:
        value = f"zeroblob({3 * LONGEST})" if column != "subject" else f"hex(zeroblob({2 * LONGEST}))"
        assert after(f"UPDATE events SET {column} = {value} WHERE seq = 77") == [("malformed", 77)]


OBJECTS = (b"{}", b'{"breached":7,"kind":"drift","monitor":{"a":[1]},"value":"x"}')
"""Well-formed, and of no type that this program knows anything may be."""


class TestWhatIsSignedAndMeansNothing:
    """Bytes that no writer makes, chained and signed by somebody who holds the ledger's key."""

    @pytest.mark.parametrize(
        "value",
        [
            b"garbage",
            b"null",
            b"[1,2]",
            b'"text"',
            *OBJECTS,
            b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
            b'{"monitor":"drift"},"zz":1',
            b'{"monitor":"drift"},"actor":"eve"',
            b'{"kind":"\xff\xfe"}',
            b'{"n":1' + b"0" * 70_000 + b"}",
        ],
    )
    @pytest.mark.parametrize("type_", ["monitor.observed", "tea.made"])
    def test_it_is_malformed(self, after: Verified, value: bytes, type_: str) -> None:
        def append(forger: Forger) -> None:
            seq = forger.append(type_, "cup/1", "svc:monitor", {})
            body = forger.body(seq).replace(b'"value":{}', b'"value":' + value)
            forger("UPDATE events SET hash = ?, body = ? WHERE seq = ?", leaf_hash(body), body, seq)
            forger.retree()

        anything = type_ == "tea.made" and value in OBJECTS
        assert after(append) == ([] if anything else [("malformed", 209)])

    @pytest.mark.parametrize("actor", ['ada","at":"2008-01-01T00:03:29.000000Z', "\\u0061da", "ada\u202e", "a da"])
    def test_a_name_that_is_none(self, after: Verified, actor: str) -> None:
        """A column may say what an escape or a second member makes another name of, for whoever parses the bytes."""

        def append(forger: Forger) -> None:
            seq = forger.append("tea.made", "cup/1", "ada", {})
            body = forger.body(seq).replace(b'"actor":"ada"', f'"actor":"{actor}"'.encode())
            forger("UPDATE events SET hash = ?, body = ?, actor = ? WHERE seq = ?", leaf_hash(body), body, actor, seq)
            forger.retree()

        assert after(append) == [("malformed", 209)]

    @pytest.mark.parametrize("request_", [{"a": 1}, [], "26", None, 2**53 - 1, -1, 1.5])
    def test_a_request_that_is_none(self, after: Verified, request_: object) -> None:
        def append(forger: Forger) -> None:
            seq = forger.kinds("approval.granted")[-1]
            members = forger.members(seq)
            value = {**members["value"], "request": request_}
            forger.append("approval.granted", members["subject"], members["actor"], value, project="fx-hedging")
            forger.retree()

        found = after(append)
        assert {seq for _, seq in found} == {209}
        assert {kind for kind, _ in found} <= {"malformed", "rule", "projections"}


class TestFiles:
    """A file that is cut, or holds anything at all."""

    @pytest.fixture
    def copy(self, told: Path, tmp_path: Path) -> Path:
        path = tmp_path / "ledger.db"
        path.write_bytes((told / "ledger.db").read_bytes())
        return path

    @staticmethod
    def said(path: Path) -> str:
        """The kinds that are found, or the error: one line, whatever the file is."""
        try:
            report = ledger.verify(path)
        except LedgerError as error:
            return "refused" if "\n" not in str(error) else str(error)
        assert all("\n" not in each.detail for each in report.findings)
        return " ".join(sorted({each.kind for each in report.findings}))

    @pytest.mark.parametrize("length", [0, 1, 15, 16])
    def test_less_than_a_header(self, copy: Path, length: int) -> None:
        copy.write_bytes(copy.read_bytes()[:length])
        assert self.said(copy) == "refused"

    @pytest.mark.parametrize("length", [50, 100, 512, 2048, 4095, 4096, 4097, 6144, 8192, 40_960, 100_001])
    def test_cut_anywhere(self, copy: Path, length: int) -> None:
        whole = copy.stat().st_size
        copy.write_bytes(copy.read_bytes()[:length])
        report = ledger.verify(copy)
        assert [(each.kind, each.seq) for each in report.findings] == [("damaged", None)]
        assert f"it ends after {length:,} of the {whole:,} bytes that its header names" in report.findings[0].detail
        assert report.unchecked == ["everything in the file: none of it can be read"]

    @pytest.mark.parametrize("lost", [1, 100, 2000])
    def test_cut_in_its_last_page(self, copy: Path, lost: int) -> None:
        copy.write_bytes(copy.read_bytes()[:-lost])
        assert self.said(copy)

    @pytest.mark.parametrize(
        ("at", "junk"),
        [
            (0, b"SQLite fXrmat 3\0"),
            (16, b"\0\0"),
            (16, b"\2\0"),
            (16, b"\0\1"),
            (18, b"\x09\x09"),
            (20, b"\x20"),
            (28, b"\0\0\0\1"),
            (28, b"\x7f\xff\xff\xff"),
            (32, b"\0\0\0\3\0\0\0\5"),
            (44, b"\0\0\0\x09"),
            (56, b"\0\0\0\2"),
            (0, bytes(100)),
            (100, bytes(3996)),
            (0, bytes(range(256)) * 16),
            (8192, bytes(range(256)) * 300),
        ],
    )
    def test_another_header(self, copy: Path, at: int, junk: bytes) -> None:
        data = bytearray(copy.read_bytes())
        data[at : at + len(junk)] = junk
        copy.write_bytes(data[: max(len(data), at)])
        assert self.said(copy)

    def test_a_schema_that_is_no_text(self, copy: Path) -> None:
        data = copy.read_bytes()
        at = data.index(b"CREATE TABLE events")
        copy.write_bytes(data[:at] + b"\xff\xfe" + data[at + 2 :])
        assert self.said(copy) == "damaged"
        at = data.rindex(b"events", 0, at)
        copy.write_bytes(data[:at] + b"\xff\xfe" + data[at + 2 :])
        assert self.said(copy)

    @pytest.mark.parametrize("suffix", ["-wal", "-journal", "-shm"])
    @pytest.mark.parametrize("head", [b"", b"\x37\x7f\x06\x82", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"])
    def test_junk_beside_it(self, copy: Path, suffix: str, head: bytes) -> None:
        """A log that SQLite does not take for one changes nothing."""
        copy.with_name(copy.name + suffix).write_bytes(head + bytes(range(256)) * 100)
        assert self.said(copy) in ("", "refused")

    def test_a_log_beside_it_that_changes_events(self, copy: Path) -> None:
        """What a write-ahead log holds is what a reader reads; an attack by it is one on the file."""
        writer = sqlite3.connect(copy, isolation_level=None)
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("DROP TRIGGER events_keep_update")
        writer.execute("UPDATE events SET actor = 'eve' WHERE seq = 60")
        assert copy.with_name(copy.name + "-wal").stat().st_size > 0
        assert self.said(copy) == "columns schema"
        writer.close()


def test_what_cannot_be_looked_at_is_said(told: Path, tmp_path: Path) -> None:
    forger = Forger(told, tmp_path / "forged")
    forger("DELETE FROM events WHERE seq BETWEEN 60 AND 62")
    forger("UPDATE events SET body = CAST(body || ' ' AS BLOB) WHERE seq = 100")
    forger("DROP TABLE runs")
    assert ledger.verify(forger.close()).unchecked == [
        "what the events 60 to 62 said: they are not there",
        "what the events 100 said before they were changed",
    ]
