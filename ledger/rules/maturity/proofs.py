"""Proofs: when each is held, missing or not applicable, and by which events (docs/maturity.md, Proofs)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ledger.rules.maturity import conditions, joins, lineage, sets
from ledger.rules.maturity.index import Evidence, Index, is_artifact, name_of
from ledger.rules.maturity.joins import Claim, Scope
from ledger.rules.maturity.model import Distinct, Every, Exists, Match, Nothing, Pair, Proof
from ledger.rules.maturity.moments import Spell, Window, covered, deadline, window
from ledger.rules.maturity.sets import Member
from ledger.rules.maturity.spans import (
    ALWAYS,
    BEGIN,
    END,
    Spans,
    Timeline,
    combined,
    contains,
    intersect,
    tallied,
    union,
)

OPEN, HELD, INAPPLICABLE = 0, 1, 2
"""The states of a proof; whether an open one was held before tells lapsed from missing."""


class Shown(NamedTuple):
    """What a proof rests on at a moment: the events, how many of how many elements have evidence, and which have none."""

    events: tuple[Evidence, ...]
    done: int | None = None
    total: int | None = None
    lacking: tuple[Member, ...] = ()
    against: tuple[Evidence, ...] = ()


class Chain(NamedTuple):
    """When the chain is verified, and when it is known to be complete besides."""

    verified: Spans
    complete: Spans


class Row(NamedTuple):
    """An element of a set, what proves it, and when that holds."""

    member: Member
    needed: list[list[Claim]]
    proven: Spans


class Judged(NamedTuple):
    """A proof over time, and what is needed to say what it rests on.

    Of ``claims`` the newest ``least`` count; of ``parts`` all, or where ``any_part`` the first that holds.
    """

    timeline: Timeline
    rows: Sequence[Row] = ()
    claims: Sequence[Claim] = ()
    against: Sequence[Claim] = ()
    parts: Sequence[Judged] = ()
    any_part: bool = False
    least: int = 1


def judge(scope: Scope, proof: Proof, chain: Chain) -> Judged:
    """A proof over all time."""
    if isinstance(proof, Exists):
        return _exists(scope, proof)
    if isinstance(proof, Every):
        return _every(scope, proof)
    if isinstance(proof, Nothing):
        return _nothing(scope, proof, chain)
    if isinstance(proof, Pair):
        return _pair(scope, proof)
    if isinstance(proof, Distinct):
        return _distinct(scope, proof)
    parts = [judge(scope, part, chain) for part in proof.parts]
    return Judged(combined([part.timeline for part in parts], _all), parts=parts)


def _all(states: Sequence[int]) -> int:
    if OPEN in states:
        return OPEN
    return HELD if HELD in states else INAPPLICABLE


def _told(scope: Scope, match: Match, *, shared: bool) -> Iterator[list[Evidence]]:
    """The project's events of each type, in order; where the conditions name kinds, those alone."""
    wanted = match.where.get("kind")
    kinds = tuple(wanted) if isinstance(wanted, list) else (wanted,)
    plain = all(isinstance(each, str) and not each.startswith("$") and not each.endswith("*") for each in kinds)
    for type_ in match.types:
        if plain:
            yield scope.index.of_kinds(type_, scope.project, kinds, shared=shared)
        else:
            yield scope.index.in_project(type_, scope.project, shared=shared)


def _matching(scope: Scope, match: Match, *, shared: bool = False, earliest: int = BEGIN) -> Iterator[Evidence]:
    for events in _told(scope, match, shared=shared):
        for item in joins.since(events, earliest):
            if conditions.holds(scope.index, item, match.where):
                yield item


def _evidence(scope: Scope, match: Match, *, shared: bool = False, earliest: int = BEGIN) -> Iterator[Evidence]:
    for item in _matching(scope, match, shared=shared, earliest=earliest):
        if not scope.automated or scope.index.automation(item):
            yield item


def _everywhere(scope: Scope, match: Match) -> list[Evidence]:
    """Of every project; the same for each that asks."""

    def found() -> list[Evidence]:
        return [
            item
            for type_ in match.types
            for item in joins.since(scope.index.of_type(type_), scope.earliest)
            if conditions.holds(scope.index, item, match.where)
            and (not scope.automated or scope.index.automation(item))
        ]

    made: list[Evidence] = scope.index.made(("everywhere", id(match), scope.automated, scope.earliest), found)
    return made


def _exists(scope: Scope, proof: Exists) -> Judged:
    found: list[Claim] = []
    lasting = 0
    # Backwards: of what counts for good from before `since` on, as many as are needed will do.
    for item in sorted(_candidates(scope, proof.match), key=lambda each: -each.seq):
        if scope.automated and not scope.index.automation(item):
            continue
        if not conditions.holds(scope.index, item, proof.match.where):
            continue
        spans = joins.counted(scope, item)
        found.append(Claim(spans, (item,)))
        lasting += bool(spans) and spans[0][0] <= scope.since and spans[-1][1] == END
        if lasting >= proof.least:
            break
    timeline = tallied([[claim.spans for claim in found]], lambda n: HELD if n[0] >= proof.least else OPEN)
    return Judged(timeline, claims=found, least=proof.least)


def _candidates(scope: Scope, match: Match) -> Iterator[Evidence]:
    for events in _told(scope, match, shared=True):
        yield from joins.since(events, scope.earliest)


def _every(scope: Scope, proof: Every) -> Judged:
    rows: list[Row] = []
    belonging, proven = [], []
    alike = all(t in joins.BY_NAME for match in proof.has for t in match.types)
    alike = alike and scope.window.kind == "ever" and not any("before" in match.where for match in proof.has)
    by_name: dict[str, list[list[Claim]]] = {}
    for member in sets.members(scope.index, proof.of, scope.project, scope.window, scope.tiers, scope.earliest):
        if not member.spans or member.spans[-1][1] <= scope.since:
            continue
        name = name_of(member.version)
        if alike and name in by_name:
            needed = by_name[name]
        else:
            needed = joins.claims(scope, member._replace(spans=ALWAYS) if alike else member, proof.has)
            by_name[name] = needed
        done = _within(member.spans, joins.proven(needed))
        spans = member.spans
        if proof.grace is not None and member.event is not None:
            settled = deadline(member.event.t, proof.grace, None) + 1
            spans = union([*done, *intersect(spans, [(settled, END)])])
        belonging.append(spans)
        proven.append(done)
        rows.append(Row(member._replace(spans=spans), needed, done))

    def decide(n: Sequence[int]) -> int:
        if not n[0]:
            return INAPPLICABLE
        return HELD if n[1] >= proof.share * n[0] else OPEN

    return Judged(tallied([belonging, proven], decide), rows)


def _within(spans: Spans, proven: Spans) -> Spans:
    """What of ``spans`` is proven; mostly, all of it is by one."""
    if len(proven) == 1 and proven[0][0] <= spans[0][0] and spans[-1][1] <= proven[0][1]:
        return spans
    return intersect(spans, proven)


def _nothing(scope: Scope, proof: Nothing, chain: Chain) -> Judged:
    base, against = [], []
    for item in _matching(scope, proof.match, earliest=scope.earliest):
        spans = covered(item.t, scope.window, lineage.spells(scope.index, item.subject, scope.project), scope.tiers)
        base.append(spans)
        if conditions.holds(scope.index, item, proof.violating):
            wrong = intersect(spans, conditions.lasting(scope.index, item, proof.violating))
            against.append(Claim(wrong, (item,)))

    def decide(n: Sequence[int]) -> int:
        if not n[0]:
            return INAPPLICABLE
        return HELD if not n[1] and n[2] else OPEN

    return Judged(tallied([base, [each.spans for each in against], [chain.complete]], decide), against=against)


_ANSWERS: dict[str, tuple[str, str]] = {
    "target.set": ("subject", "subject"),
    "approval.requested": ("seq", "value.request"),
    "alert.raised": ("value.alert", "value.alert"),
    "retraining.triggered": ("name", "name"),
}
"""What of the first event, and what of the answer, must be the same."""


def _pair(scope: Scope, proof: Pair) -> Judged:
    won: list[Claim] = []
    lost: list[Claim] = []
    for first in _evidence(scope, proof.first):
        spells = lineage.spells(scope.index, first.subject, scope.project)
        within = proof.within or _sla(scope, first)
        if within is None:
            continue
        due = deadline(first.t, within, _spell(spells, first.t).calendar)
        answer = _answer(scope, proof.then, first)
        if answer is not None and answer.t <= due:
            later = scope.index.superseded(answer.type).get(answer.seq)
            spans = covered(answer.t, scope.window, spells, scope.tiers)
            won.append(Claim(intersect(spans, [(BEGIN, END if later is None else later.t)]), (first, answer)))
        else:
            lost.append(Claim(covered(due + 1, scope.window, spells, scope.tiers), (first,)))

    def decide(n: Sequence[int]) -> int:
        return HELD if n[0] >= proof.least and n[0] >= proof.share * (n[0] + n[1]) else OPEN

    timeline = tallied([[each.spans for each in won], [each.spans for each in lost]], decide)
    return Judged(timeline, claims=won, against=lost)


def _spell(spells: tuple[Spell, ...], moment: int) -> Spell:
    return next(spell for spell in spells if spell.start <= moment < spell.end)


def _answer(scope: Scope, then: Match, first: Evidence) -> Evidence | None:
    mine, theirs = _ANSWERS[first.type]
    field = mine.partition(".")[2]
    key = first.value.get(field) if field else getattr(first, mine)
    index = scope.index
    found = [
        item
        for type_ in then.types
        for item in index.grouped(type_, theirs).get(key, [])
        if item.seq > first.seq and conditions.holds(index, item, then.where)
    ]
    return min(found, key=lambda item: item.seq, default=None)


def _sla(scope: Scope, first: Evidence) -> Window | None:
    """The time to answer that was in force when the first event happened."""
    wanted = "alert" if first.type == "alert.raised" else first.value.get("transition")
    for events in (scope.index.in_project("sla.set", scope.project), _common(scope.index, "sla.set")):
        said = [e for e in events if e.seq < first.seq and e.value.get("transition") == wanted]
        if said:
            found = window(str(said[-1].value.get("within")))
            return found if found is not None and found.kind in ("time", "business") else None
    return None


def _common(index: Index, type_: str) -> list[Evidence]:
    return index.grouped(type_, "project").get(None, [])


def _distinct(scope: Scope, proof: Distinct) -> Judged:
    groups: dict[Hashable, dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    everywhere = proof.by in ("feature_view", "template")
    events: Iterable[Evidence] = (
        _ours(scope, proof) if everywhere else _evidence(scope, proof.match, shared=True, earliest=scope.earliest)
    )
    for item in events:
        claim = Claim(joins.counted(scope, item), (item,))
        value = conditions.field(scope.index, item, proof.field)
        for group in _groups(item, proof.by):
            groups[group][str(value)].append(claim)
    parts = []
    for group, values in sorted(groups.items(), key=lambda each: str(each[0])):
        since = _belongs_since(scope, group, proof.by) if everywhere else BEGIN
        if since is None:
            continue
        counted = [
            intersect(union(s for claim in each for s in claim.spans), [(since, END)]) for each in values.values()
        ]
        timeline = tallied([counted], lambda n: HELD if n[0] >= proof.least else OPEN)
        parts.append(Judged(timeline, parts=[Judged(_never(), claims=each) for each in values.values()]))
    timelines = [part.timeline for part in parts] or [_never()]
    return Judged(combined(timelines, lambda n: HELD if HELD in n else OPEN), parts=parts, any_part=True)


def _ours(scope: Scope, proof: Distinct) -> Iterator[Evidence]:
    """Of the events of every project those that speak of something that is the project's, too."""
    grouped: dict[Hashable, list[Evidence]] = scope.index.made(
        ("by group", id(proof), scope.automated, scope.earliest), lambda: _by_group(scope, proof)
    )
    own = {
        group
        for item in scope.index.in_project(proof.match.types[0], scope.project)
        for group in _groups(item, proof.by)
    }
    if proof.by == "feature_view":
        own |= {group for group in grouped if str(group).startswith(f"feature_view/{scope.project}/")}
    found = {item.seq: item for group in own for item in grouped.get(group, ())}
    return iter([found[seq] for seq in sorted(found)])


def _by_group(scope: Scope, proof: Distinct) -> dict[Hashable, list[Evidence]]:
    found: dict[Hashable, list[Evidence]] = defaultdict(list)
    for item in _everywhere(scope, proof.match):
        for group in _groups(item, proof.by):
            found[group].append(item)
    return found


def _never() -> Timeline:
    return Timeline([BEGIN], [OPEN])


def _groups(item: Evidence, by: str) -> Sequence[Hashable]:
    if by == "name":
        return [item.name]
    if by == "feature_view":
        named = (ref.partition("@")[0] for ref in lineage.refs(item.value.get("inputs")))
        return sorted({ref for ref in named if ref.startswith("feature_view/")})
    if by == "template":
        return [item.value.get("template")]
    return [""]


def _belongs_since(scope: Scope, group: Hashable, by: str) -> int | None:
    """From when on a shared feature view or template is the project's; ``None`` where it never was."""
    if by == "feature_view" and str(group).startswith(f"feature_view/{scope.project}/"):
        return BEGIN
    type_ = "run.started" if by == "feature_view" else "pipeline.completed"
    own = (item.t for item in scope.index.in_project(type_, scope.project) if group in _groups(item, by))
    return min(own, default=None)


def shown(judged: Judged, moment: int) -> Shown:
    """What a proof rests on at a moment."""
    if judged.parts:
        chosen = judged.parts
        if judged.any_part:
            chosen = [part for part in chosen if part.timeline.at(moment) == HELD][:1]
        each = [shown(part, moment) for part in chosen]
        return Shown(
            _in_order(event for part in each for event in part.events),
            lacking=tuple(member for part in each for member in part.lacking),
            against=_in_order(event for part in each for event in part.against),
        )
    against = _in_order(claim.events[0] for claim in judged.against if contains(claim.spans, moment))
    if judged.rows:
        return _of_members(judged.rows, moment)
    holding = [claim for claim in judged.claims if contains(claim.spans, moment)]
    holding.sort(key=lambda claim: claim.events[-1].seq)
    return Shown(_in_order(event for claim in holding[-judged.least :] for event in claim.events), against=against)


def _in_order(events: Iterable[Evidence]) -> tuple[Evidence, ...]:
    found = {event.seq: event for event in events}
    return tuple(found[seq] for seq in sorted(found))


def _of_members(rows: Sequence[Row], moment: int) -> Shown:
    events: list[Evidence] = []
    lacking = []
    done = total = 0
    for row in rows:
        if not contains(row.member.spans, moment):
            continue
        total += 1
        if not contains(row.proven, moment):
            lacking.append(row.member)
            continue
        done += 1
        for part in row.needed:
            newest = max((c for c in part if contains(c.spans, moment)), key=lambda claim: claim.events[-1].seq)
            events += newest.events
    return Shown(_in_order(events), done, total, tuple(lacking))


def label(member: Member) -> str:
    """How an element is named to people."""
    if member.event is None:
        return member.version
    event = member.event
    return event.subject if is_artifact(event.subject) or "/" in event.subject else f"event {event.seq}"


def answerable(types: Sequence[str]) -> bool:
    """Whether something can answer every one of these event types."""
    return all(type_ in _ANSWERS for type_ in types)
