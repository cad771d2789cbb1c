"""An event in a line, and the bar beside the lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.tui.draw.glyphs import ASCII, UNICODE
from app.tui.draw.picture import measure, plain
from app.tui.queries.log import Entry
from app.tui.screens.audit.draw.log import blank_line, entry_line, pointed, pointed_at, thumb

ENTRY = Entry(1042, "2026-01-02T03:04:05.000000Z", "model.approved", "ada", "fx-hedging", "ada approved fx-vol@3")


def test_what_is_least_needed_goes_first() -> None:
    assert plain([entry_line(ENTRY, 110, digits=6)]) == (
        "  1,042  2026-01-02 03:04  model.approved        ada approved fx-vol@3"
    )
    assert plain([entry_line(ENTRY, 70, digits=6)]) == "  1,042  2026-01-02 03:04  ada approved fx-vol@3"
    assert plain([entry_line(ENTRY, 40, digits=6)]) == "  1,042  ada approved fx-vol@3"
    assert plain([entry_line(ENTRY, 40, broken=True, digits=6)]) == "X 1,042  ada approved fx-vol@3"


def test_the_cursor_is_seen_without_colours() -> None:
    line = entry_line(ENTRY, 40, digits=6)
    assert plain([pointed_at(line, UNICODE)]) == "▸ 1,042  ada approved fx-vol@3"
    assert plain([pointed_at(line, ASCII)]) == "> 1,042  ada approved fx-vol@3"
    assert plain([pointed_at(entry_line(ENTRY, 40, broken=True, digits=6), UNICODE)]).startswith("X 1,042")
    assert measure(pointed_at(line, UNICODE)) == 40


@given(st.text(max_size=80), st.integers(1, 160), st.integers(4, 12))
def test_a_line_is_as_wide_as_it_should_be(sentence: str, cells: int, digits: int) -> None:
    entry = Entry(7, "2026-01-02T03:04:05.000000Z", "model.approved", "ada", "fx", sentence)
    assert measure(entry_line(entry, cells, digits=digits)) == cells
    assert measure(blank_line(7, cells, digits)) == cells


@given(st.integers(1, 80), st.integers(0, 5_000_000), st.integers(0, 5_000_000))
def test_the_bar_marks_rows_that_there_are(rows: int, total: int, top: int) -> None:
    marked = thumb(rows, total, top)
    if total <= rows:
        assert not marked
    else:
        assert len(marked) >= 1
        assert marked.start >= 0
        assert marked.stop <= rows


@given(st.integers(1, 80), st.integers(81, 5_000_000))
def test_the_bar_begins_and_ends_with_the_log(rows: int, total: int) -> None:
    assert thumb(rows, total, 0).start == 0
    assert thumb(rows, total, total - rows).stop == rows


@given(st.integers(2, 80), st.integers(1, 5_000_000), st.integers(-5, 100))
def test_a_row_of_the_bar_stands_for_a_line_that_there_is(rows: int, total: int, row: int) -> None:
    assert 0 <= pointed(row, rows, total) < total
    assert pointed(0, rows, total) == 0
    assert pointed(rows - 1, rows, total) == total - 1
