"""What a request still waits for, by the policy in force: the rule that would judge its transition says so."""

from __future__ import annotations

from ledger.errors import Missing
from ledger.projections import View, approvals
from ledger.rules import gates


def waits_for(view: View, seq: int, now: str) -> tuple[Missing, ...]:
    """What the request that event ``seq`` made still lacks; empty once it is decided.

    It is decided where it was rejected, taken back, has expired or was fulfilled, and where everything that the policy
    wants of its transition is there: one signature of two is no answer.

    Args:
        view: the ledger as of the moment.
        seq: the request.
        now: the moment, by which requests and approvals expire.
    """
    request = approvals.get(view, seq)
    if request is None or request.ended(now) or gates.fulfilled(view, request) is not None:
        return ()
    goal = gates.environment_of(request.transition)
    lacking = gates.missing(view, request.subject, goal, now=now, request=seq)
    if not lacking and not request.approvals:
        return (Missing("nobody has answered", f"approve {seq}"),)
    return tuple(lacking)
