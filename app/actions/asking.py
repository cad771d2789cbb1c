"""What a request takes from the policy: who may decide, until when, and over which routes they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.actions import telling
from ledger.errors import InputError
from ledger.projections import artifacts
from ledger.rules import gates

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.approvals import Request
    from ledger.projections.view import View


def roles(view: View, artifact: artifacts.Artifact, transition: str) -> list[str]:
    """The roles that may decide: those that the policy names, else all that are held in the project but the trainer's own."""
    from ledger.projections import people
    from ledger.rules.grammar import leaves
    from ledger.rules.policy import Approvals

    rules = gates.rules_for(view, artifact, gates.environment_of(transition))
    asked = [each for rule in rules for each in leaves(rule.require) if isinstance(each, Approvals)]
    if asked and all(each.roles for each in asked):
        return sorted({role for each in asked for role in each.roles})
    trainer = gates.trainer(view, artifact)
    own = set(people.roles(view, trainer, artifact.project))
    held = {role for person in people.listed(view) for role in people.roles(view, person.name, artifact.project)}
    if not held - own:
        raise InputError(
            f"nobody holds a role in {artifact.project} but {trainer}, the trainer; "
            "`assay people add NAME --role ROLE` enrols an approver"
        )
    return sorted(held - own)


def terms(context: Context, artifact: artifacts.Artifact, transition: str) -> tuple[str | None, str | None]:
    """When an answer is due and when the request expires, by the policy in force; ``None`` where it sets no such time."""
    from datetime import timedelta

    from ledger.format import times

    now = times.parse_time(context.ledger.now())
    due, over = gates.terms(context.view, artifact.ref, transition)
    moments_ = [None if each is None else times.format_time(now + timedelta(seconds=each)) for each in (due, over)]
    return moments_[0], moments_[1]


def told(context: Context, request: Request, artifact: artifacts.Artifact) -> list[str]:
    """Tell who may sign that a request waits, over the policy's routes and the workspace's; a line for each."""
    view = context.ledger.view()
    goal = gates.environment_of(request.transition)
    able = sorted({name for gap in gates.missing(view, request.subject, goal) for name in gap.who.split(", ") if name})
    routes = [name for rule in gates.rules_for(view, artifact, goal) for name in rule.notify]
    title = f"{request.actor} asks that {request.subject} be approved for {request.transition}"
    return telling.tell(context, "approvals", telling.of_request(request, "asked", title, able), routes)
