"""The guide: prerequisites, the eight steps with their common failures, checkpoints and readiness, each with its live state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions import evaluating
from app.actions.answers import Answer, Mark, say, state
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.guide.facts import Facts, Found
    from app.guide.items import Item

_TITLES = {
    "prerequisites": "What must be there first",
    "steps": "The eight steps",
    "checkpoints": "The eight checkpoints",
    "readiness": "Ready for production",
}
_SHOWN = 8


def guide(context: Context, *, project: str | None = None, page: str | None = None, verify: bool = False) -> Answer:
    """Every item of the guide, or of one page, as the ledger shows it."""
    from app.guide.items import ITEMS, PAGES

    found = evaluating.ground(context, verify=verify)
    home = evaluating.chosen(context, found, project)
    facts = facts_of(found, home)
    wanted = PAGES if page is None else (page,)
    judged = [(item, judge(facts, item)) for item in ITEMS if item.page in wanted]
    lines: list[str] = [say(Mark("title", home)), ""]
    for name in wanted:
        own = [(item, each) for item, each in judged if item.page == name]
        met = sum(each[0].met for _, each in own)
        lines.append(say(Mark("title", _TITLES[name]), Mark("dim", f"  {met} of {len(own)}")))
        for item, (is_met, failure) in own:
            lines += _told(item, is_met, failure)
        lines.append("")
    if "readiness" in wanted:
        lines += [*_delivery(context), ""]
    document_ = {
        "at": found.view.at,
        "project": home,
        "pages": list(wanted),
        "items": [document(item, *each) for item, each in judged],
    }
    return Answer(document_, lines[:-1])


def facts_of(found: evaluating.Ground, project: str) -> Facts:
    """What the guide and the doctor judge by, of one project."""
    from app.guide.facts import Facts
    from app.guide.waiting import waits_for
    from ledger.rules.maturity.moments import text

    now = text(found.moment.t)
    return Facts(found.evaluation, project, found.moment, lambda seq: waits_for(found.view, seq, now))


def judge(facts: Facts, item: Item) -> tuple[Found, Found | None]:
    """An item's state, and its common failure where it has one."""
    return item.judge(facts), None if item.detect is None else item.detect(facts)


def document(item: Item, found: Found, failure: Found | None) -> dict[str, Any]:
    """An item as JSON."""
    return {
        "page": item.page,
        "id": item.id,
        "title": item.title,
        "state": "met" if found.met else "open",
        "found": found.text,
        "evidence": list(found.evidence),
        "advice": None if found.met else {"guide": item.advice, "do": found.fix or None},
        "failure": None
        if failure is None
        else {
            "name": item.failure,
            "detected": not failure.met,
            "found": failure.text,
            "evidence": list(failure.evidence),
            "do": failure.fix or None,
        },
    }


def _told(item: Item, found: Found, failure: Found | None) -> list[str]:
    mark = state("good", "met ") if found.met else state("open", "open")
    lines: list[str] = [say("  ", mark, f"  {item.id:<4}{item.title}")]
    named = all(f"event {seq}" in found.text for seq in found.evidence)
    lines.append(say(Mark("dim", f"              {found.text}{'' if named else _events(found.evidence)}")))
    if not found.met:
        fix = f": {found.fix}" if found.fix else ""
        lines.append(say(f"              {item.advice}{fix}"))
    if failure is not None and not failure.met:
        fix = f": {failure.fix}" if failure.fix else ""
        lines.append(say("        ", state("bad", item.failure), f"  {failure.text}{fix}"))
    return lines


def _events(seqs: tuple[int, ...]) -> str:
    if not seqs:
        return ""
    named = ", ".join(map(str, seqs[-_SHOWN:]))
    return f"  [event{'s' if len(seqs) > 1 else ''} {'… ' if len(seqs) > _SHOWN else ''}{named}]"


def _delivery(context: Context) -> list[str]:
    """The four measures per team of the last 90 days, where there is anything to measure."""
    from app.actions.answers import number, table
    from ledger.projections import delivery

    try:
        measured = delivery.measured(context.view)
    except InputError:
        return []
    rows = [
        (
            each.team,
            f"{each.deployments} live",
            _days("lead time", each.lead),
            f"{number(round(100 * each.failure_rate))} % taken back" if each.failure_rate is not None else None,
            _days("to restore", each.restore),
        )
        for each in measured
    ]
    return (
        [say(Mark("dim", "  delivery in 90 days, by team (`assay delivery`)")), *table(rows, indent="    ")]
        if rows
        else []
    )


def _days(what: str, seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds / 86_400:.1f} days {what}"
