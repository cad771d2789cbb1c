"""Going back: what is live is undone in favour of the version before it; what is under way is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import deployments as shown
from app.actions import events
from app.actions.answers import Answer
from app.actions.routing import publish
from ledger.errors import InputError
from ledger.projections import artifacts, deployments

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.deployments import Deployment
    from ledger.projections.view import View


def rollback(context: Context, *, deployment: str | None = None, reason: str) -> Answer:
    """Undo a deployment at once; the version that served before it serves again, without a new approval."""
    found = chosen(context, deployment)
    before = predecessor(context.view, found)
    recorded = context.ledger.record_many(_entries(context, found, before, reason))
    publish(context)
    now = deployments.get(context.ledger.view(), found.deployment)
    assert now is not None
    document = {
        "deployment": shown.document(now),
        "to_version": before.subject,
        "events": [events.described(each) for each in recorded],
    }
    return Answer(document, events.listing(recorded))


def chosen(context: Context, name: str | None) -> Deployment:
    """The deployment that a command means: the one it names, else the only one that is live or under way.

    Raises:
        InputError: there is none, it has ended, or several could be meant.
    """
    view = context.view
    alive = shown.serving(view)
    if name is not None:
        found = [each for each in alive if name in (each.deployment, each.ref)]
        if not found:
            ended = deployments.get(view, name)
            why = f"has ended: {ended.status.replace('_', ' ')}" if ended is not None else "is not known"
            raise InputError(f"{name} {why}; `assay rollback` undoes what is live or under way")
        return found[0]
    under_way = [each for each in alive if each.status == "under way"]
    found = under_way or [each for each in alive if each.environment == "prod"] or alive
    if len(found) != 1:
        which = ", ".join(each.deployment for each in found)
        raise InputError(f"which deployment? {which}" if found else "nothing is live or under way")
    return found[0]


def predecessor(view: View, found: Deployment) -> Deployment:
    """What serves once a deployment is undone: the live one for one under way, else the one that was live before.

    Raises:
        InputError: nothing was live before.
    """
    model = found.subject.rpartition("@")[0]
    others = [
        each
        for each in deployments.listed(view, environment=found.environment)
        if each.status == "ok" and each.subject.rpartition("@")[0] == model and each.deployment != found.deployment
    ]
    before = max(others, key=lambda each: each.ended_seq or each.seq, default=None)
    if before is None:
        raise InputError(f"{found.ref} has no predecessor in {found.environment} that could serve again")
    return before


def _entries(context: Context, found: Deployment, before: Deployment, reason: str) -> list[Any]:
    """What undoes a deployment: its end where it has none yet, the rollback, and the champion where it was live."""
    from ledger.events.artifacts import AliasMoved
    from ledger.events.deployments import DeploymentCompleted, DeploymentRolledBack
    from ledger.ledger import Entry

    actor, project, cause = context.actor, found.project, found.ended_seq or found.seq
    entries: list[Any] = []
    if found.ended_seq is None:
        strategy: Any = found.strategy
        end = DeploymentCompleted(found.deployment, found.environment, strategy, "rolled_back")
        entries.append(Entry(end, found.subject, actor, project, cause))
    undone = DeploymentRolledBack(found.deployment, before.subject, drill=False, cause=reason)
    entries.append(Entry(undone, found.subject, actor, project, cause))
    target = artifacts.get(context.view, before.subject)
    if found.ended_seq is not None and target is not None and found.environment == "prod":
        entries.append(Entry(AliasMoved(target.base, "champion", target.version), None, actor, project, cause))
    return entries
