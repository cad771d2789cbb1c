"""What people vouched for by their signature beside requests: their runs, a project's charter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE vouchers (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    title TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX vouchers_by_subject ON vouchers (subject)",
)


def _vouched(kind: str) -> Fold:
    def fold(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
        row = (event.seq, kind, event.subject, value["sha256"], value.get("title"), event.actor, event.at)
        yield "vouchers", row

    return fold


FOLDS: dict[str, Fold] = {"run.signed": _vouched("run"), "charter.signed": _vouched("charter")}


class Voucher(NamedTuple):
    """Somebody's signature over a subject's bytes: a run's end, a charter."""

    seq: int
    kind: str
    subject: str
    digest: str
    title: str | None
    actor: str
    at: str


def listed(view: View, subject: str | None = None) -> list[Voucher]:
    """What was vouched for, oldest first, on one subject or on all."""
    narrowed = "" if subject is None else "subject = :subject AND "
    sql = f"SELECT seq, kind, subject, digest, title, actor, at FROM vouchers WHERE {narrowed}seq <= :at ORDER BY seq"
    return [Voucher(*row) for row in view.rows(sql, {"subject": subject})]
