"""What was recorded of a type, read from the events: for nouns that are too few to have a table of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from ledger.projections.view import View


class Item(NamedTuple):
    """One event as evidence: its envelope but for what chains it, and its value."""

    seq: int
    type: str
    subject: str
    project: str | None
    actor: str
    at: str
    cause: int | None
    value: dict[str, Any]


def listed(
    view: View, types: Sequence[str], *, after: int = -1, project: str | None = None, subject: str | None = None
) -> list[Item]:
    """The events of these types behind event ``after``, oldest first, narrowed to a project or a subject."""
    sql = (
        "SELECT e.seq, e.type, e.subject, e.project, e.actor, e.at, e.cause, e.body FROM evidence v "
        "JOIN events e ON e.seq = v.seq WHERE v.type = :type AND v.seq > :after AND v.seq <= :at"
    )
    if project is not None:
        sql += " AND e.project = :project"
    if subject is not None:
        sql += " AND e.subject = :subject"
    found: list[Item] = []
    for name in types:
        wanted = {"type": name, "after": after, "project": project, "subject": subject}
        for row in view.rows(f"{sql} ORDER BY v.seq", wanted):
            value: dict[str, Any] = json.loads(row[-1])["value"]
            envelope: tuple[int, str, str, str | None, str, str, int | None] = tuple(row[:-1])
            found.append(Item(*envelope, value))
    return sorted(found, key=_seq) if len(types) > 1 else found


def newest(view: View, type_: str, *, subject: str | None = None) -> Item | None:
    """The last event of a type, of one subject or of all, or ``None``."""
    found = listed(view, (type_,), subject=subject)
    return found[-1] if found else None


def _seq(item: Item) -> int:
    return item.seq
