"""The list of alerts and monitors, and what a series says in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.tui.draw.glyphs import UNICODE
from app.tui.draw.picture import plain
from app.tui.draw.timeline import aged
from app.tui.screens.monitoring.draw import monitoring
from app.tui.screens.monitoring.queries.monitoring import Alarm, Board, Series, Watch

RAISED = Alarm(
    "drift-2020-03-09", "drift", "model/p/vol@1", "p", "high", "raised", False, "4 of 8 drifted", "0.5", "0.4",
    "2020-03-09", 7, (),
)  # fmt: skip
OVER = replace(RAISED, alert="drift-2020-01-02", day="2020-01-02", state="resolved")
WATCH = Watch("drift", "drift", "model/p/vol", "p", True, "", "0.4", "high", 0.1, "2020-03-20", False, True)


def cells(board: Board, *marked: str, dated: bool = False) -> list[tuple[str, ...]]:
    """The texts of all rows of the alerts."""
    sections = monitoring.sections(board, UNICODE, marked, dated=dated)
    return [tuple(text for text, _ in row.cells) for section in (sections[0], sections[2]) for row in section.rows]


def test_open_alerts_bear_their_age_and_those_that_are_over_their_day() -> None:
    board = Board((RAISED, OVER), (WATCH,), "2020-09-14")
    assert cells(board) == [("▲ high", "drift", "27w"), ("✓ high", "drift", "2020-01-02")]
    assert cells(board, dated=True)[0][2] == "2020-03-09"
    assert cells(board, RAISED.alert)[0][0] == "● marked"
    assert cells(Board((replace(RAISED, day="some day"),), (), "2020-09-14"))[0][2] == "some day"


@pytest.mark.parametrize(
    ("days", "told"), [(0, "0d"), (20, "20d"), (21, "3w"), (727, "103w"), (728, "1y"), (9000, "24y")]
)
def test_ages(days: int, told: str) -> None:
    assert aged(days) == told


def test_the_words_tell_the_alert_and_what_stands_in_the_plot() -> None:
    series = Series(
        "p",
        "drift",
        "drift",
        "model/p/vol@1",
        (("2020-03-09", 0.5),),
        0.4,
        1,
        (("2020-03-01", "deploy", "vol v1 live"),),
    )
    told = plain(monitoring.words(RAISED, series, 60, UNICODE))
    assert "drift-2020-03-09  raised  high" in told
    assert "threshold 0.4   1 of 1 values beyond it" in told
    assert "EVENTS\n 2020-03-01  ◆ vol v1 live" in told


def test_an_alert_is_as_old_as_its_raising_whatever_its_data_are_of() -> None:
    drill = replace(RAISED, alert="drill-2020-03-09", injected=True, at="2020-09-14T08:00:00.000000Z")
    assert cells(Board((drill,), (), "2020-09-14")) == [("○ drill", "drill-2020-03-09", "0d")]
    series = Series("p", "drift", "drift", "model/p/vol@1", (), 0.4, 0, ())
    told = plain(monitoring.words(drill, series, 60, UNICODE))
    assert "raised 2020-09-14 08:00, about the data of 2020-03-09" in told
