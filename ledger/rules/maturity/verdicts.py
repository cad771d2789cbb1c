"""What is said of a proof over time, and what it rests on at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ledger.rules.maturity.joins import Claim
from ledger.rules.maturity.pieces import Evidence, is_artifact
from ledger.rules.maturity.sets import Member
from ledger.rules.maturity.spans import Spans, Timeline, contains

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
    rows: Sequence[Row] | None = None
    claims: Sequence[Claim] = ()
    against: Sequence[Claim] = ()
    parts: Sequence[Judged] = ()
    any_part: bool = False
    least: int = 1


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
    if judged.rows is not None:
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
