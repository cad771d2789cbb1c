"""The audit screen beside its log: checkpoints on both sides, a pause, the sealed report."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import ledger
from app.tui.app import Dashboard
from app.tui.screens.action import ActionScreen
from app.tui.sealing import sealed
from app.tui.verifying import Run
from ledger.events.artifacts import ArtifactRegistered
from ledger.format.canonical import encode
from ledger.format.hashes import digest
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]


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


def test_a_paused_verification_waits_until_it_goes_on_or_is_left() -> None:
    for goes_on in (True, False):
        run, asked = Run(paused=True), []
        worker = threading.Thread(target=lambda run=run, asked=asked: asked.append(run.halted()))
        worker.start()
        assert worker.is_alive()
        assert not asked
        if goes_on:
            run.paused = False
        else:
            run.left = True
        worker.join(60)
        assert asked == [not goes_on]


async def test_the_lowest_project_comes_first_where_asked(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2", "s")
        assert "Maturity, the lowest first" in shown(pilot.app)
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
