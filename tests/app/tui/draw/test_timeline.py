"""Days over cells: order and width are kept whatever is folded, and only what is long, unusual and empty is folded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tui.draw.timeline import MOST, NARROWEST, Timeline, laid, shared, told

RUNS = st.lists(
    st.tuples(st.integers(1, 4000), st.integers(1, 40), st.sampled_from([1, 7, 30])), min_size=1, max_size=6
)
"""Stretches of days: how long after the last one, how many days, how far apart."""


def days_of(runs: list[tuple[int, int, int]]) -> list[int]:
    """Ascending days, in stretches with gaps between them."""
    at, found = 730_000, []
    for gap, count, step in runs:
        at += gap
        found += [at + step * n for n in range(count)]
        at = found[-1]
    return found


@given(RUNS, st.integers(24, 200), st.integers(3, 12), st.integers(0, 9))
def test_stretches_have_neither_holes_nor_overlaps_and_take_all_cells(
    runs: list[tuple[int, int, int]], cells: int, fold: int, x: int
) -> None:
    days = days_of(runs)
    timeline = laid(days, cells, fold, x)
    first, last = timeline.stretches[0], timeline.stretches[-1]
    assert (first.first, last.last) == (days[0], days[-1])
    assert (first.x, last.x + last.cells) == (x, x + cells)
    for one, other in pairwise(timeline.stretches):
        assert other.first == one.last + 1
        assert other.x == one.x + one.cells
        assert one.folded != other.folded
    assert len(timeline.folds) <= MOST
    assert all(
        each.cells == fold and not any(each.first <= day <= each.last for day in days) for each in timeline.folds
    )
    assert all(each.cells >= NARROWEST for each in timeline.stretches if not each.folded)


@given(RUNS, st.integers(24, 200), st.integers(1, 2))
def test_a_later_day_never_stands_left_of_an_earlier_one(
    runs: list[tuple[int, int, int]], cells: int, dots: int
) -> None:
    days = days_of(runs)
    timeline = laid(days, cells, 6)
    every = range(days[0] - 3, days[-1] + 4, max((days[-1] - days[0]) // 500, 1))
    for places in ([timeline.cell(day) for day in every], [timeline.dot(day, dots) for day in every]):
        assert places == sorted(places)
    assert all(0 <= timeline.cell(day) < cells and 0 <= timeline.dot(day, dots) < cells * dots for day in every)
    assert timeline.dot(days[0], dots) == 0
    if timeline.stretches[-1].days > 1:
        assert timeline.dot(days[-1], dots) == cells * dots - 1


@given(RUNS, st.integers(24, 200))
def test_a_cell_leads_to_a_day_that_stands_on_it(runs: list[tuple[int, int, int]], cells: int) -> None:
    timeline = laid(days_of(runs), cells, 6)
    for x in range(cells):
        home = timeline.stretch(timeline.day(x))
        assert home.x <= x < home.x + home.cells
        if home.days >= home.cells:
            assert timeline.cell(timeline.day(x)) == x
        else:
            assert timeline.cell(timeline.day(x)) <= x < max(timeline.cell(timeline.day(x) + 1), home.x + 1) or (
                timeline.day(x) == home.last
            )


def spans(timeline: Timeline) -> list[tuple[int, int, bool]]:
    return [(each.days, each.cells, each.folded) for each in timeline.stretches]


def test_ten_empty_years_are_folded_and_regular_gaps_are_not() -> None:
    weekdays = [day for day in range(730_000, 730_400) if day % 7 < 5]
    assert spans(laid([*weekdays, *(day + 3650 for day in weekdays)], 80, 9)) == [
        (397, 36, False), (3253, 9, True), (397, 35, False),
    ]  # fmt: skip
    monthly = list(range(730_000, 731_000, 30))
    assert len(laid(monthly, 80, 9).stretches) == 1
    assert len(laid([730_000, 733_650], 80, 9).stretches) == 1, "two days alone say nothing of what is usual"
    assert len(laid([*weekdays, 730_430], 80, 9).stretches) == 1, "a month in a year is not worth a fold"
    assert len(laid([*weekdays, 733_000], 12, 9).stretches) == 1, "there is no room for one"


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=5), st.integers(10, 200))
def test_cells_are_shared_by_weight(weights: list[int], cells: int) -> None:
    sizes = shared(weights, cells)
    assert sum(sizes) == cells
    assert all(one <= other for (w, one), (v, other) in pairwise(sorted(zip(weights, sizes, strict=True))) if w < v)


@pytest.mark.parametrize(
    ("days", "words"), [(3702, ("10 years", "10 y")), (365, ("12 months", "12 mo")), (50, ("50 days", "50 d"))]
)
def test_lengths_in_words(days: int, words: tuple[str, str]) -> None:
    assert told(days) == words
