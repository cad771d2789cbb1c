"""How far lineage reaches: the same by index, in one sweep, and walked, whatever order the edges were recorded in."""

from __future__ import annotations

import sqlite3
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.projections import lineage, reach
from ledger.projections.view import View

Edges = list[tuple[int, int]]


def viewed(edges: Edges, at: int) -> View:
    connection = sqlite3.connect(":memory:")
    for statement in lineage.TABLES:
        connection.execute(statement)
    connection.execute("CREATE TABLE runs (run TEXT, job TEXT, seq INTEGER)")
    rows = [(seq, seq % 2, f"config/p/n@{a}", f"config/p/n@{b}", "input") for seq, (a, b) in enumerate(edges)]
    connection.executemany("INSERT INTO edges VALUES (?, ?, ?, ?, ?)", rows)
    return View(connection, at)


def walked(edges: Edges, start: int, upstream: bool) -> dict[str, int]:
    """Breadth first, from the definition."""
    found = {start: 0}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        for a, b in edges:
            here, there = (b, a) if upstream else (a, b)
            if here == name and there not in found:
                found[there] = found[name] + 1
                waiting.append(there)
    return {f"config/p/n@{name}": far for name, far in found.items() if name != start}


# Acyclic: edges lead from lower to higher numbers, and are recorded in any order.
DAGS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 14)).filter(lambda pair: pair[0] != pair[1]).map(sorted).map(tuple),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(
    edges=DAGS,
    start=st.integers(0, 14),
    upstream=st.booleans(),
    many=st.sampled_from([0, 2, 1000]),
    cut=st.integers(0, 40),
)
def test_every_way_reaches_the_same(edges: Edges, start: int, upstream: bool, many: int, cut: int) -> None:
    view = viewed(edges, min(cut, len(edges)) - 1)
    expected = walked(edges[:cut], start, upstream)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "MANY", many)
        assert reach.closure(view, f"config/p/n@{start}", upstream=upstream) == set(expected)
        for limit in (None, 0, 1, 3):
            near = {name: far for name, far in expected.items() if limit is None or far <= limit}
            assert reach.steps(view, f"config/p/n@{start}", limit, upstream=upstream) == near
        graph = lineage.graph(view, f"config/p/n@{start}")
        both = set(graph.nodes)
        assert {(each.source, each.target) for each in graph.edges} == {
            (f"config/p/n@{a}", f"config/p/n@{b}")
            for a, b in edges[:cut]
            if {f"config/p/n@{a}", f"config/p/n@{b}"} <= both
        }


def test_a_long_chain_recorded_backwards() -> None:
    count = 3 * reach.MANY
    edges = [(n, n + 1) for n in range(count)][::-1]
    view = viewed(edges, count)
    assert len(lineage.ancestors(view, f"config/p/n@{count}")) == count
    assert len(lineage.descendants(view, "config/p/n@0")) == count
    assert reach.steps(view, "config/p/n@0", None, upstream=False)[f"config/p/n@{count}"] == count


def test_leading_to() -> None:
    view = viewed([(1, 2), (2, 3)], 1)
    assert lineage.leads_to(view, "config/p/n@1", "config/p/n@3")
    assert not lineage.leads_to(view, "config/p/n@3", "config/p/n@1")
    assert not lineage.leads_to(view, "config/p/n@1", "config/p/n@1")
    assert not lineage.leads_to(View(view.connection, 0), "config/p/n@1", "config/p/n@3")
