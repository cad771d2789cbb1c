"""Who acts in which role: by a role of their own, or by one that was delegated to them and still holds."""

from __future__ import annotations

from ledger.projections import View, delegations, people
from ledger.projections.delegations import Delegation


def now_of(view: View) -> str:
    """The moment of the view's last event: what a rule takes for now where it judges no event."""
    row = view.row("SELECT at FROM events WHERE seq = :at")
    return "" if row is None else str(row[0])


def roles(view: View, name: str, project: str | None, now: str) -> tuple[str, ...]:
    """The roles in which somebody may act at a moment: their own, then those that were delegated to them."""
    own = people.roles(view, name, project)
    found = [each for each in delegations.listed(view, project=project) if each.active(now)]
    lent = {
        each.role for each in found if each.delegate == name and _root(view, found, each.role, name, ()) is not None
    }
    return (*own, *sorted(lent - set(own)))


def root(view: View, name: str, role: str, project: str | None, now: str) -> str | None:
    """Whose seat somebody takes in a role: their own name where they hold it, else who delegated it first; or ``None``."""
    if role in people.roles(view, name, project):
        return name
    found = [each for each in delegations.listed(view, project=project) if each.active(now)]
    return _root(view, found, role, name, ())


def holders(view: View, role: str, project: str | None, now: str) -> tuple[str, ...]:
    """Who may act in a role at a moment, by themselves or by delegation."""
    found = set(people.holders(view, role, project))
    active = [each for each in delegations.listed(view, project=project) if each.active(now) and each.role == role]
    found.update(each.delegate for each in active if _root(view, active, role, each.delegate, ()) is not None)
    return tuple(sorted(found))


def cycle(view: View, principal: str, to: str, role: str, project: str | None, now: str) -> tuple[str, ...]:
    """The names along which a role would come back to ``principal`` who delegates it to ``to``; empty where it would not."""
    found = [each for each in delegations.listed(view, project=project) if each.active(now) and each.role == role]
    waiting: list[tuple[str, ...]] = [(principal, to)]
    seen = {to}
    while waiting:
        way = waiting.pop()
        if way[-1] == principal:
            return way
        for each in found:
            if each.principal == way[-1] and each.delegate not in seen:
                seen.add(each.delegate)
                waiting.append((*way, each.delegate))
    return ()


def _root(view: View, active: list[Delegation], role: str, name: str, seen: tuple[str, ...]) -> str | None:
    """Who a chain of delegations of a role to ``name`` begins with, where its beginning holds the role."""
    for each in active:
        if each.delegate != name or each.role != role or each.principal in seen:
            continue
        if role in people.roles(view, each.principal, each.project):
            return each.principal
        further = _root(view, active, role, each.principal, (*seen, name))
        if further is not None:
            return further
    return None
