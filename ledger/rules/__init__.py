"""What is allowed: pure verdicts over projections. The same rules draw a checklist, guard an append and judge history."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger.errors import Missing
from ledger.format.event import Event
from ledger.projections import View
from ledger.rules import (
    access,
    adoption,
    decisions,
    delegating,
    features,
    gates,
    registry,
    requests,
    succession,
    vouching,
    waivers,
)

Rule = Callable[[View, Event], Iterable[Missing]]
"""What an event lacks to be allowed after all that the view holds; nothing where it is allowed."""

_RULES: dict[str, tuple[Rule, ...]] = {
    "ledger.created": (registry.created,),
    "ledger.key_rotated": (succession.rotated,),
    "ledger.continued": (succession.continued,),
    "ledger.witnessed": (succession.witnessed,),
    "artifact.registered": (registry.registered,),
    "alias.moved": (registry.moved,),
    "artifact.retired": (registry.retired,),
    "document.attached": (registry.attached,),
    "run.started": (registry.run_started,),
    "run.completed": (registry.run_completed,),
    "run.signed": (vouching.run_signed,),
    "key.enrolled": (decisions.keyed,),
    "key.revoked": (decisions.keyed,),
    "access.granted": (access.granted,),
    "access.revoked": (access.granted,),
    "delegation.given": (delegating.given,),
    "delegation.ended": (delegating.ended,),
    "charter.signed": (vouching.charter,),
    "policy.adopted": (adoption.adopted,),
    "sla.set": (adoption.set_sla,),
    "criteria.set": (vouching.criteria_set,),
    "exception.recorded": (waivers.recorded,),
    "exception.closed": (waivers.closed,),
    "approval.requested": (decisions.requested,),
    "approval.granted": (decisions.decided,),
    "approval.rejected": (decisions.decided,),
    "approval.changes_requested": (decisions.decided,),
    "approval.withdrawn": (requests.withdrawn,),
    "approval.revoked": (requests.revoked,),
    "approval.escalated": (requests.escalated,),
    "approval.expired": (requests.expired,),
    "feature.materialized": (features.materialized,),
    "feature.retrieved": (features.retrieved,),
    "gate.evaluated": (gates.evaluated,),
    "promotion.recorded": (gates.promotion,),
    "deployment.started": (registry.deployment_named, gates.deployment),
    "deployment.step": (registry.deployment_known, gates.deployment),
    "deployment.completed": (registry.deployment_known, gates.deployment),
    "deployment.rolled_back": (registry.deployment_known,),
}

RULES: dict[str, tuple[Rule, ...]] = {
    event_type: (*_RULES.get(event_type, ()), *((access.allowed,) if event_type in access.ACT_OF else ()))
    for event_type in (*_RULES, *(each for each in access.ACT_OF if each not in _RULES))
}
"""By event type, what is judged before one is appended and in an audit; access by role wherever it is an act."""


def check(view: View, event: Event) -> list[Missing]:
    """All that the rules want before ``event`` may follow what the view holds; empty where it may."""
    return [gap for rule in RULES.get(event.type, ()) for gap in rule(view, event)]
