"""What breaks if something is withdrawn: all that depends on it, what is live of that first, and who owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions.answers import Answer, Cell, Mark, counted, say, state, table
from app.actions.approvals import standing
from app.actions.deployments import serving
from ledger.projections import approvals, artifacts, lineage, people

if TYPE_CHECKING:
    from ledger.projections.view import View

_NAMED = 8


def impact(view: View, ref: str) -> Answer:
    """Everything that depends on ``ref``: what serves now, open requests, then the rest by kind; and its owners."""
    depending = lineage.impact(view, ref)
    among = {ref, *depending}
    live = [each for each in serving(view) if each.status == "ok" and each.subject in among]
    waiting = [each for each in approvals.requests(view) if each.subject in among and standing(view, each) == "open"]
    retired = {each.ref for each in artifacts.retirements(view)}
    kinds: dict[str, list[str]] = {}
    for each in depending:
        kinds.setdefault(lineage.kind_of(each), []).append(each)
    owners = _owners(view, depending)
    document: dict[str, Any] = {
        "at": view.at,
        "focus": ref,
        "depending": depending,
        "live": [{"deployment": each.ref, "subject": each.subject, "environment": each.environment} for each in live],
        "requests": [each.seq for each in waiting],
        "retired": [each for each in depending if each in retired],
        "owners": owners,
    }
    if not depending:
        return Answer(document, [say(Mark("title", ref)), say(state("good", "nothing depends on it"))])
    lines: list[str] = [say(Mark("title", ref), f"  {counted(len(depending), 'thing')} came from it")]
    rows: list[tuple[Cell, ...]] = [(state("warn", "live"), each.environment, each.subject, each.ref) for each in live]
    rows += [(state("open", "waits"), f"event {each.seq}", each.subject, f"to {each.transition}") for each in waiting]
    lines += table(rows, indent="  ")
    if not live:
        lines.append(say("  ", state("good", "nothing of it is live")))
    lines += table([_kind_row(kind, found) for kind, found in kinds.items()], indent="  ")
    if owners:
        told = [
            f"{name} ({', '.join(subjects[:3])}{', …' if len(subjects) > 3 else ''})"
            for name, subjects in owners.items()
        ]
        lines.append(say(Mark("dim", "  ask "), "; ".join(told[:_NAMED])))
    return Answer(document, lines)


def _kind_row(kind: str, found: list[str]) -> tuple[Cell, ...]:
    word = kind.replace("_", " ")
    # The last are the farthest and the newest: what people know it by.
    named = ", ".join(each.partition("/")[2] for each in found[-_NAMED:])
    return counted(len(found), word), f"{'… ' if len(found) > _NAMED else ''}{named}"


def _owners(view: View, refs: list[str]) -> dict[str, list[str]]:
    """Who owns what depends on it, by name."""
    bases = dict.fromkeys(ref.rpartition("@")[0] for ref in refs if "@" in ref)
    found: dict[str, list[str]] = {}
    for base in bases:
        for name in dict.fromkeys(each.principal for each in people.owners(view, base)):
            found.setdefault(name, []).append(base)
    return found
