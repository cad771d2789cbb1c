"""The registry screen: names, versions, runs, and comparing two."""

from __future__ import annotations

from collections.abc import Callable

import ledger
from app.tui.app import Dashboard
from app.tui.screens.action import ActionScreen
from ledger.events.runs import RunCompleted, RunStarted
from ledger.ledger import Entry
from ledger.projections import artifacts, runs
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]


async def test_names_lead_to_versions_and_versions_to_their_lineage(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        text = shown(pilot.app)
        assert "MODELS (1)" in text
        assert "RUNS" in text
        await press(pilot, "l")
        assert pilot.app.current.versions.has_focus
        ref = pilot.app.current.subject
        assert ref.startswith("model/")
        await press(pilot, "l")
        assert pilot.app.current.NAME == "Lineage"
        assert ref.rpartition("/")[2].partition("@")[0] in shown(pilot.app)


async def test_a_version_is_shown_with_what_made_it_and_its_figures(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=(120, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "4", "l", "G")
        text = shown(pilot.app)
        with ledger.open(shell.ledger, read_only=True) as opened_ledger:
            view = opened_ledger.view()
            model = artifacts.versions(view, kind="model")[0]
            run = runs.get(view, model.run or "")
        assert model.ref in text
        assert model.digest[:16] in text
        assert run is not None
        assert all(name in text for name in run.metrics)


async def test_two_runs_are_compared_and_one_alone_is_not(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        again = RunStarted(run="f00d", job="train", job_type="training", seed=8, command=["train"])
        ended = RunCompleted(run="f00d", status="ok", metrics={"mae": 1.9})
        book.record_many([Entry(fact, actor="lea", project=story.PROJECT) for fact in (again, ended)])
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4", "G", "d")
        assert "mark a version first" in noticed(pilot.app)
        await press(pilot, "space", "d")
        assert "marked version itself" in noticed(pilot.app)
        marked = pilot.app.current.subject
        assert marked.startswith("run/")
        await press(pilot, "k", "d")
        assert isinstance(pilot.app.screen, ActionScreen)
        assert pilot.app.screen.query_one("#arg-runs").value == f"{marked} {pilot.app.current.subject}"


async def test_opening_a_version_puts_the_cursor_there(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger, read_only=True) as opened_ledger:
        wanted = artifacts.versions(opened_ledger.view(), kind="dataset")[0].ref
    async with opened().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.app.action_screen("4")
        pilot.app.current.open(wanted)
        await settled(pilot)
        assert pilot.app.current.subject == wanted
        assert pilot.app.current.names.value == wanted.rpartition("@")[0]
