"""The inbox: every request in a line, by whom it waits for.

What a request comes to is asked of the rules. Of one that is over, the answer is kept: it never changes again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.projections.approvals import Request
    from ledger.projections.view import View


@dataclass(frozen=True, slots=True)
class Item:
    """A request in the list.

    ``have`` of ``need`` approvals are given; ``due`` is the moment by which an answer is due, empty where none is;
    ``by`` who decided last. ``why_not`` says why the one who looks may not decide on it, in the roles of ``my_roles``;
    empty if they may.
    """

    seq: int
    subject: str
    transition: str
    actor: str
    at: str
    state: str
    have: int = 0
    need: int = 0
    due: str = ""
    by: str = ""
    my_roles: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def name(self) -> str:
        """How it is called where there is little room for more."""
        return f"{self.subject} for {self.transition} (request {self.seq:,})"


@dataclass(frozen=True, slots=True)
class Inbox:
    """All requests, newest first, in three heaps; ``now`` is the moment by which they are old, or overdue."""

    mine: tuple[Item, ...] = ()
    others: tuple[Item, ...] = ()
    decided: tuple[Item, ...] = ()
    now: str = ""
    by_number: dict[int, Item] = field(default_factory=dict, compare=False)

    def get(self, seq: int) -> Item | None:
        """The request with this number."""
        return self.by_number.get(seq)


class Settled:
    """Which requests came about, and by which event: from then on they are approved, whatever else is recorded."""

    def __init__(self) -> None:
        self._events: dict[int, int] = {}

    def fulfilled(self, view: View, request: Request) -> bool:
        """Whether what the request asks for had come about as of the view."""
        known = self._events.get(request.seq)
        if known is not None and known <= view.at:
            return True
        from ledger.rules import gates

        found = gates.fulfilled(view, request)
        if found is not None:
            self._events[request.seq] = found
        return found is not None

    def knows(self, view: View, request: int) -> bool:
        """Whether it is known to have come about, without looking."""
        return self._events.get(request, view.at + 1) <= view.at


def load(view: View, me: str | None, why_nobody: str, settled: Settled | None = None) -> Inbox:
    """The inbox of ``me``; ``why_nobody`` says why nobody looks, where ``me`` is None; ``settled`` is kept by who asks."""
    from app.actions import moments

    settled, now = settled or Settled(), moments.present(view)
    decided, changed, terms = _decided(view), _changed(view), _terms(view)
    rows = view.rows("SELECT seq, subject, transition, actor, at FROM requests WHERE seq <= :at ORDER BY seq DESC")
    heaps: tuple[list[Item], ...] = ([], [], [])
    for seq, subject, transition, actor, at in rows:
        verdicts = decided.get(seq, ())
        due, expires = terms.get(seq, ("", ""))
        ended = _ended(verdicts, changed.get(seq, ()), bool(expires) and now >= expires)
        if settled.knows(view, seq) and ended in ("", "expired"):
            ended = "approved"
        if ended in ("", "expired"):
            found = _considered(view, seq, settled, (me, why_nobody), due, now)
        else:
            found = Item(seq, subject, transition, actor, at, ended, by=verdicts[-1][1] if verdicts else "")
        heaps[2 if found.state != "open" else 1 if found.why_not else 0].append(found)
    mine, others, over = (tuple(heap) for heap in heaps)
    return Inbox(mine, others, over, now, {item.seq: item for item in (*mine, *others, *over)})


def _considered(view: View, seq: int, settled: Settled, looks: tuple[str | None, str], due: str, now: str) -> Item:
    """A request that no decision ended, as the rules see it now."""
    from app.actions import approvals as acting
    from ledger.projections import approvals

    request = approvals.get(view, seq)
    assert request is not None
    state = "approved" if settled.fulfilled(view, request) else acting.standing(view, request)
    by = request.decisions[-1].signer if request.decisions else ""
    item = Item(request.seq, request.subject, request.transition, request.actor, request.at, state, by=by)
    if state != "open":
        return item
    me, why_nobody = looks
    roles, why_not = may(view, request, me, now) if me else ((), why_nobody)
    return Item(
        request.seq,
        request.subject,
        request.transition,
        request.actor,
        request.at,
        state,
        have=len(request.approvals),
        need=_wanted(view, request),
        due=due,
        by=by,
        my_roles=roles,
        why_not=why_not,
    )


def may(view: View, request: Request, me: str, now: str) -> tuple[tuple[str, ...], str]:
    """The roles in which ``me`` may decide on the request at the moment ``now``, and else why not."""
    from ledger.rules import gates, seats

    held = [role for role in seats.roles(view, me, request.project, now) if role in request.roles]
    roles = tuple(role for role in held if gates.barred(view, request, me, role, now=now) is None)
    if roles:
        return roles, ""
    if request.actor == me:
        return (), f"{me} made the request, and the requester may not sign"
    if not request.roles:
        return (), "the request names no role"
    return (), gates.barred(view, request, me, (held or list(request.roles))[0], now=now) or ""


def _wanted(view: View, request: Request) -> int:
    """How many approvals the policy wants for what is asked; one where no policy speaks of it."""
    from ledger.projections import artifacts
    from ledger.rules import gates

    artifact = artifacts.get(view, request.subject)
    rules = () if artifact is None else gates.rules_for(view, artifact, gates.environment_of(request.transition))
    return max((_quorum(rule.require) for rule in rules), default=0) or 1


def _quorum(condition: Any) -> int:
    from ledger.rules.policy import All, Approvals, AtLeast

    if isinstance(condition, Approvals):
        return condition.quorum
    if isinstance(condition, All):
        return sum(_quorum(each) for each in condition.of)
    if isinstance(condition, AtLeast):
        return sum(sorted(_quorum(each) for each in condition.of)[: condition.least])
    return 0


def _ended(verdicts: Iterable[tuple[str, str]], changes: Iterable[str], over: bool) -> str:
    """How a request ended, as :meth:`ledger.projections.approvals.Request.ended` says it."""
    for verdict, _ in verdicts:
        if verdict in ("reject", "change"):
            return "rejected" if verdict == "reject" else "changes requested"
    if "withdrawn" in changes:
        return "withdrawn"
    return "expired" if over or "expired" in changes else ""


def _decided(view: View) -> dict[int, list[tuple[str, str]]]:
    """The verdicts and signers on every request, in their order."""
    found: dict[int, list[tuple[str, str]]] = {}
    for request, verdict, signer in view.rows(
        "SELECT request, verdict, signer FROM decisions WHERE seq <= :at ORDER BY seq"
    ):
        found.setdefault(request, []).append((verdict, signer))
    return found


def _changed(view: View) -> dict[int, list[str]]:
    """What became of every request besides decisions."""
    found: dict[int, list[str]] = {}
    for request, change in view.rows("SELECT request, change FROM request_changes WHERE seq <= :at ORDER BY seq"):
        found.setdefault(request, []).append(change)
    return found


def _terms(view: View) -> dict[int, tuple[str, str]]:
    """When an answer to each request is due, and when it expires."""
    rows = view.rows("SELECT seq, due, expires FROM request_terms WHERE seq <= :at")
    return {seq: (due or "", expires or "") for seq, due, expires in rows}
