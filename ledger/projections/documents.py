"""Documents attached to what they describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE documents (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    doc_kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    title TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX documents_by_subject ON documents (subject)",
)


def _attached(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    row = (event.seq, event.subject, value["doc_kind"], value["sha256"], value.get("title"), event.actor, event.at)
    yield "documents", row


FOLDS: dict[str, Fold] = {"document.attached": _attached}


class Document(NamedTuple):
    """A document, by digest, and what it describes."""

    seq: int
    subject: str
    doc_kind: str
    digest: str
    title: str | None
    actor: str
    at: str


def listed(view: View, subject: str | None = None) -> list[Document]:
    """Documents, oldest first, of one subject or of all."""
    narrowed = "" if subject is None else "subject = :subject AND "
    sql = f"SELECT seq, subject, doc_kind, digest, title, actor, at FROM documents WHERE {narrowed}seq <= :at ORDER BY seq"
    return [Document(*row) for row in view.rows(sql, {"subject": subject})]
