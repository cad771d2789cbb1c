"""The guide's state and the doctor's findings, for the first screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.tui.queries.kept import Kept, Verified

TITLES = {
    "prerequisites": "there first",
    "steps": "eight steps",
    "checkpoints": "checkpoints",
    "readiness": "readiness",
}


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that the doctor found: its cause in words, the command that mends it, the event that shows it."""

    id: str
    title: str
    cause: str
    fix: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class Guide:
    """How many items of each of the guide's pages are met, and what the doctor found, for one project."""

    project: str
    pages: tuple[tuple[str, int, int], ...]
    symptoms: tuple[Symptom, ...]


def load(context: Context, kept: Kept, *, verified: Verified, project: str) -> Guide | None:
    """Guide and doctor of a project (the first where none is named); None where no event names a project."""
    from app.actions import evaluating
    from app.actions.guide import facts_of, judge
    from app.guide.items import ITEMS, PAGES
    from app.guide.symptoms import SYMPTOMS

    found, _ = kept.ground(context, verified)
    known = evaluating.projects(context, found)
    home = project if project in known else next(iter(known), None)
    if home is None:
        return None
    facts = facts_of(found, home)
    met = {item.id: judge(facts, item)[0].met for item in ITEMS}
    pages = []
    for page in PAGES:
        own = [item.id for item in ITEMS if item.page == page]
        pages.append((TITLES[page], sum(met[each] for each in own), len(own)))
    symptoms = [
        Symptom(each.id, each.title, cause.text, cause.fix or "", min(cause.evidence, default=None))
        for each in SYMPTOMS
        for cause in each.find(facts)
    ]
    return Guide(home, tuple(pages), tuple(symptoms))
