"""Acceptance criteria: set before a run, so that nobody can fit them to its result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import events
from app.actions.answers import Answer, Mark, say, table
from ledger.errors import InputError
from ledger.projections import artifacts
from ledger.projections import criteria as projection

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.events.criteria import Criterion
    from ledger.projections.criteria import Criteria

_BOUND = re.compile(r"([A-Za-z0-9_.:%-]+)\s*(<=|>=)\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)", re.ASCII)


def set_criteria(context: Context, *, ref: str, bounds: Sequence[str], note: str | None = None) -> Answer:
    """Say what every version of an artifact must reach in runs that start from now on."""
    from ledger.events.criteria import CriteriaSet

    view = context.view
    subject, project = _subject(context, ref)
    before = projection.listed(view, subject=subject)
    fact = CriteriaSet(_read(bounds), note or None)
    cause = before[-1].seq if before else None
    recorded = context.ledger.record(fact, subject=subject, actor=context.actor, project=project, cause=cause)
    made = projection.listed(context.ledger.view(), subject=subject)[-1]
    lines = [
        *events.listing([recorded]),
        say(Mark("dim", f"they judge runs that start after event {recorded.seq}, and none before")),
    ]
    return Answer({"criteria": document(made), "event": events.described(recorded)}, lines)


def list_criteria(context: Context, *, ref: str | None = None, project: str | None = None) -> Answer:
    """The criteria that were set, oldest first; the last of each subject is in force."""
    view = context.view
    subject = None if ref is None else _subject(context, ref)[0]
    found = projection.listed(view, subject=subject, project=project)
    newest = {each.subject: each.seq for each in found}
    rows = [
        (
            each.seq,
            each.subject,
            ", ".join(f"{bound.metric} {bound.words}" for bound in each.bounds),
            each.actor,
            Mark("dim", each.at[:10]),
            "in force" if newest[each.subject] == each.seq else Mark("dim", "replaced"),
        )
        for each in found
    ]
    lines = table(rows, ("event", "of", "criteria", "by", "on", "")) or [
        say(Mark("dim", "no criteria were set; `assay criteria set MODEL 'mae <= 2.5'` sets some"))
    ]
    return Answer({"at": view.at, "criteria": [document(each) for each in found]}, lines)


def document(found: Criteria) -> dict[str, Any]:
    """Criteria as JSON."""
    return {
        "seq": found.seq,
        "subject": found.subject,
        "project": found.project,
        "actor": found.actor,
        "at": found.at,
        "note": found.note,
        "bounds": [each._asdict() for each in found.bounds],
    }


def _read(bounds: Sequence[str]) -> list[Criterion]:
    from ledger.events.criteria import Criterion

    found: dict[str, dict[str, float]] = {}
    for text in bounds:
        match = _BOUND.fullmatch(text.strip())
        try:
            value = float(match[3]) if match else None
        except ValueError:
            value = None
        if match is None or value is None:
            raise InputError(f"{text!r} is no criterion; write a metric, <= or >=, and a number: 'mae <= 2.5'")
        side = "at_most" if match[2] == "<=" else "at_least"
        if side in found.setdefault(match[1], {}):
            raise InputError(f"{match[1]} is bounded twice from the same side")
        found[match[1]][side] = value
    if not found:
        raise InputError("name a criterion at least: 'mae <= 2.5'")
    return [Criterion(metric, each.get("at_least"), each.get("at_most")) for metric, each in found.items()]


def _subject(context: Context, ref: str) -> tuple[str, str]:
    """``model/project/name`` and its project; of a model that is not registered yet, the project's that the workspace names."""
    if ref.count("/") == 2 and "@" not in ref:
        return ref, ref.split("/")[1]
    try:
        artifact = artifacts.resolve(context.view, ref)
    except artifacts.UnknownRef:
        if "/" in ref or "@" in ref:
            raise
        home = context.workspace.project(None)
        return f"model/{home}/{ref}", home
    if artifact.project is None:
        raise InputError(f"{artifact.ref} is at home in no project")
    return artifact.base, artifact.project
