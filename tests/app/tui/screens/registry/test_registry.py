"""The registry screen: names, versions, runs, and comparing two."""

from __future__ import annotations

from collections.abc import Callable

import ledger
from app.tui.app import Dashboard
from app.tui.screens.action import ActionScreen
from ledger.events.artifacts import ArtifactRegistered
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
        assert "mark a run first" in noticed(pilot.app)
        await press(pilot, "space", "d")
        assert "marked run itself" in noticed(pilot.app)
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


async def test_the_list_shows_one_figure_and_another_on_demand_and_their_curves(
    opened: Opened, shell: story.Shell
) -> None:
    with ledger.open(shell.ledger) as book:
        for version, (mae, bias) in enumerate(((1.9, 0.2), (1.5, 0.1), (1.7, 0.3)), 1):
            run = f"beef{version}"
            begun = RunStarted(run=run, job="train", job_type="training", seed=8, command=["train"])
            made = ArtifactRegistered(
                kind="model", name="bar", version=version, sha256="sha256:" + "ef" * 32, size=1, run=run
            )
            ended = RunCompleted(run=run, status="ok", metrics={"mae": mae, "bias": bias})
            book.record_many([Entry(fact, actor="lea", project=story.PROJECT) for fact in (begun, made, ended)])
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4")
        pilot.app.current.open(f"model/{story.PROJECT}/bar@2")
        await settled(pilot)
        row = next(line for line in shown(pilot.app).split("\n") if "▸    v2" in line)
        assert "1.5" in row
        await press(pilot, "v")
        row = next(line for line in shown(pilot.app).split("\n") if "▸    v2" in line)
        assert "0.1" in row
        await press(pilot, "c")
        text = shown(pilot.app)
        assert "Figures over the versions" in text
        assert "bias  0.1  -0.1" in text
        assert "mae  1.5  -0.4" in text
        await press(pilot, "j")
        assert "bias  0.2" in shown(pilot.app)
        await press(pilot, "c")
        assert "Recorded" in shown(pilot.app)
        await press(pilot, "k", "d")
        compared = [pilot.app.screen.query_one(f"#arg-{name}").value.rpartition("/")[2] for name in ("first", "second")]
        assert compared == ["bar@1", "bar@2"], "without a mark, a version is compared with the one before it"
        await press(pilot, "escape", "j", "d")
        assert "it is the first version" in noticed(pilot.app)


async def test_from_a_version_its_approval_can_be_asked_for_and_from_a_run_not(opened: Opened) -> None:
    async with opened("lea").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4", "n")
        assert isinstance(pilot.app.screen, ActionScreen)
        assert pilot.app.screen.query_one("#arg-ref").value.startswith("model/")
        await press(pilot, "escape", "G", "n")
        assert "the cursor stands on a run" in noticed(pilot.app)
