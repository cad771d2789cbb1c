"""The audit screen beside its log: checkpoints on both sides, a pause, the sealed report."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

import ledger
from app.tui.acting import Cancelled
from app.tui.app import Dashboard
from app.tui.screens.action import ActionScreen
from app.tui.screens.audit.chainpane import ChainPane
from app.tui.screens.audit.eventlog import EventLog
from app.tui.screens.audit.sealing import sealed
from app.tui.screens.audit.verifying import Hear, Run
from ledger.audit.watching import Step
from ledger.errors import LedgerError
from ledger.events.artifacts import ArtifactRegistered
from ledger.format.canonical import encode
from ledger.format.hashes import digest
from ledger.ledger import Entry
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]
NO_FILE = "sha256:" + "0" * 64


async def test_an_event_says_which_checkpoint_vouches_for_it(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        book.checkpoint()
        size = book.size
        fact = ArtifactRegistered(kind="dataset", name="later", version=1, sha256="sha256:" + "0" * 64, size=1)
        book.record(fact, actor="lea", project=story.PROJECT)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9")
        assert "no checkpoint yet" in shown(pilot.app)
        assert f"before    {size} events" in shown(pilot.app)
        await press(pilot, "0")
        assert "✓ " in shown(pilot.app)
        assert "before    no checkpoint" in shown(pilot.app)
        await press(pilot, "c")
        assert isinstance(pilot.app.screen, ActionScreen)


async def test_the_report_is_sealed(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "x", "r")
        assert "nothing was verified yet" in noticed(pilot.app)
        await press(pilot, "space")
        assert "no verification is under way" in noticed(pilot.app)
        await press(pilot, "v", "x", "r")
        assert "written to" in noticed(pilot.app)
    (file,) = shell.root.glob("assay-audit-*.json")
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["seal"] == digest(encode(found["report"]))
    assert found["report"]["ok"] is True
    assert found["report"]["first_break"] is None
    assert found["report"]["range"] == [0, found["report"]["size"]]


def test_a_sealed_report_names_the_first_break() -> None:
    findings = [{"kind": "schema", "seq": None}, {"kind": "edited", "seq": 9}, {"kind": "edited", "seq": 5}]
    told = json.loads(sealed({"size": 12, "ok": False, "findings": findings}))
    assert told["report"]["first_break"] == {"kind": "edited", "seq": 5}


def test_a_paused_verification_waits_until_it_goes_on_or_is_left(shell: story.Shell) -> None:
    for goes_on in (True, False):
        run, outcome = Run(), []
        run.pause()
        assert run.paused

        def work(run: Run = run, outcome: list[object] = outcome) -> None:
            try:
                outcome.append(run.verify(shell.ledger, shell.root, 1, run.hear)["ok"])
            except Cancelled:
                outcome.append("left")

        worker = threading.Thread(target=work)
        worker.start()
        assert worker.is_alive()
        assert not outcome
        if goes_on:
            run.pause()
        else:
            run.leave()
        worker.join(60)
        assert outcome == [True if goes_on else "left"]


async def test_keys_that_want_a_verification_say_so(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9")
        for key in ("n", "p", "F"):
            await press(pilot, key)
            assert "nothing was verified yet; v verifies" in noticed(pilot.app)
        for key in ("tab", "plus", "h"):
            await press(pilot, key)
            assert "the map comes with a verification; v verifies" in noticed(pilot.app)
        await press(pilot, "v", "n")
        assert "nothing was found" in noticed(pilot.app)
        await press(pilot, "h")
        assert "tab goes there" in noticed(pilot.app)


async def test_the_map_is_walked_cell_by_cell(opened: Opened, shell: story.Shell) -> None:
    edit(shell, 5)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "v", "tab")
        chain, log = pilot.app.screen.query_one(ChainPane), pilot.app.screen.query_one(EventLog)
        assert chain.has_focus
        assert chain.cell == (5, 6), "the cursor stands where the log's does"
        assert "event 5 · 1 broken · ⏎ goes there" in shown(pilot.app)
        await press(pilot, "l", "l", "h")
        assert chain.cell == (6, 7)
        await press(pilot, "k")
        assert chain.cell == (6, 7), "there is no line above"
        await press(pilot, "enter")
        assert log.has_focus
        assert log.cursor == 6
        assert "Event 6" in shown(pilot.app)
        await press(pilot, "j", "tab", "tab")
        assert log.has_focus
        assert log.cursor == 7


async def test_a_range_is_shown_alone_until_it_is_left(opened: Opened, shell: story.Shell) -> None:
    edit(shell, 5)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "v", "r")
        field = pilot.app.screen.query_one(Input)
        assert field.value == f"0 {pilot.app.standing.size - 1}", "around the cursor"
        field.value = "9 3"
        await press(pilot, "enter")
        assert "the first comes before the last" in shown(pilot.app)
        field.value = "3 to 9"
        await press(pilot, "enter")
        log = pilot.app.screen.query_one(EventLog)
        assert list(log.listed) == [*range(3, 10)]
        assert "Log: events 3 to 9" in shown(pilot.app)
        assert "Verification: events 3 to 9" in shown(pilot.app)
        assert "  3  ▇▇X▇▇▇▇" in shown(pilot.app)
        await press(pilot, "0", "F")
        assert log.cursor == 5
        await press(pilot, "r")
        pilot.app.screen.query_one(Input).value = "8 9"
        await press(pilot, "enter", "n")
        assert log.cursor == 5, "a finding elsewhere ends the range"
        assert log.size_shown == pilot.app.standing.size
        await press(pilot, "r")
        pilot.app.screen.query_one(Input).value = "8 9"
        await press(pilot, "enter", "escape")
        assert log.size_shown == pilot.app.standing.size


async def test_a_range_and_a_filter_hold_together(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "r")
        pilot.app.screen.query_one(Input).value = "0 9"
        await press(pilot, "enter", "f", *"type:artifact", "enter")
        listed = [*pilot.app.screen.query_one(EventLog).listed]
        assert listed
        assert max(listed) <= 9
        assert f"events 0 to 9, {len(listed)} of" in shown(pilot.app)


async def test_zooming_shows_fewer_events_around_the_cursor(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        made = (ArtifactRegistered(kind="dataset", name=f"d{n}", version=1, sha256=NO_FILE, size=1) for n in range(40))
        book.record_many([Entry(fact, actor="lea", project=story.PROJECT) for fact in made])
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "v", "tab", "0", "plus")
        page = pilot.app.current
        first, stop = page.shown
        assert stop - first == 16
        assert first <= pilot.app.screen.query_one(ChainPane).spot < stop
        await press(pilot, "minus")
        assert page.shown is None


async def test_checkpoints_bracket_an_event(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        first = int(book.checkpoint().split("\n")[1])
        for name in ("more", "most"):
            fact = ArtifactRegistered(kind="dataset", name=name, version=1, sha256="sha256:" + "0" * 64, size=1)
            book.record(fact, actor="lea", project=story.PROJECT)
        last = int(book.checkpoint().split("\n")[1])
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "b")
        assert noticed(pilot.app) == f"checkpoint before: {first}, signed, agrees; after: {last}, signed, agrees"
        assert [*pilot.app.screen.query_one(EventLog).listed] == [first, first + 1]


async def test_findings_are_walked_and_told_in_words(opened: Opened, shell: story.Shell) -> None:
    edit(shell, 5)
    edit(shell, 9)
    with sqlite3.connect(shell.ledger) as connection:
        connection.execute("DROP TRIGGER events_keep_delete")
    connection.close()
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "v")
        log = pilot.app.screen.query_one(EventLog)
        assert "3 findings; n and p" in noticed(pilot.app)
        assert log.cursor == 5
        text = shown(pilot.app)
        assert "First break" in text
        assert "One edited row, not a cut." in text
        assert "3 events still link" in text
        await press(pilot, "n")
        assert log.cursor == 9
        assert "finding 2 of 3" in shown(pilot.app)
        await press(pilot, "n")
        assert log.cursor == 9, "it is about the file"
        assert "SCHEMA   finding 3 of 3" in shown(pilot.app)
        assert "WHAT TO DO" in shown(pilot.app)
        await press(pilot, "n")
        assert log.cursor == 5
        await press(pilot, "p", "p")
        assert log.cursor == 9
        await press(pilot, "enter")
        assert "BYTES" in shown(pilot.app)
        assert "computed" in shown(pilot.app)
        await press(pilot, "escape", "k")
        assert "Event 8" in shown(pilot.app)
        await press(pilot, "n")
        assert log.cursor == 9


async def test_in_a_small_terminal_the_words_come_as_a_sheet(opened: Opened, shell: story.Shell) -> None:
    edit(shell, 5)
    async with opened().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "9", "v")
        assert "⏎ tells it in words" in noticed(pilot.app)
        await press(pilot, "enter")
        assert "One edited row, not a cut." in shown(pilot.app)
        await press(pilot, *"JJJJJJJJJJJJ")
        assert "BYTES" in shown(pilot.app)
        await press(pilot, "escape")
        assert "Log" in shown(pilot.app)


async def test_what_does_not_fit_is_marked_before_the_end(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()

    def verify(run: Run, path: Path, root: Path, size: int, hear: Hear) -> dict[str, Any]:
        hear([Step("events", 8, size, ((0, 8),), (6,))])
        assert goes_on.wait(60)
        raise LedgerError("the disk is on fire")

    monkeypatch.setattr(Run, "verify", verify)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "9")
        await pilot.press("v")
        while "1 event so far does not fit" not in shown(pilot.app):
            await pilot.pause(0.01)
        text = shown(pilot.app)
        assert "  0  ░░░░░░X░▒" in text
        assert "X   6" in text
        assert "1 worker" in text
        assert "read-only" in text
        await pilot.press("v")
        await pilot.pause()
        assert "it is under way; esc stops it" in noticed(pilot.app)
        goes_on.set()
        await settled(pilot)
        assert "the disk is on fire" in noticed(pilot.app)
        assert "the disk is on fire" in shown(pilot.app)
        await press(pilot, "x", "r")
        assert "did not come to its end" in noticed(pilot.app)


def edit(shell: story.Shell, seq: int) -> None:
    """Change a byte of an event."""
    with sqlite3.connect(shell.ledger) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        (body,) = connection.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()
        connection.execute("UPDATE events SET body = ? WHERE seq = ?", (body.replace(b'"value"', b'"valve"', 1), seq))
        for _, sql in triggers:
            connection.execute(sql)
    connection.close()


async def test_the_lowest_project_comes_first_where_asked(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2", "s")
        assert "the lowest first" in shown(pilot.app)
        await press(pilot, "s")
        assert "the lowest first" not in shown(pilot.app)


async def test_what_is_asked_for_is_compared_with_what_serves(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "5", "d")
        assert "nothing serves now" in noticed(pilot.app)
        await press(pilot, "b")
        assert isinstance(pilot.app.screen, ActionScreen)
        assert pilot.app.screen.query_one("#arg-request").value.isdecimal()
