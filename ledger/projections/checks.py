"""Checks: what was expected of a subject, and what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE expectations (
    seq INTEGER PRIMARY KEY,
    check_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    threshold TEXT NOT NULL
) STRICT""",
    "CREATE INDEX expectations_by_subject ON expectations (subject)",
    """CREATE TABLE checks (
    seq INTEGER PRIMARY KEY,
    check_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    passed INTEGER NOT NULL,
    verdict TEXT,
    value TEXT NOT NULL,
    threshold TEXT NOT NULL,
    findings TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX checks_by_subject ON checks (subject)",
)


def _json(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _configured(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "expectations", (event.seq, value["check"], value["kind"], event.subject, _json(value["threshold"]))


def _executed(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield (
        "checks",
        (
            event.seq,
            value["check"],
            value["kind"],
            event.subject,
            int(bool(value["passed"])),
            value.get("verdict"),
            _json(value.get("value")),
            _json(value.get("threshold")),
            _json(value.get("findings", [])),
            event.actor,
            event.at,
        ),
    )


FOLDS: dict[str, Fold] = {"check.configured": _configured, "check.executed": _executed}


class Expectation(NamedTuple):
    """What a check expects of its subject, and since which event."""

    seq: int
    check: str
    kind: str
    subject: str
    threshold: Any


class Check(NamedTuple):
    """One execution of a check."""

    seq: int
    check: str
    kind: str
    subject: str
    passed: bool
    verdict: str | None
    value: Any
    threshold: Any
    findings: tuple[dict[str, Any], ...]
    actor: str
    at: str


def configured(view: View, subject: str | None = None) -> list[Expectation]:
    """Expectations, oldest first, of one subject or of all."""
    narrowed = "" if subject is None else "subject = :subject AND "
    sql = f"SELECT seq, check_name, kind, subject, threshold FROM expectations WHERE {narrowed}seq <= :at ORDER BY seq"
    found: list[list[Any]] = [[*row[:4], json.loads(row[4])] for row in view.rows(sql, {"subject": subject})]
    return [Expectation(*values) for values in found]


def executed(view: View, subject: str | None = None) -> list[Check]:
    """Executions, oldest first, on one subject or on all."""
    narrowed = "" if subject is None else "subject = :subject AND "
    sql = (
        "SELECT seq, check_name, kind, subject, passed, verdict, value, threshold, findings, actor, at FROM checks "
        f"WHERE {narrowed}seq <= :at ORDER BY seq"
    )
    return [_check(row) for row in view.rows(sql, {"subject": subject})]


def _check(row: Any) -> Check:
    value, threshold, findings = (json.loads(text) for text in row[6:9])
    values: list[Any] = [*row[:4], bool(row[4]), row[5], value, threshold, tuple(findings), row[9], row[10]]
    return Check(*values)
