"""Delegations: letting somebody act in one of your roles until a moment, seeing who does, ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import deciding, events, moments
from app.actions.answers import Answer, Mark, moment, say, state, table
from ledger.errors import InputError
from ledger.projections import delegations as projection
from ledger.rules import delegating, seats

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.projections.delegations import Delegation
    from ledger.projections.view import View


def delegate(context: Context, *, to: str, role: str | None = None, until: str, project: str | None = None) -> Answer:
    """Let somebody act in one of the actor's roles until a moment; signed by the actor."""
    from ledger.events.people import DelegationGiven

    ledger, view, actor = context.ledger, context.view, context.actor
    home = context.workspace.project(project)
    held = seats.roles(view, actor, home, moments.present(view))
    if role is None:
        if len(held) != 1:
            said = f"{actor} holds {', '.join(held)}" if held else f"{actor} holds no role in {home}"
            raise InputError(f"{said}; say which to delegate with --role")
        role = held[0]
    end = moments.until(ledger, until, "--until")
    name = _free(view, actor, to, role)
    digest = delegating.digest(name, actor, to, role, home, end)
    envelope = deciding.on_subject(view, actor, context.unlock(actor), f"person/{to}", digest, "enrol", "")
    recorded = ledger.record(DelegationGiven(name, to, role, end, envelope), actor=actor, project=home)
    made = projection.get(ledger.view(), name)
    assert made is not None
    lines = [*events.listing([recorded]), say(Mark("dim", f"`assay delegate end {name}` ends it before its time"))]
    return Answer({"delegation": document(ledger.view(), made), "event": events.described(recorded)}, lines)


def end(context: Context, *, delegation: str, reason: str | None = None) -> Answer:
    """End a delegation before its time."""
    from ledger.events.people import DelegationEnded

    found = projection.get(context.view, delegation)
    if found is None:
        raise InputError(f"there is no delegation {delegation}; `assay delegate list` shows them")
    recorded = context.ledger.record(
        DelegationEnded(found.delegation, found.delegate, reason or None),
        actor=context.actor,
        project=found.project,
        cause=found.seq,
    )
    after = context.ledger.view()
    ended = projection.get(after, found.delegation)
    assert ended is not None
    return Answer(
        {"delegation": document(after, ended), "event": events.described(recorded)}, events.listing([recorded])
    )


def list_delegations(context: Context, *, every: bool = False, project: str | None = None) -> Answer:
    """The delegations that hold, or all that were given."""
    view = context.view
    now = moments.present(view)
    found = [each for each in projection.listed(view, project=project) if every or each.active(now)]
    rows = [
        (
            state("live", "holds") if each.active(now) else state("quiet", "over"),
            each.delegation,
            f"{each.principal} to {each.delegate}",
            each.role,
            each.project,
            Mark("dim", f"until {moment(each.until)}"),
        )
        for each in found
    ]
    lines = table(rows) or [
        say(Mark("dim", "no delegation" if every else "no delegation holds; --all shows past ones"))
    ]
    return Answer({"at": view.at, "delegations": [document(view, each) for each in found]}, lines)


def document(view: View, found: Delegation) -> dict[str, Any]:
    """A delegation as JSON."""
    return {
        "delegation": found.delegation,
        "principal": found.principal,
        "delegate": found.delegate,
        "role": found.role,
        "project": found.project,
        "until": found.until,
        "seq": found.seq,
        "at": found.at,
        "ended_seq": found.ended_seq,
        "holds": found.active(moments.present(view)),
    }


def _free(view: View, actor: str, to: str, role: str) -> str:
    """``grace-hugo-risk``, with a number where that was used before."""
    base = free = f"{actor}-{to}-{role}"
    number = 2
    while projection.get(view, free) is not None:
        free, number = f"{base}-{number}", number + 1
    return free
