"""The monitoring screen: several alerts at once, and from a monitor to what it watches."""

from __future__ import annotations

from collections.abc import Callable

import ledger
from app.tui.app import Dashboard
from app.tui.screens.monitoring.queries import monitoring
from ledger.events.alerts import AlertRaised, AlertResolved
from ledger.events.monitors import MonitorConfigured, MonitorObserved
from ledger.ledger import Entry
from ledger.projections import alerts
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]


def troubled(shell: story.Shell) -> None:
    """Two more alerts, and a monitor that watches a name."""
    with ledger.open(shell.ledger) as book:
        about = {"subject": f"model/{story.PROJECT}/fx-vol@1", "actor": "svc:m", "project": story.PROJECT}
        for name in ("bias", "latency"):
            raised = AlertRaised(
                alert=f"{name}-2008-09-18", monitor=name, severity="high", message="too high", day="2008-09-18"
            )
            book.record(raised, **about)  # type: ignore[arg-type]
        declared = MonitorConfigured(monitor="bias", kind="drift", threshold=0.5, route="r")
        book.record(declared, subject=f"model/{story.PROJECT}/fx-vol", actor="lea", project=story.PROJECT)
        seen = MonitorObserved(monitor="bias", kind="drift", value=0.2, breached=False, threshold=0.5, day="2008-09-18")
        book.record(seen, **about)  # type: ignore[arg-type]


async def test_marked_alerts_are_acknowledged_together(opened: Opened, shell: story.Shell) -> None:
    troubled(shell)
    async with opened("mia").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "7", "space", "j", "space")
        assert "2 marked; a acknowledges them" in noticed(pilot.app)
        assert shown(pilot.app).count("● marked") == 2
        await press(pilot, "a", *"we look", "enter")
        assert "mia acknowledged 2 alerts" in noticed(pilot.app)
        assert "● marked" not in shown(pilot.app)
    with ledger.open(shell.ledger, read_only=True) as book:
        states = [each.state for each in alerts.listed(book.view())]
        assert sorted(states) == ["acknowledged", "acknowledged", "raised"]


def test_an_open_alert_stays_on_the_list_however_many_came_and_went_since(shell: story.Shell) -> None:
    def told(name: str, severity: str) -> AlertRaised:
        return AlertRaised(alert=name, monitor="drift", severity=severity, message="m", day="2008-09-18")

    about = {"subject": f"model/{story.PROJECT}/fx-vol@1", "actor": "svc:m", "project": story.PROJECT}
    with ledger.open(shell.ledger) as book:
        facts = [told("old", "medium"), told("grave", "critical"), *(told(f"n{n}", "high") for n in range(240))]
        book.record_many([Entry(fact, **about) for fact in facts])  # type: ignore[arg-type]
        over = [AlertResolved(alert=f"n{n}", action="mended") for n in range(240)]
        book.record_many([Entry(fact, actor="svc:m", project=story.PROJECT) for fact in over])
    with ledger.open(shell.ledger, read_only=True) as book:
        found = [(each.alert, each.state) for each in monitoring.board(book.view()).alarms]
    assert [name for name, state in found if state == "raised" and not name.startswith("drift")] == ["grave", "old"]
    assert [name for name, state in found if state == "resolved"] == [f"n{n}" for n in range(239, 199, -1)]


def test_each_monitor_shows_the_last_that_it_saw_itself(shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        entries = []
        for project in ("often", "once", "never"):
            declared = MonitorConfigured(monitor="same", kind="drift", threshold=0.5, route="r")
            entries.append(Entry(declared, subject=f"monitor/{project}/same", actor="lea", project=project))
        for n, project in enumerate(["once", *["often"] * 90]):
            seen = MonitorObserved(
                monitor="same", kind="drift", value=n / 100, breached=n == 90, threshold=0.5, day="2009-01-01"
            )
            entries.append(Entry(seen, subject=f"monitor/{project}/same", actor="svc:m", project=project))
        book.record_many(entries)
    with ledger.open(shell.ledger, read_only=True) as book:
        watches = [each for each in monitoring.board(book.view()).watches if each.monitor == "same"]
    assert [(each.project, each.last, each.seen) for each in watches] == [
        ("often", 0.9, True), ("once", 0.0, True), ("never", None, False),
    ]  # fmt: skip


async def test_escape_takes_the_marks_away_and_a_monitor_cannot_be_marked(opened: Opened, shell: story.Shell) -> None:
    troubled(shell)
    async with opened("mia").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "7", "space", "escape")
        assert "no alert is marked" in noticed(pilot.app)
        assert pilot.app.current.NAME == "Monitoring"
        await press(pilot, "G", "space")
        assert "no alert that is open" in noticed(pilot.app)


async def test_from_a_monitor_to_the_version_that_it_looked_at_last(opened: Opened, shell: story.Shell) -> None:
    troubled(shell)
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "7")
        pilot.app.current.open(f"monitor/{story.PROJECT}/bias")
        await settled(pilot)
        await press(pilot, "enter")
        assert f"Lineage of model/{story.PROJECT}/fx-vol@1" in shown(pilot.app)
