"""Which rows were removed, put in or moved: every event says which place is its own.

What no row claims was removed; of two rows that claim one place the other was put in; a row that does not lie where it
would, had only its neighbours gone or come, was moved.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ledger.audit.evidence import Evidence, Place
from ledger.audit.report import Finding
from ledger.audit.scan import BLOCK, Scan
from ledger.audit.spans import Span, Spans
from ledger.format.hashes import node_hash

Claims = dict[int, int]
"""The seq that the row at a place claims."""


class Order(NamedTuple):
    """Where the events are that do not lie at their own place, which places nobody claims, and what happened.

    ``moved`` maps an event's own seq to its place; ``intruders`` are places of rows that are no part of the log;
    ``suspects`` are the own seqs of the events to be judged; ``size`` is how many events the log had, as its rows tell.
    """

    size: int
    moved: dict[int, int]
    absent: Spans
    intruders: Spans
    suspects: list[int]
    findings: list[Finding]


def order(noted: Scan, evidence: Evidence) -> Order:
    """Find out what was removed, put in and moved.

    Args:
        noted: a scan of whole rows.
        evidence: what is stored, by place.
    """
    gaps = Spans(noted.gaps)
    unreadable = Spans((start, stop) for start, stop, _ in noted.unreadable)
    claims = _supported(_claims(noted, evidence), noted, evidence)
    end = _end(gaps, noted, evidence)
    intruders = {place for place, own in claims.items() if place >= end and own == place}
    intruders |= _intruders(noted, claims, gaps, evidence)
    genuine = {place: own for place, own in claims.items() if place not in intruders}
    misplaced = {place: own for place, own in genuine.items() if place != own}
    doubtful = Spans.of(place for place in (*noted.suspects, *intruders) if 0 <= place < noted.stop)
    vacant = Spans([*gaps.spans, *doubtful.spans, (end, noted.stop)])
    last_fitting = vacant.last_outside(noted.stop - 1)
    size = max([last_fitting, *genuine.values(), *(stop - 1 for _, stop in unreadable.spans)]) + 1
    unclaimed = Spans([*vacant.spans, (noted.stop, size)]).without(Spans.of(genuine.values()))
    absent = unclaimed.without(unreadable).without(Spans([(size, max(size, noted.stop))]))
    strangers = Spans.of(intruders)
    told = [*_missing(absent, misplaced), *_put_in(strangers, size), *_moved(misplaced, gaps, absent, strangers)]
    moved = {own: place for place, own in misplaced.items()}
    return Order(size, moved, absent, strangers, sorted(genuine.values()), told)


def _claims(noted: Scan, evidence: Evidence) -> Claims:
    """The seq that each suspect row claims; one whose bytes were changed is taken to keep step with those before it."""
    claims: Claims = {}
    shift, previous = 0, -2
    for place in noted.suspects:
        if place != previous + 1:
            shift = 0
        previous = place
        row = evidence.lying(place)
        if row is None:
            continue
        if row.intact and row.own is not None:
            claims[place] = row.own
            shift = row.own - place
        else:
            claims[place] = place if row.own == place else place + shift
    return claims


def _supported(claims: Claims, noted: Scan, evidence: Evidence) -> Claims:
    """The claims, but for those to another place that no neighbour there confirms: such an event was changed, not moved."""
    claimants = _claimants(claims)
    suspects = set(noted.suspects)

    def neighbours(own: int) -> list[Place]:
        places = claimants.get(own, []) + ([] if own in suspects else [own])
        return [row for row in map(evidence.lying, places) if row is not None]

    def confirmed(row: Place, own: int) -> bool:
        return any(each.computed == row.prev for each in neighbours(own - 1)) or any(
            each.prev == row.computed for each in neighbours(own + 1)
        )

    found: Claims = {}
    for place, own in claims.items():
        row = evidence.lying(place)
        kept = own == place or (row is not None and (confirmed(row, own) or not row.intact))
        found[place] = own if kept else place
    return found


def _end(gaps: Spans, noted: Scan, evidence: Evidence) -> int:
    """Where the log ends: at the first gap over which there never was a tree; rows beyond are no part of it."""
    for start, stop in gaps.spans:
        unheard_of = stop - start > 16 * noted.events + BLOCK
        if stop < noted.stop and (
            unheard_of or not (evidence.parent(start) or _in_tree(evidence.lying(stop), evidence))
        ):
            return start
    return noted.stop


def _in_tree(row: Place | None, evidence: Evidence) -> bool:
    """Whether the node above a row's place is made of the row."""
    sibling = None if row is None else evidence.lying(row.seq ^ 1)
    return row is not None and sibling is not None and _pair(row, sibling, row.seq) == evidence.parent(row.seq)


def _pair(row: Place, sibling: Place, seq: int) -> bytes:
    left, right = (sibling, row) if seq & 1 else (row, sibling)
    return node_hash(left.computed, right.computed)


def _claimants(claims: Mapping[int, int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for place, own in claims.items():
        found[own].append(place)
    return found


def _intruders(noted: Scan, claims: Claims, gaps: Spans, evidence: Evidence) -> set[int]:
    """Of several rows that claim one seq, those that what follows and the tree do not confirm; and impossible claims."""
    claimants = _claimants(claims)
    suspects = set(noted.suspects)
    for own, places in claimants.items():
        if 0 <= own < noted.stop and own not in suspects and own not in gaps:
            places.append(own)
    found: set[int] = set()
    for own, places in claimants.items():
        if own < 0:
            found.update(places)
        elif len(places) > 1:
            following = map(evidence.lying, claimants.get(own + 1, [own + 1]))
            named = {row.prev for row in following if row is not None}
            genuine = max(places, key=lambda place: _standing(evidence.lying(place), own, named, evidence))
            found.update(place for place in places if place != genuine)
    return found


def _standing(
    row: Place | None, own: int, named: set[bytes | None], evidence: Evidence
) -> tuple[bool, bool, bool, int]:
    """How well a row's claim on a seq stands, to be compared with others'."""
    if row is None:
        return False, False, False, 0
    sibling = evidence.lying(own ^ 1)
    in_tree = sibling is not None and _pair(row, sibling, own) == evidence.parent(own)
    return row.computed in named, in_tree, row.seq == own, -row.seq


def _missing(absent: Spans, misplaced: Claims) -> Iterable[Finding]:
    last = max(misplaced.values(), default=-1)
    for start, stop in absent.spans:
        after = "; those after were renumbered to hide it" if last >= stop else ""
        what = f"event {start} is" if stop - start == 1 else f"the events {start} to {stop - 1} are"
        yield Finding("missing", start, f"{what} not there{after}")


def _put_in(intruders: Spans, size: int) -> Iterable[Finding]:
    """One finding for rows that lie together; all that lie beyond the log's end were put there together."""
    beyond = [span for span in intruders.spans if span[0] >= size]
    scattered = len(beyond) > 1
    for start, stop in intruders.spans[: len(intruders.spans) - len(beyond)] if scattered else intruders.spans:
        rows = "a row was" if stop - start == 1 else f"{stop - start} rows were"
        yield Finding("reordered", start, f"{rows} put in here that the log does not go on from")
    if scattered:
        rows = f"{sum(stop - start for start, stop in beyond)} rows were put in from here on"
        yield Finding("reordered", beyond[0][0], f"{rows}, beyond the end of the log")


def _moved(misplaced: Claims, gaps: Spans, absent: Spans, intruders: Spans) -> Iterable[Finding]:
    """Rows that stand before or after others than they should: one finding for those that changed places together."""
    crossed: list[tuple[Span, int, int]] = []
    for place, own in misplaced.items():
        rank, due = place - gaps.before(place) - intruders.before(place), own - absent.before(own)
        if rank != due:
            crossed.append(((min(rank, due), max(rank, due)), place, own))
    waiting = deque(sorted(crossed))
    while waiting:
        together = [waiting.popleft()]
        stop = together[0][0][1]
        while waiting and waiting[0][0][0] < stop:
            together.append(waiting.popleft())
            stop = max(stop, together[-1][0][1])
        first = min(min(place, own) for _, place, own in together)
        told = ", ".join(f"event {own} lies at {place}" for _, place, own in sorted(together, key=lambda t: t[1])[:4])
        yield Finding("reordered", first, f"rows were moved: {told}{', …' if len(together) > 4 else ''}")
    if misplaced and not (absent or intruders or crossed):
        first = min(*misplaced, *misplaced.values())
        yield Finding("reordered", first, "the rows from here on were given other numbers; none is missing")
