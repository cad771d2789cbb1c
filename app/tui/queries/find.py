"""Finding: every name that something can be opened by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.projections.view import View

MOST = 20_000


@dataclass(frozen=True, slots=True)
class Name:
    """Something that can be opened: its reference and what it is."""

    ref: str
    what: str


def names(view: View) -> tuple[Name, ...]:
    """Versions, runs, deployments, requests, alerts and monitors, the newest first."""
    found: list[tuple[int, str, str]] = []
    for sql in (
        "SELECT seq, ref, kind FROM artifacts WHERE seq <= :at ORDER BY seq DESC LIMIT :n",
        "SELECT seq, 'run/' || run, 'run, ' || job FROM runs WHERE seq <= :at ORDER BY seq DESC LIMIT :n",
        "SELECT seq, 'deployment/' || deployment, 'deployment' FROM deployments WHERE seq <= :at ORDER BY seq DESC LIMIT :n",
        "SELECT seq, 'request/' || seq, 'request, ' || subject FROM requests WHERE seq <= :at ORDER BY seq DESC LIMIT :n",
        "SELECT seq, 'alert/' || alert, 'alert, ' || severity FROM alerts WHERE seq <= :at ORDER BY seq DESC LIMIT :n",
        "SELECT seq, 'monitor/' || coalesce(project, '') || '/' || monitor, 'monitor, ' || kind FROM monitors "
        "WHERE seq <= :at ORDER BY seq DESC LIMIT :n",
    ):
        found += [(row[0], row[1], row[2]) for row in view.rows(sql, {"n": MOST})]
    found.sort(reverse=True)
    return tuple(Name(ref, what.replace("_", " ")) for _, ref, what in dict.fromkeys(found))
