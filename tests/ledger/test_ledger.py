"""The ledger as its users meet it: made, opened, written, read as of any moment, and what is said where it cannot serve."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import ledger
from ledger import Entry, InputError, Ledger, LedgerError, Refused
from ledger.errors import AssayError
from ledger.events.ledgers import LedgerVerified
from ledger.events.monitors import MonitorObserved
from ledger.events.runs import RunStarted
from ledger.format import times
from ledger.format.checkpoint import open_checkpoint
from ledger.format.errors import FormatError
from ledger.format.note import Ed25519Verifier
from ledger.projections import artifacts, runs
from ledger.store import schema
from tests.ledger.conftest import Powerless
from tests.ledger.story import ORIGIN, Story, secret

IVY = {"ivy": str(secret("ivy").public)}
ROOT = Path(__file__).parents[2]


def make(folder: Path, **options: Any) -> Ledger:
    return ledger.create(
        folder / "ledger.db", **{"origin": ORIGIN, "administrators": IVY, "keys": folder / "keys", **options}
    )


def saw(value: float = 0.5, **more: Any) -> MonitorObserved:
    return MonitorObserved("drift", "drift", value, False, 0.7, **more)


def files(folder: Path) -> dict[str, bytes]:
    """Every file but the locks, SQLite's index of its log, and an empty log: these hold nothing."""
    found = {str(each.relative_to(folder)): each for each in sorted(folder.rglob("*")) if each.is_file()}
    return {
        name: each.read_bytes()
        for name, each in found.items()
        if not name.endswith(("-shm", ".lock", ".queue")) and (each.stat().st_size or not name.endswith("-wal"))
    }


class TestCreate:
    def test_event_0_says_whose_it_is(self, tmp_path: Path) -> None:
        with make(tmp_path) as made:
            [first] = made.events()
            assert (first.event.type, first.event.actor, first.event.subject) == (
                "ledger.created",
                "ivy",
                f"ledger/{ORIGIN}",
            )
            assert first.event.value == {
                "origin": ORIGIN,
                "key": str(made.verifier),
                "administrators": [{"name": "ivy", "key": IVY["ivy"]}],
                "clock": "system",
            }
            assert made.size == 1
            assert made.head == first.hash.hex()
            assert made.root() == first.hash

    def test_nothing_lies_beside_it_but_the_locks(self, tmp_path: Path) -> None:
        make(tmp_path).close()
        assert {each.name for each in tmp_path.iterdir()} == {
            "keys",
            "ledger.db",
            "ledger.db.lock",
            "ledger.db.queue",
        }

    def test_by_default_the_actor_administers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ASSAY_ACTOR", "zoë%20")
        monkeypatch.setenv("ASSAY_ACTOR", "zoe")
        with make(tmp_path, administrators=None, passphrase=b"correct horse") as made:
            assert next(made.events()).event.actor == "zoe"
            assert made.keystore.is_encrypted("zoe")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"origin": "two words"}, "origin"),
            ({"origin": ""}, "origin"),
            ({"clock": "sundial"}, "a clock is 'system' or 'simulated', not 'sundial'"),
            ({"administrators": {}}, "a ledger needs at least one administrator"),
        ],
    )
    def test_bad_arguments(self, tmp_path: Path, options: dict[str, Any], message: str) -> None:
        with pytest.raises((InputError, FormatError), match=message):
            make(tmp_path, **options)
        assert not (tmp_path / "ledger.db").exists()

    @pytest.mark.parametrize("content", [b"", b"anything"])
    def test_a_file_is_never_overwritten(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "ledger.db").write_bytes(content)
        with pytest.raises(InputError, match="exists already; a ledger is never overwritten"):
            make(tmp_path)
        assert files(tmp_path) == {"ledger.db": content}

    def test_a_folder_that_may_not_be_written(self, tmp_path: Path, powerless: Powerless) -> None:
        folder = tmp_path / "shut"
        folder.mkdir(mode=0o555)
        program = (
            "import sys, ledger, pathlib; place = pathlib.Path(sys.argv[1])\n"
            "try: ledger.create(place / 'ledger.db', origin='o', administrators={'a': 'AAAA'}, keys=place / 'keys')\n"
            "except ledger.AssayError as error: print(type(error).__name__, error)"
        )
        said = powerless(program, str(folder))
        assert said.stderr == ""
        assert said.stdout.startswith("LedgerError ")
        assert said.stdout.count("\n") == 1
        assert list(folder.iterdir()) == []


class TestRecord:
    def test_one_event(self, fresh: Story) -> None:
        recorded = fresh.ledger.record(
            saw(day="2008-09-17", n=21), subject="model/fx/vol@1", actor="svc:monitor", project="fx", cause=0
        )
        event = recorded.event
        assert recorded.seq == event.seq == 1
        assert (event.type, event.subject, event.project, event.actor, event.cause) == (
            "monitor.observed",
            "model/fx/vol@1",
            "fx",
            "svc:monitor",
            0,
        )
        assert event.value == {
            "monitor": "drift",
            "kind": "drift",
            "value": 0.5,
            "breached": False,
            "threshold": 0.7,
            "day": "2008-09-17",
            "n": 21,
        }
        assert list(fresh.ledger.events(1)) == [recorded]
        assert fresh.ledger.head == recorded.hash.hex()

    def test_the_actor_is_the_environment_s_by_default(self, fresh: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ASSAY_ACTOR", "zoe")
        assert fresh.ledger.record(saw(), subject="model/fx/vol@1").event.actor == "zoe"

    def test_a_fact_that_does_not_settle_its_subject(self, fresh: Story) -> None:
        with pytest.raises(InputError, match=r"monitor\.observed needs a subject: say what it is about"):
            fresh.ledger.record(saw(), actor="ada")
        assert fresh.ledger.size == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"value": "high"},
            {"breached": 3.5},
            {"monitor": None},
            {"threshold": [1]},
            {"detail": "text"},
            {"value": float("nan")},
            {"n": 2**70},
        ],
        ids=str,
    )
    def test_a_value_that_its_type_does_not_hold(self, fresh: Story, wrong: dict[str, Any]) -> None:
        values = {"monitor": "m", "kind": "k", "value": 0.5, "breached": False, "threshold": 0.7, **wrong}
        with pytest.raises((InputError, FormatError)) as caught:
            fresh.ledger.record(MonitorObserved(**values), subject="model/fx/vol@1", actor="ada")
        assert "\n" not in str(caught.value)
        assert fresh.ledger.size == 1

    @pytest.mark.parametrize("cause", [1, 5, -1])
    def test_a_cause_that_does_not_come_before(self, fresh: Story, cause: int) -> None:
        with pytest.raises((InputError, FormatError), match="cause"):
            fresh.ledger.record(saw(), subject="model/fx/vol@1", actor="ada", cause=cause)
        assert fresh.ledger.size == 1

    @pytest.mark.parametrize("actor", ["two words", "ä", "a\nb", 'a"b'])
    def test_an_actor_that_is_no_name(self, fresh: Story, actor: str) -> None:
        with pytest.raises((InputError, FormatError), match="actor"):
            fresh.ledger.record(saw(), subject="model/fx/vol@1", actor=actor)
        assert fresh.ledger.size == 1

    def test_a_refused_event_keeps_its_batch_out(self, fresh: Story) -> None:
        before = files(fresh.ledger.path.parent)
        good = Entry(saw(), "model/fx/vol@1", "ada", "fx")
        bad = Entry(RunStarted("r", "train", "training", [_input("dataset/fx/none@1")]), None, "ada", "fx")
        with pytest.raises(Refused) as caught:
            fresh.ledger.record_many([good, good, bad, good])
        assert str(caught.value) == "refused: the input dataset/fx/none@1 is not registered"
        assert [gap.action for gap in caught.value.missing] == ["artifact register"]
        assert caught.value.exit_code == 1
        assert fresh.ledger.size == 1
        assert files(fresh.ledger.path.parent) == before

    def test_reading_only(self, story: Story) -> None:
        with ledger.open(story.ledger.path, read_only=True) as reader:
            assert not reader.writable
            assert reader.head == story.ledger.head
            with pytest.raises(LedgerError, match="is open for reading only"):
                reader.record(saw(), subject="model/fx/vol@1", actor="ada")
            with pytest.raises(LedgerError, match="is open for reading only"):
                reader.rebuild()
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.connection.execute("DELETE FROM artifacts")

    def test_a_reader_sees_what_is_added(self, fresh: Story) -> None:
        with ledger.open(fresh.ledger.path, read_only=True) as reader:
            fresh.observe("model/fx/vol@1", 3)
            assert reader.size == 4
            assert reader.head == fresh.ledger.head
            assert reader.root() == fresh.ledger.root()


def _input(ref: str) -> Any:
    from ledger.events.vocabulary import Artifact

    return Artifact(ref, f"sha256:{'0' * 64}")


class TestClock:
    def test_the_system_s(self, tmp_path: Path) -> None:
        with make(tmp_path) as made:
            before = times.format_time(datetime.now(UTC))
            at = made.record(saw(), subject="m/x@1", actor="ada", at="1999-01-01").event.at
            assert before <= at <= times.format_time(datetime.now(UTC))
            assert made.now() >= at

    def test_it_never_runs_backwards(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with make(tmp_path) as made:
            first = made.record(saw(), subject="m/x@1", actor="ada").event.at
            early = datetime(2001, 1, 1, tzinfo=UTC).timestamp()
            monkeypatch.setattr("ledger.semantics.time", SimpleNamespace(time_ns=lambda: int(early * 1e9)))
            assert made.record(saw(), subject="m/x@1", actor="ada").event.at == first

    def test_a_simulated_one_goes_by_the_story(self, fresh: Story) -> None:
        book = fresh.ledger
        start = times.parse_time(next(book.events()).event.at)
        ats = [
            book.record(saw(), subject="m/x@1", actor="ada", at=at).event.at
            for at in (None, "2008-09-17T14:30:00+02:00", None, "2007-01-01", datetime(2008, 9, 18, tzinfo=UTC))
        ]
        assert ats == [
            times.format_time(start + timedelta(seconds=1)),
            "2008-09-17T12:30:00.000000Z",
            "2008-09-17T12:30:01.000000Z",
            "2008-09-17T12:30:02.000000Z",
            "2008-09-18T00:00:00.000000Z",
        ]
        assert book.now() == ats[-1]

    @pytest.mark.parametrize("at", ["yesterday", "2008-13-01", "2008-09-17 25:00", ""])
    def test_no_moment(self, fresh: Story, at: str) -> None:
        with pytest.raises(InputError, match="is no moment; write a day as 2008-09-17"):
            fresh.ledger.record(saw(), subject="m/x@1", actor="ada", at=at)


class TestView:
    def test_as_of_an_event(self, story: Story) -> None:
        for model in artifacts.versions(story.ledger.view(), kind="model"):
            assert artifacts.get(story.ledger.view(model.seq), model.ref) == model
            assert artifacts.get(story.ledger.view(model.seq - 1), model.ref) is None

    def test_as_of_a_moment(self, story: Story) -> None:
        events = list(story.ledger.events())
        middle = events[len(events) // 2]
        assert story.ledger.view(middle.event.at).at == middle.seq
        assert story.ledger.view("1999-01-01").at == -1
        assert story.ledger.view("2999-01-01").at == len(events) - 1
        day = times.parse_time(middle.event.at)
        assert story.ledger.view(day).at == middle.seq
        assert story.ledger.view(day - timedelta(microseconds=1)).at == middle.seq - 1

    def test_a_day_means_its_end(self, fresh: Story) -> None:
        for at in ("2008-09-16T23:59:59Z", "2008-09-17T00:00:00Z", "2008-09-17T23:00:00Z", "2008-09-18T00:00:00Z"):
            fresh.ledger.record(saw(), subject="m/x@1", actor="ada", at=at)
        assert fresh.ledger.view("2008-09-17").at == 3

    @pytest.mark.parametrize("at", [-1, 10_000])
    def test_an_event_that_is_not_there(self, story: Story, at: int) -> None:
        with pytest.raises(InputError, match=f"there is no event {at}; the log holds 0 to {story.ledger.size - 1}"):
            story.ledger.view(at)


class TestCheckpoint:
    def opened(self, book: Ledger, note: str) -> tuple[str, int, bytes]:
        assert book.verifier is not None
        found = open_checkpoint(note.encode(), Ed25519Verifier(book.verifier)).checkpoint
        return found.origin, found.size, found.root

    def test_it_says_size_and_root(self, story: Story) -> None:
        book = story.ledger
        assert self.opened(book, book.checkpoint()) == (ORIGIN, book.size, book.root())

    def test_it_is_stored_and_stays(self, story: Story) -> None:
        note = story.ledger.checkpoint()
        assert story.ledger.last_checkpoint() == note == story.ledger.checkpoint()

    def test_one_is_made_every_so_many_events(self, fresh: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ledger.ledger.CHECKPOINT_EVERY", 8)
        sizes = []
        for count in (5, 1, 1, 1, 20, 3):
            fresh.observe("model/fx/vol@1", count)
            note = fresh.ledger.last_checkpoint()
            sizes.append(0 if note is None else self.opened(fresh.ledger, note)[1])
        assert sizes == [0, 0, 8, 8, 29, 32]

    def test_who_holds_no_key_appends_all_the_same(self, fresh: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ledger.ledger.CHECKPOINT_EVERY", 2)
        path = fresh.ledger.path
        with ledger.open(path, keys=path.parent / "none") as other:
            other.record(saw(), subject="m/x@1", actor="ada")
            with pytest.raises(AssayError, match=f"the key of {ORIGIN} is not in .*whoever holds it can sign"):
                other.checkpoint()
            assert other.last_checkpoint() is None

    def test_an_older_copy_in_its_place_is_not_signed(self, story: Story, tmp_path: Path) -> None:
        book = story.ledger
        with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            book.connection.backup(copy)
        story.observe("model/fx/vol@1", 5)
        book.checkpoint()
        size, path, keys = book.size, book.path, book.keystore.folder
        book.close()
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copy(tmp_path / "copy.db", path)
        before = files(keys)
        story.ledger = ledger.open(path, keys=keys)
        assert story.ledger.size == size - 5
        with pytest.raises(LedgerError, match=f"its key signed a checkpoint of {size}: an older copy was put in its"):
            story.ledger.checkpoint()
        story.observe("model/fx/other@1", 7)
        with pytest.raises(LedgerError, match=f"the first {size} events are not those that this ledger's key signed"):
            story.ledger.checkpoint()
        assert files(keys) == before

    def test_a_checkpoint_that_was_signed_and_lost_is_signed_again(self, story: Story) -> None:
        """Killed between remembering and storing: the same is signed, and nothing is refused."""
        book = story.ledger
        before = book.last_checkpoint()
        with pytest.raises(ZeroDivisionError):
            book._writer().checkpoint(lambda size, root: f"{_remember(book, size, root)}{1 // 0}")
        assert book.last_checkpoint() == before
        assert self.opened(book, book.checkpoint())[1:] == (book.size, book.root())


def _remember(book: Ledger, size: int, root: bytes) -> str:
    assert book.verifier is not None
    book.keystore.remember_signed(book.verifier, size, root.hex())
    return ""


class TestRebuild:
    def test_it_changes_nothing(self, story: Story) -> None:
        from ledger.projections import folding

        before = folding.snapshot(story.ledger.connection)
        told: list[tuple[int, int]] = []
        assert story.ledger.rebuild(lambda done, total: told.append((done, total))) == story.ledger.size
        assert folding.snapshot(story.ledger.connection) == before
        assert all(done <= total == story.ledger.size for done, total in told)

    def test_it_mends_what_was_changed(self, story: Story) -> None:
        before = runs.listed(story.ledger.view())
        for statement in ("DELETE FROM runs", "DELETE FROM edges", "UPDATE artifacts SET actor = 'eve'"):
            story.ledger.connection.execute(statement)
        story.ledger.rebuild()
        assert runs.listed(story.ledger.view()) == before
        assert ledger.verify(story.ledger.path).findings == []


class TestOpening:
    """Whatever lies there instead of a ledger: one clear line, and nothing is changed."""

    def refused(
        self, path: Path, *messages: str, modes: tuple[bool, ...] = (True, False), verifiable: bool = False
    ) -> None:
        before = files(path.parent)
        for read_only in modes:
            with pytest.raises(AssayError) as caught:
                ledger.open(path, read_only=read_only).close()
            said = str(caught.value)
            assert type(caught.value) in (LedgerError, InputError)
            assert caught.value.exit_code == 2
            assert any(message.format(path=path) in said for message in messages), said
            assert "\n" not in said
            assert files(path.parent) == before
        if True in modes and not verifiable:
            with pytest.raises(AssayError):
                ledger.verify(path)
            assert files(path.parent) == before

    def test_nothing_there(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "ledger.db", "there is no ledger at {path}; `assay init` makes one")
        assert list(tmp_path.iterdir()) == []

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "ledger.db").mkdir()
        self.refused(tmp_path / "ledger.db", "{path} is not a file; name the ledger's database")

    @pytest.mark.parametrize("content", [b"not a database", b"\x00" * 5000, os.urandom(8192)], ids=["text", "0", "?"])
    def test_some_file(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "ledger.db").write_bytes(content)
        self.refused(tmp_path / "ledger.db", "{path} is not a ledger (not an SQLite database, or damaged")

    def test_an_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "ledger.db").touch()
        self.refused(tmp_path / "ledger.db", "{path} is empty, and no Assay ledger")

    def test_another_database(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as other:
            other.execute("CREATE TABLE songs (title)")
        self.refused(tmp_path / "ledger.db", "{path} is a database, but no Assay ledger")

    def test_of_a_newer_version(self, story: Story) -> None:
        path = story.ledger.path
        story.ledger.connection.execute("UPDATE alembic_version SET version_num = '0999'")
        story.ledger.close()
        said = f"was written by a newer Assay (schema 0999, this one knows {schema.REVISION})"
        self.refused(path, said, verifiable=True)
        # It may also only say so: what is the same in every version is verified.
        assert [each.kind for each in ledger.verify(path).findings] == ["schema"]

    @pytest.mark.parametrize("keep", [1, 99, 512, 4096, 5000, 0.5])
    def test_truncated(self, story: Story, keep: float) -> None:
        path = story.ledger.path
        story.ledger.close()
        whole = path.read_bytes()
        path.write_bytes(whole[: keep if isinstance(keep, int) else int(len(whole) * keep)])
        before = files(path.parent)
        with pytest.raises(AssayError, match=r"\A[^\n]+\Z"), ledger.open(path, read_only=True) as opened:
            list(opened.events())
        try:
            said = [each.kind for each in ledger.verify(path).findings]
        except LedgerError as error:
            said = [str(error).partition(";")[0]]
        assert "damaged" in said or "no Assay ledger" in said[0]
        assert files(path.parent) == before

    def test_locked(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        path = story.ledger.path
        story.ledger.close()
        monkeypatch.setattr("ledger.store.sqlite.BUSY_SECONDS", 0.05)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.refused(path, "{path} is locked by another process; try again when it has finished", modes=(False,))
            ledger.open(path, read_only=True).close()

    def test_locked_altogether(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        path = story.ledger.path
        story.ledger.close()
        monkeypatch.setattr("ledger.store.sqlite.BUSY_SECONDS", 0.05)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            self.refused(path, "{path} is locked by another process; try again when it has finished")


_WRITE = """
import sys, ledger
from ledger.events.monitors import MonitorObserved
try:
    with ledger.open(sys.argv[1]) as book:
        for n in range(100_000):
            book.record(MonitorObserved("m", "k", 0.5, False, 0.7, detail={"text": "x" * 9000}), subject="m/x@1", actor="a")
            print(n, flush=True)
except ledger.AssayError as error:
    print(type(error).__name__, error)
"""

_READ = """
import sys, ledger
try:
    with ledger.open(sys.argv[1], read_only=True) as book:
        print(book.size, len(list(book.events())))
    print(ledger.verify(sys.argv[1]).findings)
except ledger.AssayError as error:
    print(type(error).__name__, error)
"""


class TestPermissions:
    """Where nothing may be written, a ledger is read; where it cannot be, one line says so."""

    @pytest.fixture
    def shut(self, told: Path, tmp_path: Path) -> Callable[[int, int], Path]:
        def copy(folder_mode: int, file_mode: int) -> Path:
            folder = tmp_path / "shut"
            folder.mkdir()
            path = folder / "ledger.db"
            shutil.copy(told / "ledger.db", path)
            path.chmod(file_mode)
            folder.chmod(folder_mode)
            return path

        return copy

    @pytest.mark.parametrize("modes", [(0o555, 0o444), (0o555, 0o644), (0o755, 0o444)])
    def test_reading(self, shut: Callable[[int, int], Path], modes: tuple[int, int], powerless: Powerless) -> None:
        path = shut(*modes)
        with ledger.open(path, read_only=True) as book:
            size = book.size
        before = files(path.parent)
        said = powerless(_READ, str(path))
        assert (said.stdout, said.stderr) == (f"{size} {size}\n[]\n", "")
        assert files(path.parent) == before

    @pytest.mark.parametrize("modes", [(0o555, 0o444), (0o555, 0o644), (0o755, 0o444)])
    def test_writing(self, shut: Callable[[int, int], Path], modes: tuple[int, int], powerless: Powerless) -> None:
        path = shut(*modes)
        before = files(path.parent)
        said = powerless(_WRITE, str(path))
        assert said.stdout.startswith("LedgerError ")
        assert "permissions" in said.stdout
        assert said.stderr == ""
        assert files(path.parent) == before

    def test_an_unreadable_file(self, shut: Callable[[int, int], Path], powerless: Powerless) -> None:
        said = powerless(_READ, str(shut(0o755, 0o000)))
        assert said.stdout.startswith("LedgerError ")
        assert "cannot be opened; check the permissions of the file and of its folder" in said.stdout

    def test_a_log_left_behind_where_nothing_may_be_written(self, story: Story, powerless: Powerless) -> None:
        """A writer that died left its log; without a folder to write in, SQLite cannot read it, and says so."""
        path = story.ledger.path
        folder = path.parent / "shut"
        folder.mkdir()
        story.observe("model/fx/vol@1", 1)
        for suffix in ("", "-wal"):
            shutil.copy(path.with_name(path.name + suffix), folder)
        folder.chmod(0o555)
        said = powerless(_READ, str(folder / "ledger.db"))
        assert said.stdout.startswith("LedgerError ")
        assert "copy" in said.stdout


class TestFullDisk:
    def test_what_was_acknowledged_stays(self, fresh: Story) -> None:
        path = fresh.ledger.path
        fresh.ledger.close()
        said = subprocess.run(
            [sys.executable, "-c", _WRITE, str(path)],
            cwd=ROOT,
            preexec_fn=_small_files,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        *acknowledged, last = said.stdout.splitlines()
        assert said.stderr == ""
        assert last.startswith("LedgerError ")
        assert "nothing was recorded" in last
        assert len(acknowledged) > 10
        with ledger.open(path, keys=path.parent / "keys") as book:
            assert book.size == 1 + len(acknowledged)
            book.record(saw(), subject="m/x@1", actor="ada")
        assert ledger.verify(path).findings == []


def _small_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))


class TestSeveralProcesses:
    def test_gapless_and_fair(self, fresh: Story) -> None:
        """Four loops of single records: no gap, no loss, and nobody starves."""
        path = fresh.ledger.path
        program = (
            "import sys, ledger, time\n"
            "from ledger.events.monitors import MonitorObserved\n"
            "book = ledger.open(sys.argv[1]); print('ready', flush=True); sys.stdin.readline(); end = time.time() + 1.5\n"
            "n = 0\n"
            "while time.time() < end:\n"
            "    book.record(MonitorObserved('m', 'k', 0.5, False, 0.7, n=n), subject='m/x@1', actor=sys.argv[2]); n += 1\n"
            "book.close(); print(n)"
        )
        pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
        children = [subprocess.Popen([sys.executable, "-c", program, str(path), f"w{n}"], **pipe) for n in range(4)]  # type: ignore[call-overload]
        for child in children:
            assert child.stdout.readline() == "ready\n"
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        said = [int(child.communicate(timeout=60)[0]) for child in children]
        assert all(child.returncode == 0 for child in children)
        written = Counter(each.event.actor for each in fresh.ledger.events(1))
        assert [written[f"w{n}"] for n in range(4)] == said
        for n in range(4):
            mine = [each.event.value["n"] for each in fresh.ledger.events(1) if each.event.actor == f"w{n}"]
            assert mine == list(range(said[n]))
        assert min(said) >= 0.5 * max(said) > 0
        assert ledger.verify(path).findings == []


def test_verification_is_recorded_as_an_event(story: Story) -> None:
    report = ledger.verify(story.ledger.path)
    fact = LedgerVerified(report.head, report.size, report.ok)
    story.ledger.record(fact, actor="grace", subject=f"ledger/{ORIGIN}")
    assert json.loads(json.dumps(report.document()))["ok"] is True
    assert ledger.verify(story.ledger.path).findings == []
