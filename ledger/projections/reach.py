"""How far lineage reaches: breadth first by index while it is small, in one sweep over all edges once it is large.

Edges are stored in the order in which they were recorded, and what came first was mostly recorded first. So one pass from
the newest edge to the oldest finds all ancestors, and one from the oldest on all descendants; where an edge was recorded
out of this order, which the pass notices, the edges are read once more and walked.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from ledger.projections.view import View

MANY = 2000
"""Nodes up to which lineage is walked by index, edge by edge; beyond, reading all edges costs less."""

_SOON = 4
"""Where only who is reached is asked for, the sweep pays earlier, by this factor."""


def closure(view: View, ref: str, *, upstream: bool) -> set[str]:
    """All that ``ref`` came from, or all that came from it; itself left out."""
    found, rest = _near(view, ref, None, upstream=upstream, many=MANY // _SOON)
    reached = _swept(view, ref, upstream=upstream) if rest else set(found)
    reached.discard(ref)
    return reached


def steps(view: View, ref: str, limit: int | None, *, upstream: bool) -> dict[str, int]:
    """The same within ``limit`` steps, nearest first, each with its number of steps."""
    found, rest = _near(view, ref, limit, upstream=upstream, many=MANY)
    if rest:
        neighbours = _neighbours(view, upstream=upstream)
        waiting = deque(rest)
        while waiting:
            name = waiting.popleft()
            far = found[name] + 1
            if limit is not None and far > limit:
                break
            for neighbour in neighbours.get(name, ()):
                if neighbour not in found:
                    found[neighbour] = far
                    waiting.append(neighbour)
    del found[ref]
    return found


def edges(view: View, names: Sequence[str]) -> Iterable[tuple[str, str, str, int]]:
    """Every edge that leaves one of ``names``: source, target, role, seq; in the order of their recording."""
    query = "SELECT source, target, role, seq FROM edges WHERE {} AND seq <= :at ORDER BY seq, n"
    if len(names) <= MANY:
        among = query.format("source IN (SELECT value FROM json_each(:names))")
        yield from view.rows(among, {"names": json.dumps(names)})
        return
    wanted = set(names)
    for row in view.connection.execute(query.format("seq >= 0"), {"at": view.at}):
        if row[0] in wanted:
            yield row


def _near(view: View, ref: str, limit: int | None, *, upstream: bool, many: int) -> tuple[dict[str, int], list[str]]:
    """Breadth first by index: the steps to each node, and where to go on from, once these are more than ``many``."""
    here, there = ("target", "source") if upstream else ("source", "target")
    sql = (
        f"SELECT {there}, {here} FROM edges WHERE {here} IN (SELECT value FROM json_each(:names)) AND seq <= :at "
        "ORDER BY seq, n"
    )
    found = {ref: 0}
    frontier = [ref]
    far = 0
    while frontier and (limit is None or far < limit):
        if len(found) > many:
            return found, frontier
        far += 1
        order: dict[str, list[str]] = {name: [] for name in frontier}
        for neighbour, name in view.rows(sql, {"names": json.dumps(frontier)}):
            order[name].append(neighbour)
        frontier = list(dict.fromkeys(each for some in order.values() for each in some if each not in found))
        found.update(dict.fromkeys(frontier, far))
    return found, []


def _swept(view: View, ref: str, *, upstream: bool) -> set[str]:
    """The closure in one pass over the edges; ``ref`` is among it."""
    order = "target, source FROM edges WHERE seq <= :at ORDER BY seq DESC, n DESC"
    if not upstream:
        order = "source, target FROM edges WHERE seq <= :at ORDER BY seq, n"
    reached = {ref}
    passed: set[str] = set()
    add, skip = reached.add, passed.add
    for name, neighbour in view.connection.execute(f"SELECT {order}", {"at": view.at}):
        if name in reached:
            add(neighbour)
        else:
            skip(name)
    if reached.isdisjoint(passed):
        return reached
    neighbours = _neighbours(view, upstream=upstream)
    waiting = list(reached & passed)
    while waiting:
        for neighbour in neighbours.get(waiting.pop(), ()):
            if neighbour not in reached:
                add(neighbour)
                waiting.append(neighbour)
    return reached


def _neighbours(view: View, *, upstream: bool) -> dict[str, list[str]]:
    here, there = ("target", "source") if upstream else ("source", "target")
    found: dict[str, list[str]] = {}
    rows: Iterable[Any] = view.connection.execute(
        f"SELECT {here}, {there} FROM edges WHERE seq <= :at ORDER BY seq, n", {"at": view.at}
    )
    for name, neighbour in rows:
        held = found.get(name)
        if held is None:
            found[name] = [neighbour]
        else:
            held.append(neighbour)
    return found
