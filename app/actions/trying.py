"""Trying a policy on the past: which promotions and deployments it would have stopped, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import policies
from app.actions.answers import Answer, Mark, counted, moment, say, state
from ledger.errors import Missing
from ledger.projections.view import View
from ledger.rules import access, gates
from ledger.rules.policy import Policy
from ledger.store import journal

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.format.event import Event

_TYPES = ("promotion.recorded", "deployment.started", "deployment.step", "deployment.completed")


class Stopped(NamedTuple):
    """An event that a policy would have stopped, and what it would have missed."""

    event: Event
    missing: tuple[Missing, ...]


def replayed(view: View, policy: Policy, project: str | None) -> tuple[int, list[Stopped]]:
    """Judge every promotion and deployment of a project by another policy, each as of its own moment.

    Returns:
        How many were judged, and those that the policy would have stopped.
    """
    wanted = ", ".join(f"'{each}'" for each in _TYPES)
    rows = view.rows(
        f"SELECT seq FROM events WHERE type IN ({wanted}) AND project IS :project AND seq <= :at ORDER BY seq",
        {"project": project},
    )
    found = []
    for (seq,) in rows:
        event = next(journal.read(view.connection, seq, seq + 1)).event
        before = View(view.connection, seq - 1)
        rule = gates.promotion if event.type == "promotion.recorded" else gates.deployment
        gaps = (*rule(before, event, policy=policy), *access.allowed(before, event, policy=policy))
        if gaps:
            found.append(Stopped(event, gaps))
    return len(rows), found


def try_policy(context: Context, *, file: str = policies.FILE, project: str | None = None) -> Answer:
    """Replay the past under a policy that is not in force; code 1 where it would have stopped anything."""
    from ledger.events import sentence

    read = policies.read_file(context, file)
    home = context.workspace.project(project)
    view = context.view
    judged, found = replayed(view, read.policy, home)
    mark = state("warn", f"would have stopped {len(found)}") if found else state("good", "would have stopped nothing")
    lines: list[str] = [say(mark, f"  of {counted(judged, 'promotion or deployment', 'promotions and deployments')}")]
    for each in found:
        lines.append(say(Mark("title", f"{each.event.seq}"), f"  {moment(each.event.at)}  {sentence(each.event)}"))
        lines += [say("    ", state("bad", gap.what)) for gap in each.missing]
    document: dict[str, Any] = {
        "at": view.at,
        "policy": read.policy.name,
        "digest": read.policy.digest(),
        "judged": judged,
        "stopped": [
            {
                "seq": each.event.seq,
                "type": each.event.type,
                "subject": each.event.subject,
                "at": each.event.at,
                "missing": [{"what": gap.what, "action": gap.action, "who": gap.who} for gap in each.missing],
            }
            for each in found
        ],
    }
    return Answer(document, lines, int(bool(found)))
