"""What a roll-back did: to the version that was undone, and to the one that serves again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ledger.projections.deployments import Deployment
    from ledger.projections.view import View


class Undone(NamedTuple):
    """A roll-back: of which version, in favour of which, by whom, when and why."""

    seq: int
    subject: str
    to_version: str
    actor: str
    at: str
    reason: str


def undone(view: View, found: Deployment) -> Undone | None:
    """The roll-back that ended a deployment; None where it ended otherwise, or has not."""
    if found.status != "rolled_back":
        return None
    row = view.row(
        "SELECT max(seq) FROM deployment_ends WHERE deployment = :deployment AND status = 'rolled_back' "
        "AND cause IS NOT NULL AND seq <= :at",
        {"deployment": found.deployment},
    )
    return None if row is None or row[0] is None else _read(view, row[0])


def comeback(view: View, found: Deployment) -> Undone | None:
    """The roll-back by which what is live serves again; None where it served ever since it came live.

    ``found`` is live: whatever came live in its place since then was undone, the last of it by what is returned.
    """
    model = f"{found.subject.rpartition('@')[0]}@"
    row = view.row(
        "SELECT max(e.seq) FROM deployment_ends e JOIN deployments d ON d.deployment = e.deployment "
        "WHERE e.status = 'rolled_back' AND e.cause IS NOT NULL AND e.seq > :since AND e.seq <= :at "
        "AND d.environment = :environment AND substr(d.subject, 1, length(:model)) = :model AND d.seq <= :at "
        "AND EXISTS (SELECT 1 FROM deployment_ends o WHERE o.deployment = e.deployment AND o.status = 'ok' "
        "AND o.seq < e.seq AND o.seq > :since)",
        {"since": found.ended_seq or found.seq, "environment": found.environment, "model": model},
    )
    return None if row is None or row[0] is None else _read(view, row[0])


def _read(view: View, seq: int) -> Undone:
    from app.actions import events

    event = events.read(view, seq).event
    return Undone(seq, event.subject, event.value["to_version"], event.actor, event.at, event.value["cause"])
