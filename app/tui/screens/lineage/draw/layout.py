"""Where the nodes of a layered graph stand: ranks, order within a rank, rows. Signs and cells come later, in ``graph``.

The steps are Sugiyama's (Sugiyama, Tagawa, Toda 1981): longest-path ranks, dummy nodes where an edge spans several
ranks,
barycentre sweeps that keep an order only if it has fewer crossings, then rows nearest to the neighbours' (isotonic
regression by pooling adjacent violators). Both orders and rows start from the frame before, so that a node moves only
when it must.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SWEEPS = 4
HELD = 6.0
"""How much heavier a known node's row weighs than a neighbour's pull."""

Bend = tuple[str, int]
"""A dummy node: the source whose edges pass here, and the rank that they cross. All far edges of a source share it."""

Spot = str | Bend


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of spots from left to right, each from top to bottom, and each spot's slot (0 is the topmost row of
    slots).

    ``links`` are the edges cut into steps between neighbouring columns; ``edges`` those that were kept (no loops, no
    duplicates, both ends known, and turned round where the input had a cycle).
    """

    columns: tuple[tuple[Spot, ...], ...]
    slots: dict[Spot, int]
    links: tuple[tuple[Spot, Spot], ...]
    edges: tuple[tuple[str, str], ...]

    @property
    def height(self) -> int:
        """The number of slots from the topmost to the lowest used."""
        return max(self.slots.values()) + 1 if self.slots else 0

    def rank(self, spot: Spot) -> int:
        """The column of a spot."""
        return next(rank for rank, column in enumerate(self.columns) if spot in column)


def place(nodes: Iterable[str], edges: Iterable[tuple[str, str]], before: Mapping[Spot, int] | None = None) -> Layout:
    """Lay out a graph. ``before`` holds the slots of the previous frame; unknown nodes find room between the known
    ones.

    Accepts any graph: loops and doubled edges are dropped, an edge that closes a cycle is turned round.
    """
    names = list(dict.fromkeys(nodes))
    known = set(names)
    kept = acyclic(names, ((s, t) for s, t in dict.fromkeys(edges) if s != t and s in known and t in known))
    ranks = ranked(names, kept)
    columns: list[list[Spot]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name in names:
        columns[ranks[name]].append(name)
    links: list[tuple[Spot, Spot]] = []
    reached: dict[str, int] = dict(ranks)
    for source, target in kept:
        for rank in range(reached[source] + 1, ranks[target]):
            columns[rank].append((source, rank))
            links.append((_through(source, rank - 1, ranks), (source, rank)))
            reached[source] = rank
        links.append((_through(source, ranks[target] - 1, ranks), target))
    before = before or {}
    ordered(columns, links, before)
    return Layout(tuple(map(tuple, columns)), slotted(columns, links, before), tuple(links), tuple(kept))


def _through(source: str, rank: int, ranks: Mapping[str, int]) -> Spot:
    """The spot by which a source's edges leave a rank: itself, or its dummy there."""
    return source if rank == ranks[source] else (source, rank)


def acyclic(names: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges with those turned round that close a cycle, met in a depth-first walk in the given order."""
    after: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        after[source].append(target)
    state: dict[str, int] = {}
    kept: dict[tuple[str, str], None] = {}
    for start in names:
        if start in state:
            continue
        state[start] = 1
        stack = [(start, iter(after[start]))]
        while stack:
            name, rest = stack[-1]
            for target in rest:
                if state.get(target) == 1:
                    kept[target, name] = None
                    continue
                kept[name, target] = None
                if target not in state:
                    state[target] = 1
                    stack.append((target, iter(after[target])))
                    break
            else:
                state[name] = 2
                stack.pop()
    return list(kept)


def ranked(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Each node's column by the longest path to it; nodes with more edges out than in then move right, near what uses
    them."""
    after: dict[str, list[str]] = {name: [] for name in names}
    waiting = dict.fromkeys(names, 0)
    for source, target in edges:
        after[source].append(target)
        waiting[target] += 1
    arriving = dict(waiting)
    ready = [name for name in names if not waiting[name]]
    ranks = dict.fromkeys(ready, 0)
    for name in ready:
        for target in after[name]:
            ranks[target] = max(ranks.get(target, 0), ranks[name] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for name in reversed(ready):
        if after[name] and len(after[name]) > arriving[name]:
            ranks[name] = min(ranks[target] for target in after[name]) - 1
    used = {rank: index for index, rank in enumerate(sorted(set(ranks.values())))}
    return {name: used[ranks[name]] for name in names}


def ordered(columns: list[list[Spot]], links: Sequence[tuple[Spot, Spot]], before: Mapping[Spot, int]) -> None:
    """Order each column in place: as in the frame before, then by barycentre sweeps that lower the number of
    crossings."""
    left: dict[Spot, list[Spot]] = {}
    right: dict[Spot, list[Spot]] = {}
    for source, target in links:
        left.setdefault(target, []).append(source)
        right.setdefault(source, []).append(target)
    index: dict[Spot, float] = {}
    for column in columns:
        _numbered(column, index)
    for column in columns:
        seeds = {spot: _seed(spot, left, before, index) for spot in column}
        column.sort(key=seeds.__getitem__)
        _numbered(column, index)
    best, fewest = [list(column) for column in columns], crossings(columns, right)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        forth = sweep % 2 == 0
        near = left if forth else right
        for column in columns if forth else reversed(columns):
            means = {spot: _mean(near.get(spot), index, index[spot]) for spot in column}
            column.sort(key=means.__getitem__)
            _numbered(column, index)
        count = crossings(columns, right)
        if count < fewest:
            best, fewest = [list(column) for column in columns], count
    for column, order in zip(columns, best, strict=True):
        column[:] = order


def _numbered(column: Sequence[Spot], index: dict[Spot, float]) -> None:
    index.update({spot: position for position, spot in enumerate(column)})


def _mean(spots: Sequence[Spot] | None, index: Mapping[Spot, float], otherwise: float) -> float:
    return sum(index[spot] for spot in spots) / len(spots) if spots else otherwise


def _seed(
    spot: Spot, left: Mapping[Spot, list[Spot]], before: Mapping[Spot, int], index: Mapping[Spot, float]
) -> float:
    """Where a spot starts: where it stood, else where what it comes from stood, else where it came in the input."""
    if spot in before:
        return float(before[spot])
    sources = [before[other] for other in left.get(spot, ()) if other in before]
    if sources:
        return sum(sources) / len(sources) + 0.5
    return index[spot] if not before else index[spot] + 0.25


def crossings(columns: Sequence[Sequence[Spot]], right: Mapping[Spot, Sequence[Spot]]) -> int:
    """How many pairs of links cross between neighbouring columns: the inversions, counted by insertion."""
    total = 0
    for column, following in itertools.pairwise(columns):
        place_of = {spot: position for position, spot in enumerate(following)}
        seen: list[int] = []
        for spot in column:
            ends = sorted(place_of[other] for other in right.get(spot, ()))
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def slotted(
    columns: Sequence[Sequence[Spot]], links: Sequence[tuple[Spot, Spot]], before: Mapping[Spot, int]
) -> dict[Spot, int]:
    """Each spot's slot: in order, at least one apart, as near as possible to its neighbours and to where it stood."""
    near: dict[Spot, list[Spot]] = {}
    for source, target in links:
        near.setdefault(source, []).append(target)
        near.setdefault(target, []).append(source)
    widest = max((len(column) for column in columns), default=0)
    at: dict[Spot, float] = {}
    for column in columns:
        margin = (widest - len(column)) / 2
        for position, spot in enumerate(column):
            at[spot] = float(before[spot]) if spot in before else margin + position
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wishes, weights = [], []
            for spot in column:
                others = near.get(spot, ())
                pull = sum(at[other] for other in others)
                held = HELD * len(others) + 1.0 if spot in before else 0.0
                weight = len(others) + held
                wishes.append((pull + held * before[spot] if held else pull) / weight if weight else at[spot])
                weights.append((weight or 1.0) * (4.0 if isinstance(spot, tuple) else 1.0))
            at.update(zip(column, spaced(wishes, weights), strict=True))
    slots = _rounded(columns, at)
    lowest = min(slots.values(), default=0)
    if lowest < 0 or not any(spot in before for spot in slots):
        slots = {spot: slot - lowest for spot, slot in slots.items()}
    return slots


def _rounded(columns: Sequence[Sequence[Spot]], at: Mapping[Spot, float]) -> dict[Spot, int]:
    """Whole slots, in order and at least one apart."""
    slots: dict[Spot, int] = {}
    for column in columns:
        last: int | None = None
        for spot in column:
            slot = int(at[spot] + 0.5) if at[spot] >= 0 else -int(-at[spot] + 0.5)
            last = slot if last is None else max(slot, last + 1)
            slots[spot] = last
    return slots


def spaced(wishes: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The rows, each at least one below the one before, with the least weighted squared distance to the wishes.

    Pool adjacent violators (Ayer et al. 1955) on the wishes less their index.
    """
    pools: list[list[float]] = []
    for index, (wish, weight) in enumerate(zip(wishes, weights, strict=True)):
        pools.append([wish - index, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, mass, count = pools.pop()
            last = pools[-1]
            last[0] = (last[0] * last[1] + mean * mass) / (last[1] + mass)
            last[1] += mass
            last[2] += count
    rows: list[float] = []
    for mean, _, count in pools:
        first = len(rows)
        rows.extend(mean + first + offset for offset in range(int(count)))
    return rows
