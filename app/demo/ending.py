"""The ending: a request left open for the user, the chain verified, and in a copy one byte changed and found."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from datetime import date, timedelta
from pathlib import Path

from app.actions.retraining import retrained
from app.demo import beats, cast
from app.demo.script import TRAINING_YEARS
from app.demo.stage import PROJECT, Stage
from ledger.audit.report import Report
from ledger.audit.verification import verify
from ledger.events.ledgers import LedgerVerified
from ledger.projections import approvals, artifacts, deployments, runs
from ledger.projections.approvals import Request

_JUDGED_DAYS = 90
"""How many calendar days the last version is judged on, out of time."""


def open_request(stage: Stage) -> Request:
    """The yearly refresh asks for production. One has signed; the persona's signature completes the quorum."""
    today = stage.today
    live = deployments.live(stage.view, beats.MODEL, "prod")
    newest = artifacts.latest(stage.view, "model", PROJECT, "fx-vol")
    assert live is not None
    assert newest is not None
    if newest.ref == live.subject:
        stage.at(today, "19:00:00")
        last = today - timedelta(_JUDGED_DAYS)
        first = last.replace(year=last.year - TRAINING_YEARS) + timedelta(1)
        engineer = stage.as_(cast.ENGINEER)
        ref = retrained(
            engineer, cause=live.seq, reason="refresh", because=live.ref, first=first.isoformat(), last=last.isoformat()
        )
        stage.say(f"{cast.ENGINEER.name} refreshed the model on newer data: {ref}")
        newest = artifacts.get(stage.view, ref)
        assert newest is not None
    training = runs.get(stage.view, newest.run or "")
    assert training is not None
    beats.describe(stage, newest, training)
    since = date.fromisoformat(str(_window(stage, newest)["last"])) + timedelta(1)
    beats.evaluate(stage, newest, since=since.isoformat(), until=today.isoformat(), training=training)
    request = beats.ask(stage, newest, "the refresh: newer years, the same method")
    beats.sign(stage, request, cast.RISK, "newer data, no new risk; the canary will say the rest")
    now = approvals.get(stage.view, request.seq)
    assert now is not None
    return now


def prove(stage: Stage) -> Report:
    """Sign the head, verify the whole ledger, and record that it was verified."""
    stage.ledger.checkpoint()
    report = verify(stage.ledger.path)
    found = [each.document() for each in report.findings]
    fact = LedgerVerified(head=report.head, size=report.size, ok=report.ok, findings=found)
    done = stage.view.row("SELECT 1 FROM events WHERE type = 'ledger.verified' AND seq <= :at")
    if done is None:
        stage.ledger.record(fact, subject=f"ledger/{stage.ledger.origin}", actor=cast.MONITOR.name)
        stage.ledger.checkpoint()
    return report


def tamper(stage: Stage) -> tuple[int, Report]:
    """In a copy, change one byte of an approval; what verification says of it. The ledger itself is not touched."""
    row = stage.view.row(
        "SELECT seq, body FROM events WHERE type = 'approval.granted' AND seq <= :at ORDER BY seq LIMIT 1"
    )
    assert row is not None
    seq, body = int(row[0]), bytearray(row[1])
    place = body.rindex(b'"role":"') + len(b'"role":"')
    body[place] ^= 1
    with tempfile.TemporaryDirectory(prefix="assay-tampered-") as folder:
        copy = Path(folder) / "ledger.db"
        with sqlite3.connect(copy) as target:
            stage.ledger.connection.backup(target)
            target.execute("DROP TRIGGER events_keep_update")
            target.execute("UPDATE events SET body = ? WHERE seq = ?", (bytes(body), seq))
        target.close()
        return seq, verify(copy)


def _window(stage: Stage, version: artifacts.Artifact) -> dict[str, str]:
    """The training window of a version, as the version's own bytes say it."""

    window: dict[str, str] = json.loads(stage.ledger.objects.read(version.digest))["window"]
    return window
