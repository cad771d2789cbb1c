"""What a finding means: the story in words, and what surrounds it in a ledger that was touched."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

import ledger
from app.tui.gateway import Gateway
from app.tui.queries import log
from app.tui.screens.audit.queries import breaks
from app.tui.screens.audit.queries.breaks import Break
from app.tui.screens.audit.queries.stories import Bracket, Hashes, bracketed, story, touched
from ledger.audit.report import KINDS
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.checks import CheckExecuted
from ledger.format.hashes import leaf_hash
from tests.app import story as told_story

A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.mark.parametrize(
    ("hashes", "what", "means"),
    [
        (Hashes(A, B, A), "stored hash is still the one", "One edited row, not a cut."),
        (Hashes(A, B, B), "Only the stored hash was changed", "Nothing that was recorded is lost."),
        (Hashes(A, A, B), "the hash with them", "not a cut, by somebody who knew"),
        (Hashes(A, B, C), "all differ", "More than one"),
        (Hashes(A, B, ""), "no longer fit each other", "last event"),
    ],
)
def test_three_hashes_tell_what_was_edited(hashes: Hashes, what: str, means: str) -> None:
    told = story("edited", hashes)
    assert what in told.what
    assert means in told.means


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_finding_has_a_story_and_an_advice(kind: str) -> None:
    told = story(kind, Hashes(A, B, A), "whatever")
    assert told.what.endswith(".")
    assert told.means.endswith(".")
    assert len(told.next) > 30
    assert "hash" not in told.next
    assert told.what != "Something here is not as it should be."


def test_checkpoints_are_told_from_events_and_rows_put_in_from_rows_moved() -> None:
    assert "checkpoint" in story("missing", detail="2 of the stored checkpoints are not there").what
    assert story("missing", gone=3).what == "3 rows were removed."
    assert "vouches for nothing" in story("signature", detail="the stored checkpoint of size 9: no").means
    assert "does not count" in story("signature", detail="the checkpoint in the decision of event 4 is not").means
    assert "put in" in story("reordered", detail="a row was put in here").what
    assert "changed places" in story("reordered", detail="rows were moved: event 4 lies at 5").what
    assert not touched("tree", "")
    assert touched("edited", "")


def test_checkpoints_on_both_sides_in_a_sentence() -> None:
    assert bracketed(None, None) == "no checkpoint stands before or after it"
    before, after = Bracket(47, True, True), Bracket(51, True, False)
    assert bracketed(before, after) == "checkpoint before: 47, signed, agrees; after: 51, signed, differs"
    assert bracketed(Bracket(3, False, None), None) == "checkpoint before: 3, not signed; after: none"
    assert bracketed(None, Bracket(9, True, None, 4)).endswith("9, signed, 4 gone")


def touch(path: Path, *statements: tuple[str, tuple[Any, ...]]) -> None:
    """Change a ledger's file as somebody would who knows SQL and not Assay."""
    with sqlite3.connect(path) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement, values in statements:
            connection.execute(statement, values)
        for _, sql in triggers:
            connection.execute(sql)
    connection.close()


def found(path: Path, number: int = 0) -> Break:
    """What is told of a finding of the ledger."""
    steps: list[Any] = []
    report = ledger.verify(path, watch=steps.append)
    places = {seq for step in steps for seq in step.places}
    findings = [each.document() for each in report.findings]
    gateway = Gateway(path)
    try:
        return gateway.ask(lambda view: breaks.load(view, findings, number, report.size, places))
    finally:
        gateway.close()


def of(path: Path, type_: str) -> tuple[int, bytes]:
    """The first event of a type, and its bytes."""
    with ledger.open(path, read_only=True) as book:
        return next((each.seq, each.body) for each in book.events() if each.event.type == type_)


def test_an_edited_version_with_what_was_made_from_it(shell: told_story.Shell) -> None:
    seq, body = of(shell.ledger, "artifact.registered")
    touch(shell.ledger, ("UPDATE events SET body = ? WHERE seq = ?", (body.replace(b'"size":', b'"size":1'), seq)))
    told = found(shell.ledger)
    assert (told.kind, told.seq, told.number, told.of) == ("edited", seq, 0, 1)
    assert told.story.means == "One edited row, not a cut."
    assert told.before is True
    with ledger.open(shell.ledger, read_only=True) as book:
        assert told.after == book.size - seq - 1
    assert told.until is None
    assert told.depends is not None
    assert {each.what for each in told.depends} >= {"run that used it", "model made from it"}
    assert told.hashes.recomputed == leaf_hash(body.replace(b'"size":', b'"size":1')).hex()


def test_a_row_that_is_gone_is_remembered_by_what_was_computed_from_it(shell: told_story.Shell) -> None:
    seq, _ = of(shell.ledger, "run.started")
    touch(shell.ledger, ("DELETE FROM events WHERE seq = ?", (seq,)))
    told = found(shell.ledger)
    assert (told.kind, told.seq) == ("missing", seq)
    assert told.story.what == "One row was removed."
    assert told.subject.startswith("run/")
    assert told.hashes.stored == ""
    assert len(told.hashes.named) == 64, "the next event still names what is gone"


def test_rows_that_changed_places_leave_a_stretch_whole_between_them(shell: told_story.Shell) -> None:
    columns = "hash, body, type, subject, project, actor, at, cause"
    with sqlite3.connect(shell.ledger) as connection:
        rows = {
            seq: connection.execute(f"SELECT {columns} FROM events WHERE seq = ?", (seq,)).fetchone() for seq in (4, 9)
        }
    connection.close()
    put = f"UPDATE events SET ({columns}) = (?, ?, ?, ?, ?, ?, ?, ?) WHERE seq = ?"
    touch(shell.ledger, (put, (*rows[9], 4)), (put, (*rows[4], 9)))
    told = found(shell.ledger)
    assert (told.kind, told.seq, told.until) == ("reordered", 4, 9)
    assert told.after == 4
    assert "shuffle" in told.story.means


def test_a_cut_end_and_the_checkpoint_that_covers_it(shell: told_story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        book.checkpoint()
        size = book.size
    touch(shell.ledger, ("DELETE FROM events WHERE seq >= ?", (size - 3,)))
    told = found(shell.ledger)
    assert (told.kind, told.seq) == ("truncated", size - 3)
    assert told.after == 0
    after = told.seals[1]
    assert after is not None
    assert after.signed
    assert after.gone == after.size - (size - 3) > 0


def test_of_a_cut_log_the_newest_checkpoint_says_how_much_is_gone(shell: told_story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        size = book.size
        for step in range(2):
            fact = ArtifactRegistered(
                kind="dataset", name="more", version=step + 1, sha256="sha256:" + "0" * 64, size=1
            )
            book.record(fact, actor="lea", project=told_story.PROJECT)
            book.checkpoint()
    touch(shell.ledger, ("DELETE FROM events WHERE seq >= ?", (size - 3,)))
    after = found(shell.ledger).seals[1]
    assert after is not None
    assert after.size == size + 2
    assert after.gone == 5


def test_nothing_made_of_a_version_depends_on_what_a_check_saw_of_it(shell: told_story.Shell) -> None:
    seq, _ = of(shell.ledger, "artifact.registered")
    with ledger.open(shell.ledger) as book:
        subject = next(each.event.subject for each in book.events() if each.seq == seq)
        fact = CheckExecuted(check="rows", kind="quality", passed=True, value=1, threshold=0)
        at = book.record(fact, subject=subject, actor="lea", project=told_story.PROJECT).seq
        view = book.view()
        assert list(breaks.dependents(view, seq, subject, "artifact.registered"))
        assert list(breaks.dependents(view, at, subject, "check.executed")) == []


def test_a_forged_checkpoint_does_not_touch_the_event(shell: told_story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        note = book.checkpoint()
    forged = note.replace(note.split("\n")[2], "A" * 43 + "=")
    touch(shell.ledger, ("UPDATE checkpoints SET note = ? WHERE note = ?", (forged, note)))
    told = found(shell.ledger)
    assert told.kind == "signature"
    assert told.depends is None
    assert told.seals[1] is not None
    assert told.seals[1].signed is False
    assert "vouches for nothing" in told.story.means


def test_an_event_that_is_gone_can_still_be_looked_at(shell: told_story.Shell) -> None:
    touch(shell.ledger, ("DELETE FROM events WHERE seq = 5", ()))
    gateway = Gateway(shell.ledger)
    try:
        whole = gateway.ask(lambda view: log.whole(view, 5))
    finally:
        gateway.close()
    assert whole.entry.type == "missing"
    assert whole.hash == whole.recomputed == whole.body == ""
    assert len(whole.previous) == len(whole.following) == 64


def test_what_bytes_name_as_the_hash_before_is_a_hash_or_nothing(shell: told_story.Shell) -> None:
    seq, body = of(shell.ledger, "run.started")
    start = body.index(b'"prev":"') + len(b'"prev":"')
    forged = body[:start] + b"\\u001b[2J" + body[start + 64 :]
    touch(shell.ledger, ("UPDATE events SET body = ? WHERE seq = ?", (forged, seq)))
    gateway = Gateway(shell.ledger)
    try:
        assert gateway.ask(lambda view: log.whole(view, seq)).prev == ""
        assert gateway.ask(lambda view: log.whole(view, seq - 1)).following == ""
    finally:
        gateway.close()


def test_a_row_that_cannot_be_read_is_told_of_all_the_same(shell: told_story.Shell) -> None:
    touch(shell.ledger, ("UPDATE events SET subject = CAST(x'ff6100' AS TEXT) WHERE seq = 6", ()))
    told = found(shell.ledger)
    assert told.seq == 6
    assert told.entry is None
    assert told.story.what
