"""Databases are made and brought up to date by migrations alone, and nothing on the way can lose anything."""

from __future__ import annotations

import errno
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import ledger
from ledger.errors import InputError, LedgerError
from ledger.projections import folding
from ledger.store import migration, schema, sqlite
from tests.ledger.store.olden import first_revision, record
from tests.ledger.story import Story

COPY = f"ledger.db.schema-0001-before-{schema.REVISION}"


@pytest.fixture
def old(told: Path, tmp_path: Path) -> Path:
    return first_revision(told, tmp_path)


def revision(path: Path) -> str | None:
    with closing(sqlite3.connect(path)) as connection:
        return sqlite.revision(connection)


def open_it(path: Path) -> None:
    ledger.open(path, keys=path.parent / "keys").close()


class TestUpgrade:
    def test_opening_for_writing_upgrades(self, old: Path, told: Path) -> None:
        before = record(old)
        with ledger.open(old, keys=old.parent / "keys") as opened:
            assert revision(old) == schema.REVISION
            with ledger.open(told / "ledger.db", read_only=True) as never_old:
                assert folding.snapshot(opened.connection) == folding.snapshot(never_old.connection)
        assert record(old) == before
        assert ledger.verify(old).findings == []

    def test_a_verified_copy_stays(self, old: Path) -> None:
        before = record(old)
        open_it(old)
        copy = old.with_name(COPY)
        assert record(copy) == before
        assert revision(copy) == "0001"
        assert sorted(each.name for each in old.parent.iterdir() if each.is_file()) == [
            "ledger.db",
            "ledger.db.lock",
            "ledger.db.queue",
            COPY,
        ]

    def test_the_upgraded_ledger_goes_on(self, old: Path) -> None:
        open_it(old)
        story = Story(ledger.open(old, keys=old.parent / "keys"))
        story.observe("model/fx-hedging/fx-vol@2", 3)
        story.ledger.checkpoint()
        story.ledger.close()
        assert ledger.verify(old).findings == []

    def test_it_happens_once(self, old: Path) -> None:
        open_it(old)
        made = old.with_name(COPY).stat().st_mtime_ns
        open_it(old)
        assert old.with_name(COPY).stat().st_mtime_ns == made

    def test_one_that_waited_for_another_s_upgrade_does_nothing(self, old: Path) -> None:
        assert migration.upgrade(old, lambda _: None) == old.with_name(COPY)
        assert migration.upgrade(old, lambda _: pytest.fail("folded again")) is None

    def test_schema_and_projections_change_in_one_transaction(self, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        said: list[str] = []
        connect = sqlite3.connect

        def spied(path: Path, **options: object) -> sqlite3.Connection:
            made = connect(path, **options)  # type: ignore[call-overload]
            made.set_trace_callback(said.append)
            return made  # type: ignore[no-any-return]

        monkeypatch.setattr(migration.sqlite3, "connect", spied)
        migration._run(old, "head", lambda connection: said.append(f"refold {connection.in_transaction}"))
        words = [
            each.split()[0] for each in said if each.split()[0] in ("BEGIN", "CREATE", "UPDATE", "COMMIT", "refold")
        ]
        assert words[0] == "BEGIN"
        assert words[-3:] == ["UPDATE", "refold", "COMMIT"]
        assert words.count("BEGIN") == words.count("COMMIT") == 1
        assert "refold True" in said

    @pytest.mark.parametrize(
        "failure", [sqlite3.OperationalError("disk I/O error"), ValueError("no"), KeyboardInterrupt()]
    )
    def test_a_failure_in_the_middle_changes_nothing(self, old: Path, failure: BaseException) -> None:
        before = record(old)

        def refold(_: sqlite3.Connection) -> None:
            raise failure

        expected = LedgerError if isinstance(failure, sqlite3.Error) else type(failure)
        with pytest.raises(expected):
            migration.upgrade(old, refold)
        assert revision(old) == "0001"
        assert record(old) == before
        with closing(sqlite3.connect(old)) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'runs'").fetchone() == (0,)
        open_it(old)
        assert ledger.verify(old).findings == []

    def test_the_failure_is_told_in_one_line(self, old: Path) -> None:
        def refold(_: sqlite3.Connection) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with pytest.raises(LedgerError) as caught:
            migration.upgrade(old, refold)
        assert str(caught.value) == (
            f"{old} could not be upgraded (database or disk is full); it is unchanged, and {old.with_name(COPY)} "
            "is a copy of it"
        )

    def test_a_failing_statement_of_a_migration_too(self, old: Path) -> None:
        with closing(sqlite3.connect(old)) as connection:
            connection.execute("CREATE TABLE runs (stands_in_the_way)")
        with pytest.raises(LedgerError, match="could not be upgraded"):
            open_it(old)
        assert revision(old) == "0001"

    @pytest.mark.parametrize("moment", ["before the copy", "in the copy", "in the refold", "after the refold"])
    def test_killed_in_the_middle(self, old: Path, moment: str) -> None:
        before = record(old)
        child = subprocess.run(
            [sys.executable, "-c", _KILLED, str(old), moment], cwd=Path(__file__).parents[3], check=False
        )
        assert child.returncode == -signal.SIGKILL
        assert record(old) == before
        assert revision(old) == "0001"
        open_it(old)
        assert record(old) == before
        assert record(old.with_name(COPY)) == before
        assert ledger.verify(old).findings == []

    def test_a_copy_that_differs_stops_it(self, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        sums = iter(["one", "other"])
        monkeypatch.setattr(migration, "_sum", lambda _: next(sums))
        with pytest.raises(LedgerError, match=r"differs from .*; nothing was upgraded"):
            migration.upgrade(old, lambda _: pytest.fail("went on"))
        assert revision(old) == "0001"

    def test_two_at_once(self, old: Path) -> None:
        program = (
            "import sys, pathlib, ledger; p = pathlib.Path(sys.argv[1]); ledger.open(p, keys=p.parent / 'keys').close()"
        )
        children = [subprocess.Popen([sys.executable, "-c", program, str(old)]) for _ in range(2)]
        assert [child.wait(60) for child in children] == [0, 0]
        assert ledger.verify(old).findings == []

    def test_reading_an_old_ledger_explains_itself(self, old: Path) -> None:
        before = old.read_bytes()
        with pytest.raises(LedgerError, match=r"is of an older schema \(0001, this Assay reads"):
            ledger.open(old, read_only=True)
        with pytest.raises(LedgerError, match="is of an older schema"):
            ledger.verify(old)
        assert old.read_bytes() == before


_KILLED = """
import os, pathlib, signal, sys
import ledger
from ledger.store import migration
path, moment = pathlib.Path(sys.argv[1]), sys.argv[2]
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if moment == "before the copy":
    migration._verified_copy = kill
elif moment == "in the copy":
    migration._sum = kill
else:
    from ledger.projections import folding
    rebuild = folding.rebuild
    def refold(connection, events, progress=None):
        if moment == "after the refold":
            rebuild(connection, events)
        kill()
    folding.rebuild = refold
ledger.open(path, keys=path.parent / "keys")
"""


class TestMake:
    def test_a_folder_with_a_percent_sign(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        place = tmp_path / "100%(here)s"
        place.mkdir()
        (place / "migrations").symlink_to(migration.scripts())
        monkeypatch.setattr(migration, "scripts", lambda: place / "migrations")
        migration.make(place / "ledger.db")
        assert revision(place / "ledger.db") == schema.REVISION

    def test_nothing_lies_beside_it(self, tmp_path: Path) -> None:
        migration.make(tmp_path / "ledger.db")
        assert [each.name for each in tmp_path.iterdir()] == ["ledger.db"]

    def test_where_nothing_may_be_written(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerError, match="cannot be opened; check the permissions"):
            migration.make(tmp_path / "absent" / "ledger.db")


class TestPublish:
    def publish(self, tmp_path: Path) -> Path:
        draft, place = tmp_path / "draft", tmp_path / "ledger.db"
        draft.write_bytes(b"new")
        migration.publish(draft, place)
        return place

    def test_it_stands_in_its_place_alone(self, tmp_path: Path) -> None:
        assert self.publish(tmp_path).read_bytes() == b"new"
        assert [each.name for each in tmp_path.iterdir()] == ["ledger.db"]

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        (tmp_path / "ledger.db").write_bytes(b"old")
        with pytest.raises(InputError, match="exists already; a ledger is never overwritten"):
            self.publish(tmp_path)
        assert (tmp_path / "ledger.db").read_bytes() == b"old"
        assert [each.name for each in tmp_path.iterdir()] == ["ledger.db"]

    def test_what_may_not_last_is_not_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The folder's list of names cannot be synced: nothing is made, and it can be tried again."""

        def broken(_: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patched:
            patched.setattr("ledger.store.placing.os.fsync", broken)
            with pytest.raises(LedgerError, match=r"cannot make .*: Input/output error; check the disk"):
                self.publish(tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert self.publish(tmp_path).read_bytes() == b"new"
