"""The doctor: the eight symptoms, each with the cause that the ledger shows, its evidence, and the command that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import evaluating, events
from app.actions.answers import Answer, Mark, counted, say, state
from app.actions.guide import facts_of

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.guide.symptoms import Cause, Symptom

_SHOWN = 5


def doctor(context: Context, *, project: str | None = None) -> Answer:
    """Look for every symptom; code 1 where something is found."""
    from app.guide.symptoms import SYMPTOMS

    found = evaluating.ground(context)
    home = evaluating.chosen(context, found, project)
    facts = facts_of(found, home)
    causes = [(symptom, list(symptom.find(facts))) for symptom in SYMPTOMS]
    sick = sum(bool(each) for _, each in causes)
    head = state("bad", f"{counted(sick, 'symptom')}") if sick else state("good", "well")
    lines: list[str] = [say(Mark("title", home), "  ", head), ""]
    for symptom, each in causes:
        lines += _told(found, symptom, each)
    document_ = {
        "at": found.view.at,
        "project": home,
        "symptoms": [entry for symptom, each in causes for entry in _documents(symptom, each)],
    }
    return Answer(document_, lines, 1 if sick else 0)


def _documents(symptom: Symptom, causes: list[Cause]) -> list[dict[str, Any]]:
    facts = {"id": symptom.id, "title": symptom.title}
    if not causes:
        return [{**facts, "state": "absent", "cause": None, "evidence": [], "fix": None}]
    return [
        {**facts, "state": "present", "cause": each.text, "evidence": list(each.evidence), "fix": each.fix}
        for each in causes
    ]


def _told(found: evaluating.Ground, symptom: Symptom, causes: list[Cause]) -> list[str]:
    mark = state("bad", "found") if causes else state("good", "none ")
    lines: list[str] = [say("  ", mark, f"  {symptom.id}  {symptom.title}")]
    for each in causes[:_SHOWN]:
        lines.append(say(f"               {each.text}"))
        lines.append(say(Mark("dim", f"               mend: {each.fix}")))
        lines += [say(Mark("dim", f"               {line.strip()}")) for line in _shown(found, each)]
    if len(causes) > _SHOWN:
        lines.append(say(Mark("dim", f"               and {len(causes) - _SHOWN} more; --json lists them")))
    if causes:
        lines.append(say(Mark("dim", f"               in general: {symptom.remedy}")))
    return lines


def _shown(found: evaluating.Ground, cause: Cause) -> list[str]:
    return events.listing([events.read(found.view, seq) for seq in cause.evidence[-3:]])
