"""What ``ledger.verify`` says of a ledger, and of one in which something was touched, value by value."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

import ledger
from ledger import InputError
from ledger.audit.meaning import WITHOUT_ROWS
from ledger.audit.report import KINDS
from ledger.audit.verification import PARTS
from ledger.events import VOCABULARY
from ledger.format.hashes import EMPTY_ROOT
from ledger.projections import folding
from ledger.rules import RULES
from ledger.store import migration
from tests.ledger.audit.forgery import COLUMNS, Forger
from tests.ledger.story import ORIGIN, Story

Change = Callable[[Forger], object]


@pytest.fixture
def forged(told: Path, tmp_path: Path) -> Callable[..., list[tuple[str, int | None]]]:
    """What verification finds after a change."""

    def change_and_verify(change: Change, **options: Any) -> list[tuple[str, int | None]]:
        forger = Forger(told, tmp_path / "forged")
        change(forger)
        return [(each.kind, each.seq) for each in ledger.verify(forger.close(), **options).findings]

    return change_and_verify


class TestASoundLedger:
    def test_the_report(self, story: Story) -> None:
        book = story.ledger
        report = ledger.verify(book.path)
        assert report.ok
        assert (report.origin, report.size, report.root, report.head) == (
            ORIGIN,
            book.size,
            book.root().hex(),
            book.head,
        )
        nodes = book.connection.execute("SELECT count(*) FROM nodes").fetchone()[0]
        rows = sum(len(rows) for rows in folding.snapshot(book.connection).values())
        assert report.checked == {
            "events": book.size,
            "nodes": nodes,
            "checkpoints": 4,
            "decisions": 13,
            "projections": rows,
        }
        assert report.document() == {
            "ok": True,
            "size": book.size,
            "root": report.root,
            "head": report.head,
            "origin": ORIGIN,
            "checked": report.checked,
            "findings": [],
            "complete": True,
            "incomplete": [],
            "unchecked": [],
        }

    def test_strictly(self, story: Story) -> None:
        assert ledger.verify(story.ledger.path, strict=True).ok

    def test_its_own_checkpoints_from_outside(self, story: Story) -> None:
        notes = [row[0] for row in story.ledger.connection.execute("SELECT note FROM checkpoints")]
        assert ledger.verify(story.ledger.path, checkpoints=notes, key=str(story.ledger.verifier)).ok

    def test_what_is_known_to_be_unrecorded(self, fresh: Story) -> None:
        from ledger.events.runs import RunStarted

        fresh.record(RunStarted("r1", "train", "training"), "ada")
        report = ledger.verify(fresh.ledger.path)
        assert report.ok
        assert report.incomplete == ["1 run without a digest of the code", "1 run without an end"]
        assert not report.complete
        assert report.document()["complete"] is False

    def test_an_empty_database(self, tmp_path: Path) -> None:
        migration.make(tmp_path / "ledger.db")
        report = ledger.verify(tmp_path / "ledger.db")
        assert (report.ok, report.size, report.root, report.head) == (True, 0, EMPTY_ROOT.hex(), "0" * 64)

    @pytest.mark.parametrize("parts", [(), *[(part,) for part in PARTS], tuple(PARTS)])
    def test_by_parts(self, story: Story, parts: tuple[str, ...]) -> None:
        report = ledger.verify(story.ledger.path, parts=parts)
        assert report.ok
        assert report.root == story.ledger.root().hex()
        assert ("decisions" in report.checked) == ("meaning" in parts)
        assert [said.partition(":")[0] for said in report.unchecked] == [part for part in PARTS if part not in parts]

    def test_a_part_that_is_none(self, story: Story) -> None:
        with pytest.raises(InputError, match="there is no part 'colour' to verify; there are columns, signatures"):
            ledger.verify(story.ledger.path, parts=["colour"])

    def test_progress(self, fresh: Story) -> None:
        fresh.observe("model/fx/vol@1", 9000)
        told: list[tuple[str, int, int]] = []
        ledger.verify(fresh.ledger.path, progress=lambda what, done, total: told.append((what, done, total)))
        for what in ("events", "meaning"):
            done = [done for each, done, total in told if each == what and total == 9001]
            assert done == sorted(done)
            assert done[-1] == 9001
            assert len(done) >= 3

    def test_while_others_append(self, fresh: Story) -> None:
        """Whatever size each verification meets, everything up to there is in order, and nothing is written."""
        stop = threading.Event()
        path = fresh.ledger.path

        def write() -> None:
            with ledger.open(path, keys=path.parent / "keys") as book:
                story = Story(book)
                while not stop.is_set():
                    story.observe("model/fx/vol@1", 7)
                    book.checkpoint()

        thread = threading.Thread(target=write)
        thread.start()
        sizes = []
        for _ in range(15):
            report = ledger.verify(path)
            assert report.findings == []
            sizes.append(report.size)
        stop.set()
        thread.join()
        assert sizes == sorted(sizes)
        assert sizes[-1] > sizes[0]

    def test_unknown_types_limit_what_can_be_said(self, forged: Callable[..., Any], told: Path, tmp_path: Path) -> None:
        forger = Forger(told, tmp_path / "more")
        forger.append("tea.made", "cup/1", "ada", {})
        forger.retree()
        report = ledger.verify(forger.close())
        assert report.ok
        assert report.checked["unknown"] == 1
        assert report.unchecked == ["what 1 events of unknown types mean (tea.made)"]

    def test_every_type_is_known(self) -> None:
        assert VOCABULARY.keys() <= WITHOUT_ROWS | folding.TYPES | RULES.keys()


class TestEveryValue:
    """Every column of two hundred events, several at a time: each change is found, of the right kind, at its event."""

    @pytest.mark.parametrize("column", COLUMNS[1:])
    def test_one_byte_changed(self, forged: Callable[..., Any], column: str) -> None:
        random = Random(column)
        kind = "edited" if column in ("hash", "body") else "columns"
        todo = random.sample(range(209), 200)
        while todo:
            seqs = sorted(_apart(todo))
            todo = [seq for seq in todo if seq not in seqs]
            changed: list[int] = []

            def change(forger: Forger, seqs: list[int] = seqs, changed: list[int] = changed) -> None:
                changed.extend(seq for seq in seqs if _change(forger, seq, column, random))

            assert forged(change) == [(kind, seq) for seq in changed]

    @pytest.mark.parametrize("seq", [0, 1, 16, 32, 100, 207, 208])
    def test_the_place_itself(self, forged: Callable[..., Any], seq: int) -> None:
        assert forged(lambda forger: forger("UPDATE events SET seq = 5000 WHERE seq = ?", seq)) == [("reordered", seq)]


def _apart(seqs: list[int]) -> list[int]:
    """Some of the seqs, not too near one another; the first event by itself, since it names the ledger's key."""
    if 0 in seqs:
        return [0]
    chosen: list[int] = []
    for seq in seqs:
        if all(abs(seq - other) > 3 for other in chosen):
            chosen.append(seq)
        if len(chosen) == 12:
            break
    return chosen


def _change(forger: Forger, seq: int, column: str, random: Random) -> bool:
    before = forger(f"SELECT {column} FROM events WHERE seq = ?", seq)[0][0]
    if before is None and column == "project":
        return False
    if column == "cause":
        after: Any = 0 if before is None or before else None
        if seq == 0:
            after = 5
    else:
        data = bytearray(before.encode() if isinstance(before, str) else before)
        data[random.randrange(len(data))] ^= 1 << random.randrange(7)
        after = bytes(data).decode("latin-1") if isinstance(before, str) else bytes(data)
    forger(f"UPDATE events SET {column} = ? WHERE seq = ?", after, seq)
    return True


class TestSeveralBreaks:
    def test_all_are_found(self, forged: Callable[..., Any]) -> None:
        def change(forger: Forger) -> None:
            body = bytearray(forger.body(60))
            body[-9] ^= 1
            forger("UPDATE events SET body = ? WHERE seq = 60", bytes(body))
            forger("DELETE FROM events WHERE seq IN (90, 91)")
            forger("UPDATE events SET actor = 'x' WHERE seq = 120")
            forger("UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 70")
            forger("UPDATE runs SET actor = 'eve' WHERE seq = 20")
            forger("DROP INDEX runs_by_run")
            forger("UPDATE checkpoints SET note = 'none' WHERE size = 32")
            forger("DELETE FROM events WHERE seq > 205")

        assert forged(change) == [
            ("projections", 20),
            ("signature", 31),
            ("edited", 60),
            ("missing", 90),
            ("columns", 120),
            ("tree", 140),
            ("truncated", 206),
            ("schema", None),
        ]

    def test_a_rule_broken_before_and_after_something_touched(self, forged: Callable[..., Any]) -> None:
        """What depends on an event of which nothing is left cannot be judged; what does not, is."""

        def change(forger: Forger) -> None:
            first = forger.append(
                "alias.moved", "model/x/y@9", "eve", {"alias": "champion", "artifact": "model/x/y", "version": 9}
            )
            forger.retree()
            forger.refold()
            forger("DELETE FROM events WHERE seq = 150")
            assert first == 209

        assert forged(change) == [("missing", 150), ("rule", 209)]


class TestReplaced:
    def test_by_an_older_copy(self, story: Story, tmp_path: Path) -> None:
        older = tmp_path / "older.db"
        with closing(sqlite3.connect(older)) as copy:
            story.ledger.connection.backup(copy)
        size = story.ledger.size
        story.observe("model/fx/vol@1", 20)
        note = story.ledger.checkpoint()
        assert ledger.verify(older).ok
        found = ledger.verify(older, checkpoints=[note]).findings
        assert [(each.kind, each.seq) for each in found] == [("truncated", size)]

    def test_by_another_ledger(self, story: Story, tmp_path: Path) -> None:
        other = Story.begin(tmp_path / "other")
        other.observe("model/fx/vol@1", 300)
        path = other.ledger.path
        other.ledger.close()
        note = story.ledger.checkpoint()
        found = ledger.verify(path, checkpoints=[note], key=str(story.ledger.verifier)).findings
        assert {each.kind for each in found} == {"signature", "rewritten"}


class TestOutside:
    @pytest.mark.parametrize("text", ["", "example.com\n", "example.com\nmany\nAAAA\n", "example.com\n٣\nAAAA\n"])
    def test_what_is_no_checkpoint(self, story: Story, text: str) -> None:
        with pytest.raises(InputError, match="a checkpoint begins with the ledger's origin, its size and its root"):
            ledger.verify(story.ledger.path, checkpoints=[text])

    def test_what_is_no_key(self, story: Story) -> None:
        with pytest.raises(InputError, match="is no verifier key"):
            ledger.verify(story.ledger.path, key="ada")

    def test_a_checkpoint_of_another_log(self, story: Story, tmp_path: Path) -> None:
        other = Story.begin(tmp_path / "other", origin="example.com/other")
        note = other.ledger.checkpoint()
        other.ledger.close()
        found = ledger.verify(story.ledger.path, checkpoints=[note]).findings
        assert [(each.kind, each.seq) for each in found] == [("signature", 0)]


def test_nothing_is_written(told: Path, tmp_path: Path) -> None:
    shutil.copy(told / "ledger.db", tmp_path)
    path = tmp_path / "ledger.db"
    before = path.read_bytes()
    ledger.verify(path, strict=True)
    assert path.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} <= {"ledger.db", "ledger.db-shm", "ledger.db-wal"}


def test_every_kind_has_its_words() -> None:
    assert len(KINDS) == 15
