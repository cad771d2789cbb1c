"""A notice: what somebody is told, as plain data with a name of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told once over a route.

    ``key`` names it, so that it is not told twice: ``approval/42/asked``, ``alert/drift-2008-03-25/raised``. ``kind`` is its
    first word: ``approval``, ``alert``, ``exception``. ``title`` is one line, ``text`` the rest for a person; ``data`` is for
    a program. Nothing secret belongs in it.
    """

    key: str
    kind: str
    subject: str
    title: str
    text: str = ""
    project: str | None = None
    severity: str = ""
    to: tuple[str, ...] = ()
    seq: int | None = None
    at: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The notice as JSON, the same for every route."""
        return {
            "notice": 1,
            "key": self.key,
            "kind": self.kind,
            "subject": self.subject,
            "title": self.title,
            "text": self.text,
            "project": self.project,
            "severity": self.severity,
            "to": list(self.to),
            "seq": self.seq,
            "at": self.at,
            "data": dict(self.data),
        }
