"""Recording what was found about feature views, as executed checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import events
from ledger.projections import checks

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.features import Registered
    from ledger.store.journal import Recorded


def record_check(context: Context, registered: Registered, fact: Any, threshold: Any) -> list[Recorded]:
    """Record a check of a view; what is expected is recorded before its first execution, on the view without its version."""
    from ledger.events.checks import CheckConfigured
    from ledger.ledger import Entry

    base, project, actor = registered.artifact.base, registered.artifact.project, context.actor
    entries = [Entry(fact, registered.ref, actor, project, registered.artifact.seq)]
    known = [each for each in checks.configured(context.ledger.view(), base) if each.check == fact.check]
    if not known or known[-1].threshold != threshold:
        entries.insert(
            0, Entry(CheckConfigured(check=fact.check, kind=fact.kind, threshold=threshold), base, actor, project)
        )
    return context.ledger.record_many(entries)


def cut(value: Any) -> Any:
    """A value that is to stand in an event, at most 200 characters of it."""
    return f"{value[:199]}…" if isinstance(value, str) and len(value) > 200 else value


def described(recorded: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Events as JSON."""
    return [events.described(each) for each in recorded]
