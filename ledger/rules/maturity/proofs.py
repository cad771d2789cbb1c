"""Proofs: when each is held, missing or not applicable, and by which events (docs/maturity.md, Proofs)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from heapq import merge

from ledger.rules.maturity import conditions, joins, lineage, plain, sets
from ledger.rules.maturity.index import Index
from ledger.rules.maturity.joins import Claim, Scope
from ledger.rules.maturity.model import Distinct, Every, Exists, Match, Nothing, Pair, Proof
from ledger.rules.maturity.moments import Spell, Window, covered, deadline, window
from ledger.rules.maturity.pieces import Evidence, name_of, refs
from ledger.rules.maturity.spans import (
    ALWAYS,
    BEGIN,
    END,
    Spans,
    Timeline,
    combined,
    intersect,
    tallied,
    union,
)
from ledger.rules.maturity.verdicts import HELD, INAPPLICABLE, OPEN, Chain, Judged, Row
from ledger.rules.maturity.verdicts import label as label


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


def _matching(scope: Scope, match: Match, *, shared: bool = False, earliest: int = BEGIN) -> Iterator[Evidence]:
    """The project's events of each type that fit, in order; where the conditions name kinds, those alone are looked at."""
    kinds = plain.kinds(match.where)
    for type_ in match.types:
        for item in scope.index.told(type_, scope.project, kinds, shared=shared, earliest=earliest):
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
            for item in scope.index.everywhere(type_, scope.earliest)
            if conditions.holds(scope.index, item, match.where)
            and (not scope.automated or scope.index.automation(item))
        ]

    made: list[Evidence] = scope.index.made(("everywhere", id(match), scope.automated, scope.earliest), found)
    return made


def _exists(scope: Scope, proof: Exists) -> Judged:
    found: list[Claim] = []
    lasting = 0
    # Backwards: of what counts for good from before `since` on, as many as are needed will do.
    for item in _newest(scope, proof.match):
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


def _newest(scope: Scope, match: Match) -> Iterator[Evidence]:
    """The project's events of these types and those of no project, the newest first."""
    kinds = plain.kinds(match.where)
    each = [scope.index.newest(type_, scope.project, kinds, earliest=scope.earliest) for type_ in match.types]
    return each[0] if len(each) == 1 else merge(*each, key=lambda item: -item.seq)


def _every(scope: Scope, proof: Every) -> Judged:
    rows: list[Row] = []
    belonging, proven = [], []
    alike = all(t in joins.BY_NAME for match in proof.has for t in match.types)
    alike = alike and scope.window.kind == "ever" and not any("before" in match.where for match in proof.has)
    if not alike and proof.of in sets.WHOLE:
        scope.index.together({t for match in proof.has for t in match.types}, sets.KINDS[proof.of], scope.project)
    by_name: dict[str, tuple[list[list[Claim]], Spans]] = {}
    for member in sets.members(
        scope.index, proof.of, scope.project, scope.window, scope.tiers, scope.earliest, scope.since
    ):
        if not member.spans or member.spans[-1][1] <= scope.since:
            continue
        name = name_of(member.version)
        if alike and name in by_name:
            needed, proved = by_name[name]
        else:
            needed = joins.claims(scope, member._replace(spans=ALWAYS) if alike else member, proof.has)
            proved = joins.proven(needed)
            by_name[name] = needed, proved
        done = _within(member.spans, proved)
        spans = member.spans
        if proof.grace is not None and member.event is not None:
            settled = deadline(member.event.t, proof.grace, None) + 1
            spans = union([*done, *intersect(spans, [(settled, END)])])
            member = member._replace(spans=spans)
        belonging.append(spans)
        proven.append(done)
        rows.append(Row(member, needed, done))

    def decide(n: Sequence[int]) -> int:
        if not n[0]:
            return INAPPLICABLE
        return HELD if n[1] >= proof.share * n[0] else OPEN

    return Judged(tallied([belonging, proven], decide), rows)


def _within(spans: Spans, proven: Spans) -> Spans:
    """What of ``spans`` is proven; mostly, all of it is by one."""
    if not proven:
        return []
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
            later = scope.index.next_of(answer)
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
    if not grouped:
        return iter(())
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
        named = (ref.partition("@")[0] for ref in refs(item.value.get("inputs")))
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


def answerable(types: Sequence[str]) -> bool:
    """Whether something can answer every one of these event types."""
    return all(type_ in _ANSWERS for type_ in types)
