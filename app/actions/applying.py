"""The rule that really applies to a request, and what the request still waits for by it."""

from __future__ import annotations

from ledger.errors import Missing
from ledger.projections import artifacts
from ledger.projections.approvals import Request
from ledger.projections.view import View
from ledger.rules import gates, seats
from ledger.rules.policy import in_force, rule_words

FEW = 3
"""Roles that are named where any of them will do."""


def words(view: View, subject: str, transition: str) -> str:
    """What the policy in force demands of this very version before a transition, in a sentence, with the policy's name."""
    artifact, goal = artifacts.get(view, subject), gates.environment_of(transition)
    project = None if artifact is None else artifact.project
    policy = in_force(view, project)
    rules = () if artifact is None else gates.rules_for(view, artifact, goal)
    if rules and policy.ref:
        return f"{'; and '.join(rule_words(each) for each in rules)} ({policy.name}@{policy.version})"
    if rules or artifact is None or not any(goal in each.to for each in policy.rules):
        return gates.words(view, project, goal)
    said = f"{policy.name}@{policy.version} asks nothing of a {artifact.kind.replace('_', ' ')} before {goal}"
    return f"{said}: a registered version may go there"


def ruled(view: View, request: Request) -> bool:
    """Whether the policy in force demands anything of what is asked for."""
    artifact = artifacts.get(view, request.subject)
    return artifact is not None and bool(gates.rules_for(view, artifact, gates.environment_of(request.transition)))


def lacking(view: View, request: Request, now: str) -> list[Missing]:
    """What keeps an open request open: what its transition lacks; of what no rule demands anything, any one answer."""
    goal = gates.environment_of(request.transition)
    found = gates.missing(view, request.subject, goal, now=now, request=request.seq)
    if found or request.approvals:
        return found
    holders = {name: role for role in request.roles for name in seats.holders(view, role, request.project, now)}
    may = [name for name, role in holders.items() if gates.barred(view, request, name, role, now=now) is None]
    named = " or ".join(request.roles) if len(request.roles) <= FEW else f"any of {len(request.roles)} roles"
    by = f", by {named}" if request.roles else ""
    return [Missing(f"1 approval missing{by}", f"approve {request.seq}", ", ".join(sorted(may)))]
