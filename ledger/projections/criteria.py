"""Acceptance criteria: what was demanded of whose versions, since when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE criteria (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    bounds TEXT NOT NULL,
    note TEXT
) STRICT""",
    "CREATE INDEX criteria_by_subject ON criteria (subject)",
)


def _set(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    bounds = json.dumps(
        [[each["metric"], each.get("at_least"), each.get("at_most")] for each in value["criteria"]],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    yield "criteria", (event.seq, event.subject, event.project, event.actor, event.at, bounds, value.get("note"))


FOLDS: dict[str, Fold] = {"criteria.set": _set}


class Bound(NamedTuple):
    """What a metric must reach."""

    metric: str
    at_least: float | None
    at_most: float | None

    def holds(self, value: float) -> bool:
        """Whether a value lies within it; what is no number never does."""
        low = self.at_least is None or value >= self.at_least
        return value == value and low and (self.at_most is None or value <= self.at_most)

    @property
    def words(self) -> str:
        """The bound in words: ``at most 2.5``."""
        low = "" if self.at_least is None else f"at least {self.at_least:g}"
        high = "" if self.at_most is None else f"at most {self.at_most:g}"
        return f"{low}{' and ' if low and high else ''}{high}" or "any value"


class Criteria(NamedTuple):
    """Acceptance criteria, in force for the runs that start after event ``seq``."""

    seq: int
    subject: str
    project: str | None
    actor: str
    at: str
    bounds: tuple[Bound, ...]
    note: str | None


def listed(view: View, *, subject: str | None = None, project: str | None = None) -> list[Criteria]:
    """Every setting of criteria, oldest first, narrowed to a subject or a project."""
    sql = "SELECT seq, subject, project, actor, at, bounds, note FROM criteria WHERE seq <= :at"
    if subject is not None:
        sql += " AND subject = :subject"
    if project is not None:
        sql += " AND project = :project"
    rows = view.rows(sql + " ORDER BY seq", {"subject": subject, "project": project})
    return [_criteria(row) for row in rows]


def before(view: View, subject: str, seq: int) -> Criteria | None:
    """The criteria of a subject that were in force just before event ``seq``, or ``None``."""
    found = [each for each in listed(view, subject=subject) if each.seq < seq]
    return found[-1] if found else None


def _criteria(row: Any) -> Criteria:
    values: list[Any] = [*row[:5], tuple(Bound(*each) for each in json.loads(row[5])), row[6]]
    return Criteria(*values)
