"""Alerts: seen, resolved, silenced; told over their routes once; further where nobody acknowledges in time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from app.actions import delivering
from app.actions.context import Context
from ledger.events.alerts import AlertRaised
from ledger.events.monitors import MonitorConfigured
from ledger.format import times
from tests.app.demo import tellings
from tests.app.story import Shell

V = "model/fx-hedging/fx-vol@1"


def notices(shell: Shell) -> list[dict[str, Any]]:
    path = shell.root / "alerts.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def routed(shell: Shell) -> Shell:
    """Two routes, a monitor that escalates, and an alert of it."""
    with (shell.root / "assay.toml").open("a") as stream:
        stream.write('\n[routes.desk]\nfile = "alerts.log"\n[routes.heads]\nfile = "heads.log"\n')
    with Context(start=shell.root, actor="lea", writes=True) as context:
        fact = MonitorConfigured("rv", "drift", 0.5, "desk", escalation={"within": "4h", "to": "heads"})
        context.ledger.record(fact, subject=V, actor="lea", project="fx-hedging")
    raised(shell)
    return shell


def raised(shell: Shell, name: str = "rv-1", **changes: Any) -> None:
    before = [{"what": "deployment", "ref": "deployment/d1", "seq": 3, "at": "2026-01-02T03:04:05.000000Z"}]
    fact = AlertRaised(
        name,
        "rv",
        "warning",
        "it drifts",
        value=0.7,
        threshold=0.5,
        day="2026-01-02",
        series=["rv1"],
        before=before,
        **changes,
    )
    with Context(start=shell.root, actor="lea", writes=True) as context:
        context.ledger.record(fact, subject=V, actor="lea", project="fx-hedging")


def test_an_alert_is_told_once_with_series_value_threshold_and_what_came_before(routed: Shell) -> None:
    for _ in range(2):
        with Context(start=routed.root, actor="lea", writes=True) as context:
            delivering.told(context, delivering.untold(context))
    (notice,) = notices(routed)
    assert notice["key"] == "alert/rv-1/raised"
    assert notice["title"] == "warning from rv: it drifts"
    for words in ("series: rv1", "value 0.7 against 0.5", "before it: deployment deployment/d1, event 3"):
        assert words in notice["text"]


def test_a_silenced_one_is_recorded_and_not_told(routed: Shell) -> None:
    with Context(start=routed.root, actor="lea", writes=True) as context:
        delivering.told(context, delivering.untold(context))
    raised(routed, "rv-2", silenced=True)
    with Context(start=routed.root, actor="lea", writes=True) as context:
        assert delivering.told(context, ["rv-2"]) == []
        assert delivering.untold(context) == []
    assert len(notices(routed)) == 1
    assert "rv-2" in routed.ok("alerts").out


def test_nobody_answers_and_it_goes_further_once(routed: Shell) -> None:
    with Context(start=routed.root, actor="lea", writes=True) as context:
        now = times.parse_time(context.ledger.now())
        assert delivering.overdue(context, now + timedelta(hours=3)) == []
        (line,) = delivering.overdue(context, now + timedelta(hours=5))
        assert "went to heads" in line
        assert delivering.overdue(context, now + timedelta(hours=9)) == []
    last = tellings.recorded(routed.root)[-1]
    assert (last["type"], last["value"]["to"]) == ("alert.escalated", "heads")
    assert "not acknowledged within 4h" in (routed.root / "heads.log").read_text()


@pytest.mark.parametrize("answer", ["ack", "silence"])
def test_who_answers_or_silences_is_left_alone(routed: Shell, answer: str) -> None:
    if answer == "ack":
        routed.ok("--as", "mia", "alerts", "ack", "rv-1")
    else:
        routed.ok("--as", "mia", "alerts", "silence", "rv", "--until", "2999-01-01", "--reason", "rebasing")
    with Context(start=routed.root, actor="lea", writes=True) as context:
        now = times.parse_time(context.ledger.now())
        assert delivering.overdue(context, now + timedelta(hours=5)) == []


def test_resolving_names_what_ended_it(routed: Shell) -> None:
    said = routed.json("--as", "mia", "alerts", "resolve", "rv-1", "--action", "looked into", "--ref", "fx-vol@1")
    assert said["alert"]["state"] == "resolved"
    assert said["alert"]["changes"][-1]["ref"] == V
    assert "resolved already" in routed("--as", "mia", "alerts", "resolve", "rv-1", "--action", "again").err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("nobody", "--until", "2999-01-01", "--reason", "x"), "there is no monitor nobody"),
        (("rv", "--until", "2001-01-01", "--reason", "x"), "is past"),
        (("rv", "--until", "soon", "--reason", "x"), "is no day"),
        (("rv", "--until", "2999-01-01", "--reason", " "), "needs a reason"),
    ],
)
def test_a_silence_has_an_end_and_a_reason(routed: Shell, words: tuple[str, ...], complaint: str) -> None:
    before = tellings.size(routed.root)
    said = routed("--as", "mia", "alerts", "silence", *words)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert complaint in said.err
    assert tellings.size(routed.root) == before
