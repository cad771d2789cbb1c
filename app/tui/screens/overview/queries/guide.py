"""The guide's state and the doctor's findings, for the first screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.guide import items as guide
    from app.guide.facts import Found
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
class Item:
    """An item of the guide: whether it is met, what was found, the advice and the command where it is not. ``failing`` names
    its common failure where that was detected, ``seen`` says by what; ``seq`` is the newest event that shows it."""

    page: str
    id: str
    title: str
    met: bool
    found: str
    advice: str
    fix: str
    failing: str
    seen: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class Guide:
    """How many items of each of the guide's pages are met, the items, what the doctor found, and the levels by track, for one
    project."""

    project: str
    pages: tuple[tuple[str, int, int], ...]
    symptoms: tuple[Symptom, ...]
    items: tuple[Item, ...] = ()
    levels: tuple[tuple[str, int | None], ...] = ()

    @property
    def steps(self) -> tuple[Item, ...]:
        """The eight steps."""
        return tuple(each for each in self.items if each.page == "steps")


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
    items = tuple(_item(each, *judge(facts, each)) for each in ITEMS)
    pages = []
    for page in PAGES:
        own = [each for each in items if each.page == page]
        pages.append((TITLES[page], sum(each.met for each in own), len(own)))
    symptoms = [
        Symptom(each.id, each.title, cause.text, cause.fix or "", min(cause.evidence, default=None))
        for each in SYMPTOMS
        for cause in each.find(facts)
    ]
    levels = found.evaluation.levels(home, found.moment.t)
    return Guide(home, tuple(pages), tuple(symptoms), items, tuple(levels.items()))


def _item(item: guide.Item, found: Found, failure: Found | None) -> Item:
    detected = failure is not None and not failure.met
    return Item(
        item.page,
        item.id,
        item.title,
        found.met,
        found.text,
        "" if found.met else item.advice,
        "" if found.met else found.fix,
        item.failure if detected else "",
        failure.text if failure is not None and detected else "",
        max(found.evidence, default=None),
    )
