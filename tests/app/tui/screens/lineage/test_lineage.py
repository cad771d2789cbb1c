"""The lineage screen: walking to what had no room, comparing, what breaks, and what the inspector tells."""

from __future__ import annotations

from collections.abc import Callable

import ledger
from app.tui.app import Dashboard
from app.tui.screens.action import ActionScreen
from app.tui.screens.lineage.graph import GraphPane
from ledger.events.alerts import AlertRaised
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.deployments import DeploymentCompleted, DeploymentStarted
from ledger.events.monitors import MonitorConfigured, MonitorObserved
from ledger.events.runs import Artifact, RunCompleted, RunStarted
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]
BASE = f"model/{story.PROJECT}/deep"


def deep(shell: story.Shell, steps: int = 9) -> None:
    """Versions of a model, each made by a run from the one before; the last is live, and watched."""
    sha = "sha256:" + "cd" * 32
    with ledger.open(shell.ledger) as book:
        for version in range(1, steps + 1):
            run = f"{version:04x}deed"
            inputs = [Artifact(ref=f"{BASE}@{version - 1}", sha256=sha)] if version > 1 else []
            begun = RunStarted(run=run, job="deepen", job_type="training", seed=1, command=["x"], inputs=inputs)
            book.record(begun, actor="lea", project=story.PROJECT)
            made = ArtifactRegistered(kind="model", name="deep", version=version, sha256=sha, size=1, run=run)
            book.record(made, actor="lea", project=story.PROJECT)
            out = [Artifact(ref=f"{BASE}@{version}", sha256=sha)]
            ended = RunCompleted(run=run, status="ok", outputs=out, metrics={"r_squared": version / 10, "rows": 9})
            book.record(ended, actor="lea", project=story.PROJECT)
        last = {"subject": f"{BASE}@{steps}", "actor": "svc:deployer", "project": story.PROJECT}
        began = DeploymentStarted(deployment="deep-live", environment="lab", strategy="direct", slice=1.0)
        book.record(began, **last)  # type: ignore[arg-type]
        book.record(
            DeploymentCompleted(deployment="deep-live", environment="lab", strategy="direct", status="ok"), **last
        )  # type: ignore[arg-type]
        watch = MonitorConfigured(monitor="drift", kind="drift", threshold=0.5, route="r")
        book.record(watch, subject=BASE, actor="lea", project=story.PROJECT)
        for day in range(1, 5):
            seen = MonitorObserved(
                monitor="drift", kind="drift", value=day / 5, breached=day == 4, threshold=0.5, day=f"2009-01-0{day}"
            )
            book.record(seen, **last)  # type: ignore[arg-type]
        book.record(
            AlertRaised(alert="rotten", monitor="drift", severity="high", message="it rots", value=1.0, threshold=0.5),
            subject=f"{BASE}@1", actor="svc:m", project=story.PROJECT,
        )  # fmt: skip


async def at(pilot, ref: str) -> GraphPane:  # type: ignore[no-untyped-def]
    """The lineage screen with something in the middle."""
    await settled(pilot)
    await press(pilot, "3")
    pilot.app.current.open(ref)
    await settled(pilot)
    return pilot.app.screen.query_one(GraphPane)


async def test_walking_goes_on_to_what_had_no_room(opened: Opened, shell: story.Shell) -> None:
    deep(shell)
    async with opened().run_test(size=(120, 36)) as pilot:
        pane = await at(pilot, f"{BASE}@7")
        assert f"{BASE}@4" not in pane._last.places
        for _ in range(6):
            await press(pilot, "h")
        assert pane.cursor != f"{BASE}@7"
        assert pane.cursor in pane._last.places, "the cursor is always in sight"
        assert f"{BASE}@4" in pane._last.places


async def test_impact_is_counted_by_kind_and_what_serves_is_named(opened: Opened, shell: story.Shell) -> None:
    deep(shell)
    async with opened().run_test(size=(140, 40)) as pilot:
        await at(pilot, f"{BASE}@8")
        await press(pilot, "i")
        text = shown(pilot.app)
        assert "deep v8, if withdrawn: 1 deployment, 1 model, 1 run" in text
        assert "serves: deep v9 in lab" in text
        assert "UPSTREAM ALERT" in text
        assert "deep v1: it rots" in text


async def test_the_inspector_shows_figures_over_versions_and_what_monitors_saw(
    opened: Opened, shell: story.Shell
) -> None:
    deep(shell)
    async with opened().run_test(size=(140, 40)) as pilot:
        await at(pilot, f"{BASE}@9")
        lines = [line[line.rindex("││") :] for line in shown(pilot.app).split("\n") if "││" in line]
        figure = next(line for line in lines if "r_squared" in line)
        assert "0.9 ▁▂▃▄▅▆▇█" in figure
        assert "▲ drift" in next(line for line in lines if "0.8" in line)


async def test_a_version_is_compared_with_the_one_before_or_with_a_marked_one(
    opened: Opened, shell: story.Shell
) -> None:
    deep(shell, steps=4)
    async with opened().run_test(size=(120, 36)) as pilot:
        await at(pilot, f"{BASE}@4")
        await press(pilot, "d")
        assert isinstance(pilot.app.screen, ActionScreen)
        assert [pilot.app.screen.query_one(f"#arg-{name}").value for name in ("first", "second")] == [
            f"{BASE}@3",
            f"{BASE}@4",
        ]
        await press(pilot, "escape", "space")
        assert "marked" in shown(pilot.app)
        pilot.app.current.open(f"{BASE}@1")
        await settled(pilot)
        await press(pilot, "d")
        assert pilot.app.screen.query_one("#arg-first").value == f"{BASE}@4"
        await press(pilot, "escape", "space", "space", "d")
        assert "it is the first version" in noticed(pilot.app)
        await press(pilot, "space")
        pilot.app.current.open("run/0001deed")
        await settled(pilot)
        await press(pilot, "d")
        assert "model and run cannot be compared" in noticed(pilot.app)
        pilot.app.current.open("deployment/deep-live")
        await settled(pilot)
        await press(pilot, "space")
        assert "only versions and runs" in noticed(pilot.app)


async def test_the_inspector_can_be_put_away_and_a_filter_turns_the_graph_into_a_list(
    opened: Opened, shell: story.Shell
) -> None:
    deep(shell, steps=3)
    async with opened().run_test(size=(120, 36)) as pilot:
        await at(pilot, f"{BASE}@3")
        await press(pilot, "o")
        assert "Inspector" not in shown(pilot.app)
        await press(pilot, "o")
        assert "Inspector" in shown(pilot.app)
        await press(pilot, "f", *"deepen", "enter")
        text = shown(pilot.app)
        assert "CAME FROM (3)" in text
        assert "deep v2" not in text.split("Inspector")[0]


async def test_a_second_click_on_a_node_puts_it_into_the_middle(opened: Opened, shell: story.Shell) -> None:
    deep(shell, steps=3)
    async with opened().run_test(size=(120, 36)) as pilot:
        await at(pilot, f"{BASE}@3")
        for _ in range(2):
            lines = [line.split("││")[0] for line in shown(pilot.app).split("\n")]
            y = next(n for n, line in enumerate(lines) if "deep v2" in line and n > 2)
            await pilot.click(offset=(lines[y].index("deep v2") + 1, y))
            await settled(pilot)
        assert f"Lineage of {BASE}@2" in shown(pilot.app)
