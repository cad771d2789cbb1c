"""Layout: every graph gets ranks, orders and rows in which nothing overlaps, and known nodes keep their places."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tui.screens.lineage.draw import layout

NAMES = [f"n{i}" for i in range(14)]
edges = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=40)
dags = edges.map(lambda pairs: [(a, b) for a, b in pairs if NAMES.index(a) < NAMES.index(b)])


@given(edges)
def test_any_graph_gets_a_place_for_every_node(pairs: list[tuple[str, str]]) -> None:
    made = layout.place(NAMES, pairs)
    placed = [spot for column in made.columns for spot in column]
    assert sorted(spot for spot in placed if isinstance(spot, str)) == sorted(NAMES)
    assert len(placed) == len(set(placed)) == len(made.slots)


@given(edges)
def test_nothing_overlaps_within_a_column(pairs: list[tuple[str, str]]) -> None:
    made = layout.place(NAMES, pairs)
    for column in made.columns:
        slots = [made.slots[spot] for spot in column]
        assert all(a < b for a, b in itertools.pairwise(slots))
        assert all(slot >= 0 for slot in slots)


@given(dags)
def test_edges_lead_right_and_every_one_is_joined_link_by_link(pairs: list[tuple[str, str]]) -> None:
    made = layout.place(NAMES, pairs)
    rank = {spot: index for index, column in enumerate(made.columns) for spot in column}
    after: dict[layout.Spot, set[layout.Spot]] = {}
    for source, target in made.links:
        assert rank[target] == rank[source] + 1
        after.setdefault(source, set()).add(target)
    assert set(made.edges) == set(pairs)
    for source, target in made.edges:
        at: layout.Spot = source
        for step in range(rank[source] + 1, rank[target]):
            assert (source, step) in after[at]
            at = (source, step)
        assert target in after[at]


def test_a_cycle_is_opened_and_loops_are_dropped() -> None:
    made = layout.place(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b"), ("a", "z")])
    assert set(made.edges) == {("a", "b"), ("b", "c"), ("a", "c")}
    assert made.columns[0] == ("a",)


def test_ranks_are_longest_paths_and_sources_move_next_to_their_users() -> None:
    pairs = [("raw", "clean"), ("clean", "train"), ("train", "model"), ("code", "train"), ("raw", "model")]
    ranks = layout.ranked(["raw", "clean", "train", "model", "code"], pairs)
    assert ranks == {"raw": 0, "clean": 1, "train": 2, "model": 3, "code": 1}


def test_sweeps_undo_avoidable_crossings() -> None:
    made = layout.place(["a", "b", "c", "x", "y", "z"], [("a", "z"), ("b", "y"), ("c", "x")])
    assert made.columns[1] == ("z", "y", "x")
    right: dict[layout.Spot, list[layout.Spot]] = {"a": ["z"], "b": ["y"], "c": ["x"]}
    assert layout.crossings([["a", "b", "c"], ["x", "y", "z"]], right) == 3
    assert layout.crossings(made.columns, right) == 0


@given(dags)
def test_the_same_graph_drawn_again_does_not_move(pairs: list[tuple[str, str]]) -> None:
    first = layout.place(NAMES, pairs)
    again = layout.place(NAMES, pairs, first.slots)
    moved = layout.place(NAMES, pairs, again.slots)
    assert moved.columns == again.columns
    assert moved.slots == again.slots


@pytest.mark.parametrize("gone", ["eu", "m11", "vol"])
def test_nodes_keep_their_places_when_a_leaf_vanishes(gone: str) -> None:
    pairs = [("px", "mom"), ("px", "vol"), ("mom", "m11"), ("mom", "m12"), ("m11", "eu"), ("m12", "us")]
    names = ["px", "mom", "vol", "m11", "m12", "eu", "us"]
    first = layout.place(names, pairs)
    left = [n for n in names if n != gone and (gone != "m11" or n != "eu")]
    later = layout.place(left, [(a, b) for a, b in pairs if a in left and b in left], first.slots)
    assert {n: later.slots[n] for n in left} == {n: first.slots[n] for n in left}


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 10)), min_size=1, max_size=20))
def test_rows_are_spaced_and_no_better_rows_exist_nearby(pairs: list[tuple[float, float]]) -> None:
    wishes, weights = [w for w, _ in pairs], [w for _, w in pairs]
    rows = layout.spaced(wishes, weights)
    assert all(b - a >= 1 - 1e-6 for a, b in itertools.pairwise(rows))

    def cost(at: list[float]) -> float:
        return sum(w * (r - x) ** 2 for r, x, w in zip(at, wishes, weights, strict=True))

    for index in range(len(rows)):
        for step in (-0.05, 0.05):
            for stop in range(index, len(rows)):
                other = [r + step if index <= i <= stop else r for i, r in enumerate(rows)]
                if all(b - a >= 1 for a, b in itertools.pairwise(other)):
                    assert cost(other) >= cost(rows) - 1e-6


@settings(deadline=None)
@given(dags)
def test_it_is_the_same_every_time(pairs: list[tuple[str, str]]) -> None:
    assert layout.place(NAMES, pairs) == layout.place(list(NAMES), list(pairs))


def sixty() -> tuple[list[str], list[tuple[str, str]]]:
    """A lineage-like graph of 60 nodes: ten of each kind, each fed by two or three of the kind before."""
    names = [f"{kind}{i}" for kind in "dcfrmx" for i in range(10)]
    pairs = [
        (names[10 * k + i], names[10 * (k + 1) + (i * step) % 10])
        for k in range(5) for i in range(10) for step in (1, 3)
    ]  # fmt: skip
    return names, pairs


def test_sixty_nodes_take_less_than_five_milliseconds() -> None:
    names, pairs = sixty()
    seed = layout.place(names, pairs)
    spent = []
    for _ in range(20):
        began = time.perf_counter()
        layout.place(names, pairs, seed.slots)
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.005
