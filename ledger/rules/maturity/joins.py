"""Joins: which events are evidence of which element, and for how long (docs/maturity.md, Joins)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ledger.rules.maturity import conditions, lineage
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.model import Match
from ledger.rules.maturity.moments import Window, covered, least, reach
from ledger.rules.maturity.pieces import OBSERVED, TOLD, Evidence, name_of
from ledger.rules.maturity.sets import Member
from ledger.rules.maturity.spans import BEGIN, END, Spans, intersect, union

BY_NAME = frozenset(
    {
        "owner.assigned",
        "tier.assigned",
        "check.configured",
        "criteria.set",
        "monitor.configured",
        "monitor.observed",
        "deployment.rolled_back",
    }
)
"""Types that speak of a name, whichever version their subject has."""

LASTING_DOCUMENTS = ("data_source", "transformation", "quality_standard", "datasheet", "runbook")
"""Kinds of documents that describe every version of a name."""


class Scope:
    """What a criterion is judged in: the project, how long its evidence counts, and whether automations alone give it.

    Nothing is asked about what was before ``since``, and so nothing need be right of it.
    """

    __slots__ = ("automated", "earliest", "index", "least", "project", "reach", "since", "tiers", "window")

    def __init__(
        self,
        index: Index,
        project: str,
        window: Window,
        tiers: dict[str, Window],
        automated: bool,
        since: int = BEGIN,
    ) -> None:
        self.index = index
        self.project = project
        self.window = window
        self.tiers = tiers
        self.automated = automated
        self.since = since
        self.reach = reach(window, tiers)
        """For how long evidence counts at most."""
        self.least = least(window, tiers)
        """For how long it counts at least."""
        self.earliest = BEGIN if since == BEGIN else since - self.reach
        """Before this, nothing can happen that counts at ``since`` or later."""


class Claim(NamedTuple):
    """That events prove something, and for how long they do."""

    spans: Spans
    events: tuple[Evidence, ...]


def claims(scope: Scope, member: Member, has: tuple[Match, ...]) -> list[list[Claim]]:
    """What proves an element: lists of claims, of each of which one must hold at once (several for ``$all``)."""
    whole: list[Claim] = []
    parts: list[list[Claim]] = []
    for match in has:
        spread = conditions.spread(match.where)
        shown: list[list[Claim]] = [] if spread is None else [[] for _ in spread[1]]
        for type_ in match.types:
            judged: dict[tuple[object, ...], tuple[int, ...] | None] = {}
            for item, spans in _candidates(scope, member, type_, before="before" in match.where):
                if not spans or spans[-1][1] <= scope.since:
                    continue
                # Observations are many and say little: those that say the same are judged once.
                said = item.value if type_ == OBSERVED else {}
                alike = (item.actor, *map(said.get, TOLD)) if said else (item.seq,)
                if alike not in judged:
                    judged[alike] = _places(scope, member, match, spread, item)
                places = judged[alike]
                if places == ():
                    whole.append(Claim(spans, (item,)))
                for place in places or ():
                    shown[place].append(Claim(spans, (item,)))
        if spread is not None:
            parts = shown
    return [[*whole, *part] for part in parts] if parts else [whole]


def _places(
    scope: Scope, member: Member, match: Match, spread: tuple[str, list[object]] | None, item: Evidence
) -> tuple[int, ...] | None:
    """Which of the values that a ``$all`` lists an event shows; none for all of them, ``None`` where it is no evidence."""
    index = scope.index
    if scope.automated and not index.automation(item):
        return None
    if not conditions.holds(index, item, match.where, member.version):
        return None
    if spread is None or isinstance(conditions.field(index, item, spread[0]), list):
        return ()
    found = (n for n, wanted in enumerate(spread[1]) if conditions.shows(index, item, spread[0], wanted))
    return tuple(found) or None


def proven(needed: list[list[Claim]]) -> Spans:
    """When each of the lists has a claim that holds."""
    spans = union(span for claim in needed[0] for span in claim.spans)
    for others in needed[1:]:
        spans = intersect(spans, union(span for claim in others for span in claim.spans))
    return spans


def counted(scope: Scope, item: Evidence, *, since: int = BEGIN) -> Spans:
    """When an event counts as evidence: its window, until another takes its place."""
    later = scope.index.next_of(item)
    if later is not None and later.t - item.t <= scope.least:
        start = max(since, item.t)
        return [(start, later.t)] if start < later.t else []
    spells = lineage.spells(scope.index, item.subject, scope.project)
    spans = covered(item.t, scope.window, spells, scope.tiers)
    return intersect(spans, [(since, END if later is None else later.t)])


def _candidates(scope: Scope, member: Member, type_: str, *, before: bool) -> Iterator[tuple[Evidence, Spans]]:
    if member.event is not None:
        yield from _belonging(scope.index, member.event, type_)
        return
    earliest = BEGIN if before or not member.spans else max(scope.earliest, member.spans[0][0] - scope.reach)
    for item, known in _about(scope.index, member.version, type_, earliest):
        if member.spans and item.t >= member.spans[-1][1]:
            continue
        yield item, [(item.t, END)] if before else counted(scope, item, since=known)


def _about(index: Index, version: str, type_: str, earliest: int) -> Iterator[tuple[Evidence, int]]:
    """The events of a type that are evidence of a version, each with the time from which that is known."""
    name = name_of(version)
    if type_ in BY_NAME:
        yield from ((item, BEGIN) for item in index.named(type_, name, earliest))
    elif type_ in ("run.started", "run.reproduced"):
        made = lineage.origin(index, version)
        if made is not None:
            by = "run" if type_ == "run.started" else "of_run"
            yield from ((item, made.link.t) for item in index.of_field(type_, by, made.run))
    elif type_ in ("run.completed", "import.completed"):
        yield from ((item, BEGIN) for item in index.with_output(type_, version))
    elif type_ == "document.attached":
        for item in index.named(type_, name):
            if item.subject in (name, version) or item.value.get("doc_kind") in LASTING_DOCUMENTS:
                yield item, BEGIN
    else:
        yield from ((item, BEGIN) for item in index.about(type_, version))
        if type_ == "check.executed":
            registered = lineage.registration(index, version)
            for item in index.about(type_, name):
                if registered is not None and registered.seq < item.seq:
                    yield item, BEGIN


def _belonging(index: Index, event: Evidence, type_: str) -> Iterator[tuple[Evidence, Spans]]:
    """The events of a type that belong to an element that is an event, each with when it does."""
    if type_ == event.type:
        yield event, [(event.t, END)]
        return
    if event.type in ("run.started", "run.completed"):
        if type_ in ("run.started", "run.completed", "check.executed"):
            found = index.of_field(type_, "run", event.value.get("run"))
            yield from ((item, [(item.t, END)]) for item in found)
    elif event.type in ("promotion.recorded", "deployment.started"):
        for item in index.about(type_, event.subject):
            by = index.next_of(item)
            if item.seq < event.seq and (by is None or by.seq > event.seq):
                yield item, [(event.t, END)]
    elif event.type == "alert.raised":
        alert = event.value.get("alert")
        if type_ in ("alert.acknowledged", "alert.resolved"):
            found = index.of_field(type_, "alert", alert)
        else:
            found = index.of_field(type_, "ref", f"alert/{alert}") if type_ == "retraining.triggered" else []
        yield from ((item, [(item.t, END)]) for item in found)
