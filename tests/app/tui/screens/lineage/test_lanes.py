"""A neighbourhood in words: the tree's branches as a picture, and nothing left out of it or of the lanes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.tui.draw.glyphs import ASCII, UNICODE
from app.tui.screens.lineage.draw.lanes import lanes, tree
from app.tui.screens.lineage.queries.lineage import Neighbourhood, Spot


def near(edges: list[tuple[str, str]], distances: dict[str, int], impact: tuple[str, ...] = ()) -> Neighbourhood:
    spots = tuple(Spot(ref, ref, "dataset", far, alert=False, hidden=0) for ref, far in distances.items())
    return Neighbourhood("m", True, spots, tuple(edges), impact)


DIAMOND = near(
    [("raw", "a"), ("raw", "b"), ("a", "m"), ("b", "m"), ("m", "x"), ("m", "y"), ("x", "z")],
    {"raw": -2, "a": -1, "b": -1, "m": 0, "x": 1, "y": 1, "z": 2},
    impact=("x", "y", "z"),
)


def drawn(data: Neighbourhood, glyphs=UNICODE) -> list[str]:
    return [
        f"{section.title}: {row.cells[0][0]} {row.cells[2][0]}".rstrip()
        for section in tree(data, True, glyphs)
        for row in section.rows
    ]


def test_the_branches_and_what_stands_above() -> None:
    assert drawn(DIAMOND) == [
        "CAME FROM: ├─ a",
        "CAME FROM: │  ╰─ raw",
        "CAME FROM: ╰─ b",
        "CAME FROM:    ╰─ raw",
        "FOCUS: m",
        "LEADS TO: ├─ x on impact path",
        "LEADS TO: │  ╰─ z on impact path",
        "LEADS TO: ╰─ y on impact path",
    ]


def test_what_stands_above_is_not_drawn_again_with_all_under_it() -> None:
    data = near([("raw", "a"), ("a", "b"), ("a", "m"), ("b", "m")], {"raw": -2, "a": -1, "b": -1, "m": 0})
    assert drawn(data, ASCII)[:4] == [
        "CAME FROM: +- a",
        "CAME FROM: |  +- raw",
        "CAME FROM: +- b",
        "CAME FROM:    +- a (above)",
    ]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda e: e[0] < e[1]), max_size=30))
def test_all_that_is_joined_upwards_is_in_the_tree_once_with_what_is_under_it(pairs: list[tuple[int, int]]) -> None:
    edges = [(f"n{a}", f"n{b}" if b < 9 else "m") for a, b in dict.fromkeys(pairs)]
    above, queue = set(), ["m"]
    for at in queue:
        for source, target in edges:
            if target == at and source not in above:
                above.add(source)
                queue.append(source)
    data = near([e for e in edges if e[1] in {*above, "m"}], {**dict.fromkeys(sorted(above), -1), "m": 0})
    rows = tree(data, False, UNICODE)[0].rows
    assert {row.value for row in rows} == above
    joined = sum(target in {*above, "m"} for _, target in edges)
    assert len(rows) == joined
    assert {row.value for section in lanes(data, False) for row in section.rows} == {*above, "m"}


def test_a_line_of_ten_thousand_things_is_walked() -> None:
    count = 10_000
    edges = [(f"n{n}", f"n{n + 1}" if n + 1 < count else "m") for n in range(count)]
    data = near(edges, {**{f"n{n}": n - count for n in range(count)}, "m": 0})
    assert len(tree(data, False, UNICODE)[0].rows) == count
