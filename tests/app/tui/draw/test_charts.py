"""Ruler, plot, bars, chain map and tables: golden pictures, and exact sizes for anything that is handed in."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.tui.draw import bars, plot, ruler, tables
from app.tui.draw.glyphs import ASCII, UNICODE, Glyphs
from app.tui.draw.picture import fitted, measure, plain
from app.tui.screens.audit.draw import chainmap
from tests.app.tui.screens.lineage.test_graph import picture

DAYS = st.dates(date(1999, 1, 1), date(2030, 1, 1)).map(date.isoformat)
COUNTS = st.dictionaries(DAYS, st.integers(1, 10_000), max_size=30).map(lambda d: tuple(sorted(d.items())))
ANY_TEXT = st.text(st.characters(), max_size=30)


def test_the_ruler_live_and_in_the_past() -> None:
    days = (("2008-01-01", 1), ("2008-01-02", 4), ("2008-01-05", 16))
    live = ruler.draw(ruler.Ruler(ruler.Days(days)), 40, keys="")
    assert plain([live]) == " ◂ Jan 2008 ▂▂▂▂▅▅▅▅········█████┃ LIVE"
    past = ruler.draw(ruler.Ruler(ruler.Days(days), "2008-01-02", "seq 5"), 40, keys="")
    assert plain([past]) == " ◂ Jan 2008 ▂▂▂▂┃▅▅▅········████  seq 5"
    assert [style for text, style in past if "█" in text] == ["spark.later"]


def test_the_ruler_folds_years_without_events() -> None:
    early = [(date(2008, 1, 1) + timedelta(days=n)).isoformat() for n in range(120)]
    late = [(date(2019, 7, 1) + timedelta(days=n)).isoformat() for n in range(60)]
    days = ruler.Days(tuple((day, 3) for day in (*early, *late)))
    assert plain([ruler.draw(ruler.Ruler(days), 50, keys="")]) == " ◂ Jan 2008 ████████████████╱11 y╱██▇██▇██▇┃ LIVE"
    inside = ruler.Ruler(days, "2014-01-01", "2014-01-01")
    assert plain([ruler.draw(inside, 50, ASCII, keys="")]) == " < Jan 2008 @@@@@@@@@@@@/11|y/@@#@#@#  2014-01-01"


@given(COUNTS, st.none() | DAYS, st.integers(1, 200), st.sampled_from([UNICODE, ASCII]))
def test_the_ruler_keeps_its_width_and_shows_one_playhead(
    days: tuple[tuple[str, int], ...], at: str | None, cells: int, glyphs: Glyphs
) -> None:
    shown = ruler.Ruler(ruler.Days(days), at, "LIVE" if at is None else at)
    line = ruler.draw(shown, cells, glyphs)
    assert measure(line) == cells
    if ruler.scaled(shown, cells) is not None:
        assert "".join(text for text, _ in line).count(glyphs.playhead) == 1


@given(COUNTS.filter(bool), st.integers(40, 200))
def test_a_cell_of_the_ruler_stands_for_a_day_that_falls_on_it(days: tuple[tuple[str, int], ...], cells: int) -> None:
    scale = ruler.scaled(ruler.Ruler(ruler.Days(days)), cells)
    assert scale is not None
    for x in range(scale.x, scale.x + scale.cells):
        day = scale.day(x)
        assert day is not None
        home = scale.timeline.stretch(day.toordinal())
        assert home.x <= x < home.x + home.cells
        if home.days >= home.cells:
            assert scale.cell(day) == x
    assert scale.day(scale.x - 1) is None
    assert scale.day(scale.x + scale.cells) is None


def test_a_plot_with_threshold_marks_and_a_gap() -> None:
    first = date(2008, 9, 1)
    values = [0.1, 0.12, 0.15, 0.13, None, 0.2, 0.31, 0.35, 0.3]
    points = tuple(((first + timedelta(days=i)).isoformat(), value) for i, value in enumerate(values))
    drawn = plot.draw(plot.Plot(points, 0.25, (plot.Mark("2008-09-07", "alert"),)), 46, 9, ASCII)
    assert plain(drawn) == picture("""
|                                   !
|0.36 |                             :  *****
|     |                            ****     ***
|     |--------------------------**-:----------
|     |                    ******   :
|     |   *****************         :
|0.09 |***                          :
|     ++--------------------------------------+
|     1 Sep 2008                     9 Sep 2008
""")
    assert "series.bad" in {style for line in drawn for _, style in line}


def folded(cells: int, rows: int, glyphs: Glyphs = UNICODE) -> str:
    """Two stretches of weekly values, ten years apart, with a mark before, in and after the gap."""
    days = [date(2008, 1, 7) + timedelta(days=7 * n) for n in range(40)]
    days += [date(2018, 10, 1) + timedelta(days=7 * n) for n in range(20)]
    points = tuple((day.isoformat(), 0.1 + 0.02 * (n % 10)) for n, day in enumerate(days))
    marks = (plot.Mark("2008-06-02", "deploy"), plot.Mark("2013-06-01", "approve"), plot.Mark("2019-01-07", "alert"))
    return plain(plot.draw(plot.Plot(points, 0.25, marks), cells, rows, glyphs))


def test_years_without_values_are_folded_and_the_dates_beside_the_fold_are_said() -> None:
    assert folded(64, 11, ASCII) == picture("""
|                       @                  v                !
|0.29 |       *       * :     *       *:   :   :        *   :   *
|     |------**------**-:----**------*-:  /:  /:-------**---:--*-
|     |     ***     *** :   * *     *  :  10   :     ** *   :**
|     |    *  *    *  * :  *  *    *   : years :    *   *   :*
|     |   *    *  *    *: *    *  *    :without:   *    *   *
|     |  *     * *     ***     ***     :values :  **    * **:
|     | *      **      **      **      : / : / : *      **  :
|0.09 |*       *       *:      *       :/  :/  :*       *   :
|     ++------------------------------+-- // ---+---------------+
|     Jan 2008                    Oct 2008  Oct 2018     Feb 2019
""")
    assert folded(40, 7) == picture("""
|              ◆           ✓          ▲
|0.29 ╷   ⣴   ⣴┊  ⣴   ⡔┊  10   ┊   ⢠⡆ ┊ ⡔
|     │╌╌⡰⢹╌╌⡰⢹┊╌⡸⢸╌╌⡸╌┊ years ┊╌╌⡰⠁⡇╌⢀⠎╌
|     │ ⡜  ⡇⡜  ⣇⠜  ⣇⠜  ┊without┊ ⡠⠃ ⢸⢀⠜
|0.09 │⠔⠁  ⠗⠁  ⠟   ⠟   ┊values ┊⠔⠁  ⠸⠊┊
|     ╰┬──────────────┬── ╱╱ ───┬───────╴
|     Jan 2008    Oct 2008  Oct 2018
""")


@settings(deadline=None)
@given(
    st.dictionaries(DAYS, st.none() | st.floats(), max_size=30),
    st.none() | st.floats(),
    st.lists(st.builds(plot.Mark, DAYS, st.sampled_from(["alert", "deploy", "approve", "other"])), max_size=5),
    st.integers(1, 120),
    st.integers(1, 40),
    st.sampled_from([UNICODE, ASCII]),
)
def test_a_plot_of_anything_has_exactly_its_size(points, threshold, marks, cells, rows, glyphs) -> None:  # type: ignore[no-untyped-def]
    drawn = plot.draw(plot.Plot(tuple(sorted(points.items())), threshold, tuple(marks)), cells, rows, glyphs)
    assert len(drawn) == rows
    assert all(measure(line) == cells for line in drawn)


def test_of_many_noisy_values_the_middle_ones_are_drawn_between_the_highest_and_the_lowest() -> None:
    first = date(2008, 1, 1)
    noisy = tuple(((first + timedelta(days=n)).isoformat(), 5.0 + (-1) ** n * (n % 7)) for n in range(2000))
    drawn = plot.draw(plot.Plot(noisy, 10.5), 60, 16)
    styles = {style for line in drawn for _, style in line}
    assert {"series", "series.bad", "faint"} <= styles
    assert "each; faint: high, low" in plain(drawn)
    smooth = tuple(((first + timedelta(days=n)).isoformat(), n / 2000) for n in range(2000))
    assert "faint" not in plain(plot.draw(plot.Plot(smooth), 60, 16))


def test_marks_have_lines_only_where_they_leave_the_curve_in_sight() -> None:
    points = tuple(((date(2008, 1, 1) + timedelta(days=n)).isoformat(), n / 50) for n in range(365))
    weekly = tuple(plot.Mark((date(2008, 1, 1) + timedelta(days=n)).isoformat(), "deploy") for n in range(0, 365, 7))
    few, many = (plain(plot.draw(plot.Plot(points, marks=marks), 60, 12)) for marks in (weekly[:3], weekly))
    assert "┊" in few
    assert "┊" not in many
    alert = plot.Mark("2008-06-01", "alert")
    assert plain(plot.draw(plot.Plot(points, marks=(*weekly, alert)), 60, 12)).count("┊") >= 5


def test_a_mark_shortly_before_the_first_value_is_shown_and_one_long_before_is_not() -> None:
    points = tuple(((date(2008, 2, 1) + timedelta(days=n)).isoformat(), n / 50) for n in range(50))
    near, far = plot.Mark("2008-01-29", "deploy"), plot.Mark("2007-06-01", "deploy")
    assert plain(plot.draw(plot.Plot(points, marks=(near,)), 60, 10)).split("\n")[0].lstrip() == "◆"
    assert "29 Jan 2008" in plain(plot.draw(plot.Plot(points, marks=(near,)), 60, 10))
    assert "◆" not in plain(plot.draw(plot.Plot(points, marks=(far,)), 60, 10))


def test_a_plot_without_values_says_so() -> None:
    assert "no values recorded yet" in plain(plot.draw(plot.Plot((("2008-01-01", None),)), 60, 10))
    assert "too little room" in plain(plot.draw(plot.Plot((("2008-01-01", 1.0),)), 30, 3))


def test_values_at_the_ends_of_the_floats_are_drawn_at_the_edges() -> None:
    drawn = plot.draw(plot.Plot((("2008-01-01", 1e308), ("2008-01-02", -1e308))), 60, 10)
    assert len(drawn) == 10


def test_axis_labels_tell_ticks_apart() -> None:
    assert plot.label(0.25, 0.3) == "0.25"
    assert plot.label(12.0, 100.0) == "12"
    assert plot.label(3e-9, 1e-8) == "3.00e-09"


def test_bars_are_full_only_when_all_is_done() -> None:
    assert plain([bars.bar(0, 10, 5)]) == "░░░░░"
    assert plain([bars.bar(1, 1000, 5)]) == "█░░░░"
    assert plain([bars.bar(999, 1000, 5)]) == "████░"
    assert plain([bars.bar(10, 10, 5)]) == "█████"
    assert plain([bars.bar(0, 0, 5)]) == "░░░░░"
    line = bars.progress("Hash chain", 692_104, 1_048_576, 80, seconds=1.68)
    assert plain([line]) == "Hash chain    █████████████░░░░░░░░  66%  692,104 / 1,048,576  412k/s  0:01 left"


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 150), st.floats(0, 1e5))
def test_progress_keeps_its_width(done: int, total: int, cells: int, seconds: float) -> None:
    assert measure(bars.progress("Hash chain", done, total, cells, seconds=seconds)) == cells


def test_durations_and_counts() -> None:
    assert [bars.clock(s) for s in (4, 750, 3723)] == ["0:04", "12:30", "1:02:03"]
    assert [bars.short(n) for n in (812, 6100, 412_000, 1_200_000, 3e9)] == ["812", "6.1k", "412k", "1.2M", "3.0G"]


def test_the_chain_map() -> None:
    drawn = chainmap.draw(chainmap.Chain(1000, 600, (333,), True), 27, 4)
    assert plain(drawn) == picture("""
|    0  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
|  260  ▇▇▇▇▇X▇▇▇▇▇▇▇▇▇▇▇▇▇▇
|  520  ▇▇▇▇▇▇▒·············
|  780  ·················
""")


@given(
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.lists(st.integers(0, 10**6), max_size=5),
    st.integers(1, 120),
    st.integers(1, 30),
)
def test_the_chain_map_keeps_its_size_and_shows_every_break(size, checked, broken, cells, rows) -> None:  # type: ignore[no-untyped-def]
    drawn = chainmap.draw(chainmap.Chain(size, checked, broken), cells, rows)
    assert len(drawn) == rows
    assert all(measure(line) == cells for line in drawn)
    if cells > 20:
        per = chainmap.scale(size, cells, rows)
        assert plain(drawn).count("X") == len({seq // per for seq in broken if seq < size})


COLUMNS = (
    tables.Column("what", least=6), tables.Column("age", "right", rank=1), tables.Column("who", rank=2, most=12)
)  # fmt: skip


def test_a_table_shrinks_then_leaves_columns_off() -> None:
    rows = [(("promote mom-alpha v12", ""), ("2h", ""), ("j.lund", "")), (("accept", ""), ("12d", ""), ("m.ito", ""))]
    assert plain(tables.table(COLUMNS, rows, 36)) == picture("""
|what                   age  who
|promote mom-alpha v12   2h  j.lund
|accept                 12d  m.ito
""")
    assert plain(tables.table(COLUMNS, rows, 22)) == picture("""
|what       age  who
|promote …   2h  j.lund
|accept     12d  m.ito
""")
    assert plain(tables.table(COLUMNS, rows, 9)) == picture("""
|what
|promote …
|accept
""")


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT), max_size=6), st.integers(1, 100))
def test_a_table_of_anything_keeps_its_width(rows: list[tuple[str, str, str]], cells: int) -> None:
    drawn = tables.table(COLUMNS, [tuple((text, "") for text in row) for row in rows], cells)
    assert len(drawn) == len(rows) + 1
    assert all(measure(line) == cells for line in drawn)


@given(st.lists(st.tuples(ANY_TEXT, st.just("")), max_size=4), st.integers(0, 60))
def test_a_fitted_line_has_its_width(line: list[tuple[str, str]], cells: int) -> None:
    from app.tui.draw.clip import safe

    assert measure(fitted(tuple((safe(text), style) for text, style in line), cells)) == cells
