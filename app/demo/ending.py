"""The ending: a request left open for the user, the chain verified, and in a copy one byte changed and found."""

from __future__ import annotations

import sqlite3
import tempfile
from datetime import date, timedelta
from pathlib import Path

from app.actions.retraining import retrained, triggered, triggers
from app.demo import beats, cast
from app.demo.script import TRAINING_YEARS, years_later
from app.demo.stage import PROJECT, Stage
from ledger.audit.report import Report
from ledger.audit.verification import verify
from ledger.events.ledgers import LedgerVerified
from ledger.projections import approvals, artifacts, deployments
from ledger.projections.approvals import Request

WHY = "refresh"
"""Why the last version is trained."""
_JUDGED_DAYS = 90
"""How many calendar days the last version is judged on, out of time."""


def open_request(stage: Stage) -> Request:
    """The refresh asks for production. One has signed; the persona's signature completes the quorum."""
    live = deployments.live(stage.view, beats.MODEL, "prod")
    assert live is not None
    today = stage.today
    begun = triggers(stage.view, live.ref)
    if not begun:
        stage.at(today, "19:00:00")
    seq = begun[-1] if begun else triggered(stage.as_(cast.MODEL_OWNER), cause=live.seq, reason=WHY, because=live.ref)
    last = (today - timedelta(_JUDGED_DAYS)).isoformat()
    first = (date.fromisoformat(years_later(last, -TRAINING_YEARS)) + timedelta(1)).isoformat()
    until = today.isoformat()
    engineer = stage.as_(cast.ENGINEER)
    beats.panel(stage, engineer, cause=seq, reason=WHY, until=until)
    known = len(artifacts.versions(stage.view, kind="model", project=PROJECT, name="fx-vol"))
    ref = retrained(engineer, trigger=seq, reason=WHY, first=first, last=last, until=until)
    made = beats.version(stage, ref)
    if made.version > known:
        stage.say(f"{cast.ENGINEER.name} refreshed the model on newer data: {ref}")
    beats.describe(stage, made)
    since = (date.fromisoformat(last) + timedelta(1)).isoformat()
    beats.evaluate(stage, made, since=since, until=until, trained_on=until)
    beats.validate(stage, made)
    request = beats.ask(stage, made, "the refresh: newer years, the same method")
    beats.sign(stage, request, cast.RISK, "newer data, no new risk; how it does is watched from its first day")
    now = approvals.get(stage.view, request.seq)
    assert now is not None
    return now


def prove(stage: Stage, request: Request) -> Report:
    """Sign the head, verify the whole ledger, and record once after the request that it was verified."""
    row = stage.view.row("SELECT max(seq) FROM events WHERE type = 'ledger.verified' AND seq <= :at")
    report = verified(stage, record=row is None or (row[0] or 0) < request.seq)
    stage.ledger.checkpoint()
    return report


def verified(stage: Stage, *, record: bool = True, since: str | None = None) -> Report:
    """Verify the ledger as it stands, or what is new ``since`` a signed checkpoint; recorded as the monitors' doing."""
    stage.ledger.checkpoint()
    report = verify(stage.ledger.path, since=since)
    if record:
        found = [each.document() for each in report.findings]
        complete = not report.incomplete
        fact = LedgerVerified(head=report.head, size=report.size, ok=report.ok, findings=found, complete=complete)
        stage.ledger.record(fact, subject=f"ledger/{stage.ledger.origin}", actor=cast.MONITOR.name)
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
