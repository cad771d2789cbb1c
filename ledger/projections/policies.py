"""Policies: which one is in force where, as of any moment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE policies (
    seq INTEGER PRIMARY KEY,
    policy TEXT NOT NULL,
    project TEXT,
    scope TEXT NOT NULL,
    digest TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT""",
)


def _adopted(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    document = json.dumps(value["document"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    scope = value.get("scope", "project")
    yield (
        "policies",
        (event.seq, value["policy"], event.project, scope, value["sha256"], event.actor, event.at, document),
    )


FOLDS: dict[str, Fold] = {"policy.adopted": _adopted}


class Adoption(NamedTuple):
    """A policy's adoption: ``text`` is the policy as JSON; ``scope`` is ``project`` or ``ledger``."""

    seq: int
    policy: str
    project: str | None
    scope: str
    digest: str
    actor: str
    at: str
    text: str

    @property
    def document(self) -> dict[str, Any]:
        """The policy as plain data."""
        found: dict[str, Any] = json.loads(self.text)
        return found


_COLUMNS = "seq, policy, project, scope, digest, actor, at, document"


def adopted(view: View, project: str | None) -> Adoption | None:
    """The adoption that is in force in a project: its own newest, else the newest for the whole ledger, else ``None``."""
    row = view.row(
        f"SELECT {_COLUMNS} FROM policies WHERE seq <= :at AND (scope = 'ledger' OR project IS :project) "
        "ORDER BY scope = 'ledger', seq DESC LIMIT 1",
        {"project": project},
    )
    return None if row is None else Adoption(*row)


def listed(view: View, project: str | None = None) -> list[Adoption]:
    """Every adoption, oldest first; with a project, those that concern it."""
    sql = f"SELECT {_COLUMNS} FROM policies WHERE seq <= :at"
    if project is not None:
        sql += " AND (scope = 'ledger' OR project = :project)"
    return [Adoption(*row) for row in view.rows(sql + " ORDER BY seq", {"project": project})]


def by_digest(view: View, digest: str) -> Adoption | None:
    """The first adoption of the policy with this digest, or ``None``."""
    row = view.row(
        f"SELECT {_COLUMNS} FROM policies WHERE seq <= :at AND digest = :digest ORDER BY seq", {"digest": digest}
    )
    return None if row is None else Adoption(*row)
