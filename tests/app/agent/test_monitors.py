"""The agent's duties of the loop: looked at, told, escalated, evaluated, routed; done twice, nothing more."""

from __future__ import annotations

from datetime import UTC, datetime

from app.actions import serve_log
from app.actions.context import Context
from app.agent.duties import monitors, retraining
from tests.app.actions.test_serve_log import MODEL, records
from tests.app.demo import tellings
from tests.app.story import Shell

NOW = datetime(2030, 1, 12, 12, tzinfo=UTC)


def logged(shell: Shell) -> None:
    """A workspace whose days come from its inference records, slow on the last."""
    shell.ok("--as", "lea", "deploy", "fx-vol@1", "--to", "staging")
    with (shell.root / "assay.toml").open("a") as stream:
        stream.write('\n[routes.desk]\nfile = "alerts.log"\n')
    rows = [each for n in range(1, 11) for each in records(20, f"2030-01-{n:02}", latency=5.0 if n < 10 else 50.0)]
    with Context(start=shell.root, actor="lea", writes=True) as context:
        serve_log.append(context, rows, "fx-vol")
    (shell.root / "serving.yaml").write_text(
        f"model: {MODEL}\nenvironment: staging\nmonitors: monitors.yaml\nsource: serve-log\n"
        "reference: 2030-01-01..2030-01-05\nwarm_up: 0\n"
    )
    (shell.root / "monitors.yaml").write_text(
        "monitors:\n  - {monitor: slow, kind: latency, series: latency, limit: 20, subject: model/fx-hedging/fx-vol, "
        "window: 1, severity: warning, route: desk, clear_after: 3}\n"
    )


def test_new_days_are_looked_at_told_once_and_not_again(shell: Shell) -> None:
    logged(shell)
    with Context(start=shell.root, actor="lea", writes=True) as context:
        lines = monitors.watch(context, NOW)
        assert "raised slow-2030-01-10" in lines[0]
        before = tellings.size(shell.root)
        assert monitors.watch(context, NOW) == []
    assert tellings.size(shell.root) == before
    assert (shell.root / "alerts.log").read_text().count("slow-2030-01-10") >= 1
    assert len((shell.root / "alerts.log").read_text().splitlines()) == 1


def test_days_that_are_still_to_come_are_not_looked_at(shell: Shell) -> None:
    logged(shell)
    with Context(start=shell.root, actor="lea", writes=True) as context:
        monitors.watch(context, datetime(2030, 1, 4, tzinfo=UTC))
    looked = [each["value"]["day"] for each in tellings.recorded(shell.root) if each["type"] == "monitor.observed"]
    assert looked == ["2030-01-01", "2030-01-02", "2030-01-03", "2030-01-04"]


def test_without_declarations_there_is_nothing_to_do(shell: Shell) -> None:
    before = tellings.size(shell.root)
    with Context(start=shell.root, actor="lea", writes=True) as context:
        assert monitors.watch(context, NOW) == []
        assert monitors.roll(context, NOW) == []
        assert retraining.retrain(context, NOW) == []
    assert tellings.size(shell.root) == before
