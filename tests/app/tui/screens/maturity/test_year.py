"""The year's chart: what stands where weeks share a cell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.tui.draw.maturity import history, spread
from app.tui.queries.maturity import Why


@given(weeks=st.integers(2, 120), room=st.integers(2, 200))
def test_the_first_and_the_last_are_always_shown_and_nothing_goes_back(weeks: int, room: int) -> None:
    cells = spread(range(weeks), room)
    assert len(cells) == room
    assert (cells[0], cells[-1]) == (0, weeks - 1)
    assert cells == sorted(cells)
    assert len(set(cells)) == min(weeks, room)


def test_a_single_cell_is_of_the_newest_and_of_nothing_nothing_is_shown() -> None:
    assert spread([1, 2, 3], 1) == [3]
    assert spread([], 5) == []


@given(cells=st.integers(9, 140))
def test_a_level_that_was_reached_this_week_is_drawn_last_however_narrow(cells: int) -> None:
    days = (*((f"2026-01-{n:02}", 0) for n in range(1, 32)), *((f"2026-02-{n:02}", 0) for n in range(1, 22)))
    lines = history(Why("fx", "data", 3, (), (*days, ("2026-02-28", 3))), cells)
    third, first = ("".join(text for text, _ in lines[n]) for n in (1, 4))
    assert third.rstrip().endswith("█")
    assert first.rstrip().endswith("·")
