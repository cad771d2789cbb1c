"""What is allowed: pure verdicts over projections. The same rules draw a checklist, guard an append and judge history."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger.errors import Missing
from ledger.format.event import Event
from ledger.projections import View
from ledger.rules import decisions, gates, registry, succession

Rule = Callable[[View, Event], Iterable[Missing]]
"""What an event lacks to be allowed after all that the view holds; nothing where it is allowed."""

RULES: dict[str, tuple[Rule, ...]] = {
    "ledger.created": (registry.created,),
    "ledger.key_rotated": (succession.rotated,),
    "ledger.continued": (succession.continued,),
    "ledger.witnessed": (succession.witnessed,),
    "artifact.registered": (registry.registered,),
    "alias.moved": (registry.moved,),
    "run.started": (registry.run_started,),
    "run.completed": (registry.run_completed,),
    "key.enrolled": (decisions.keyed,),
    "key.revoked": (decisions.keyed,),
    "access.granted": (decisions.granted,),
    "approval.requested": (decisions.requested,),
    "approval.granted": (decisions.decided,),
    "approval.rejected": (decisions.decided,),
    "promotion.recorded": (gates.promotion,),
    "deployment.started": (registry.deployment_named, gates.deployment),
    "deployment.step": (registry.deployment_known, gates.deployment),
    "deployment.completed": (registry.deployment_known, gates.deployment),
    "deployment.rolled_back": (registry.deployment_known,),
}


def check(view: View, event: Event) -> list[Missing]:
    """All that the rules want before ``event`` may follow what the view holds; empty where it may."""
    return [gap for rule in RULES.get(event.type, ()) for gap in rule(view, event)]
