"""Routing: every edge is joined, and no joint suggests an edge that is not there."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.tui.screens.lineage.draw.layout import Spot
from app.tui.screens.lineage.draw.routes import Channel, channel

Cell = tuple[int, int]
FIRST, BEGIN = 2, 0

links = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=16, unique=True)


def routed(pairs: list[tuple[int, int]]) -> tuple[Channel, int]:
    """The channel at the least pitch at which it is honest, and that pitch."""
    for pitch in (2, 4, 6, 8):
        rows: dict[Spot, int] = {f"s{s}": pitch * s for s, _ in pairs} | {f"t{t}": pitch * t for _, t in pairs}
        made = channel([(f"s{s}", f"t{t}") for s, t in pairs], rows, pitch)
        if made.honest:
            return made, pitch
    raise AssertionError("no pitch is large enough")


def walked(corners: list[Cell]) -> list[tuple[Cell, Cell]]:
    """The steps from cell to cell along the corners."""
    steps: list[tuple[Cell, Cell]] = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
        assert dx >= 0, "a line never runs backwards"
        x, y = x0, y0
        while (x, y) != (x1, y1):
            steps.append(((x, y), (x + dx, y + dy)))
            x, y = x + dx, y + dy
    return steps


def followed(made: Channel, pitch: int) -> set[tuple[str, str]]:
    """Which target a reader reaches from which source who follows the drawn lines in the direction of the arrows."""
    end = FIRST + made.tracks + 2
    nets: dict[object, set[tuple[Cell, Cell]]] = {}
    for net in made.nets:
        steps = nets.setdefault(net.targets, set())
        for leave in net.leaves:
            for arrive in net.arrives:
                steps.update(walked(made.path(net, leave, arrive, BEGIN, FIRST, end)))
    cells: dict[Cell, dict[object, set[str]]] = {}
    for name, steps in nets.items():
        for (x0, y0), (x1, y1) in steps:
            way = "h" if y0 == y1 else "v"
            cells.setdefault((x0, y0), {}).setdefault(name, set()).add(way)
            cells.setdefault((x1, y1), {}).setdefault(name, set()).add(way)
    bridges = {
        cell for cell, at in cells.items() if len(at) > 1 and {w for ways in at.values() for w in ways} == {"h", "v"}
        and all(len(ways) == 1 for ways in at.values())
    }  # fmt: skip
    onward: dict[Cell, list[Cell]] = {}
    for steps in nets.values():
        for start, stop in steps:
            onward.setdefault(start, []).append(stop)
    return {
        (str(source), f"t{cell[1] // pitch}")
        for net in made.nets
        for source, leave in zip(net.sources, net.leaves, strict=True)
        for cell in reached((BEGIN, leave), onward, bridges)
        if cell[0] == end
    }


def reached(start: Cell, onward: dict[Cell, list[Cell]], bridges: set[Cell]) -> set[Cell]:
    """All cells to which the lines lead from ``start``; on a bridge one goes straight on, and nowhere back."""
    todo: list[tuple[Cell, Cell | None]] = [(start, None)]
    seen = set(todo)
    while todo:
        at, came = todo.pop()
        for stop in onward.get(at, ()):
            straight = came is None or (stop[0] - at[0], stop[1] - at[1]) == (at[0] - came[0], at[1] - came[1])
            if stop != came and (straight or at not in bridges) and (stop, at) not in seen:
                seen.add((stop, at))
                todo.append((stop, at))
    return {cell for cell, _ in seen}


@given(links)
def test_following_the_lines_reaches_exactly_the_targets(pairs: list[tuple[int, int]]) -> None:
    assert followed(*routed(pairs)) == {(f"s{s}", f"t{t}") for s, t in pairs}


@given(links)
def test_different_nets_share_no_stretch_of_line_but_into_a_common_target(pairs: list[tuple[int, int]]) -> None:
    made, _ = routed(pairs)
    end = FIRST + made.tracks + 2
    owner: dict[tuple[Cell, Cell], set[int]] = {}
    for index, net in enumerate(made.nets):
        for leave in net.leaves:
            for arrive in net.arrives:
                for step in walked(made.path(net, leave, arrive, BEGIN, FIRST, end)):
                    owner.setdefault(step, set()).add(index)
    for ((x, y), (_, y1)), owners in owner.items():
        if len(owners) > 1:
            common = set.intersection(*(set(made.nets[index].targets) for index in owners))
            assert y == y1 or x == FIRST + made.tracks
            assert common


def test_two_edges_that_swap_rows_do_not_run_over_each_other() -> None:
    made, pitch = routed([(0, 1), (1, 0)])
    assert followed(made, pitch) == {("s0", "t1"), ("s1", "t0")}
    assert made.dodging


def test_sources_with_the_same_targets_share_one_vertical() -> None:
    made, _ = routed([(0, 0), (0, 2), (1, 0), (1, 2)])
    assert len(made.nets) == 1
    assert made.tracks == 1


def test_sparse_graphs_need_no_more_than_the_least_pitch() -> None:
    assert routed([(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (3, 0)])[1] == 2
