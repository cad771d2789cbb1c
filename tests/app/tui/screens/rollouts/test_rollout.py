"""A rollout drawn: traffic, evidence, gates, verdicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.tui.draw.clip import width
from app.tui.draw.glyphs import ASCII
from app.tui.draw.picture import plain
from app.tui.screens.rollouts.draw import rollout
from app.tui.screens.rollouts.queries.rollouts import Course, Evaluation, Gate, Rollout

DAYS = ("2008-10-01", "2008-10-02", "2008-10-03")
COURSE = Course(
    rollout=Rollout(
        "c1", "model/fx/vol@2", "prod", "canary", 0.1, "under way", "2008-10-01", "hold", 893, "2008-10-01"
    ),
    champion="model/fx/vol@1",
    plan=(("accounts", "50, 10.0% of all"), ("days", "20 to 250")),
    gates=(
        Gate("prediction ratio", "pass", 0.062, 0.1, tuple(zip(DAYS, (0.07, 0.06, 0.062), strict=True))),
        Gate("minimum days", "stop", 3.0, 20.0, tuple(zip(DAYS, (1.0, 2.0, 3.0), strict=True))),
        Gate("latency", "inconclusive", None, 40.0, ()),
    ),
    evaluations=(
        Evaluation(902, DAYS[0], 0.1, "hold", "the evidence does not suffice yet"),
        Evaluation(907, DAYS[1], 0.1, "hold", "the evidence does not suffice yet"),
        Evaluation(912, DAYS[2], 0.1, "inconclusive", "latency was not measured"),
    ),
    better=tuple(zip(DAYS, (1.0, 2.0, 4.0), strict=True)),
    worse=tuple(zip(DAYS, (1.0, 0.5, 0.0), strict=True)),
    old=tuple(zip(DAYS, (0.5, 0.6, None), strict=True)),
    new=tuple(zip(DAYS, (0.4, 0.4, None), strict=True)),
    saved=tuple(zip(DAYS, (0.1, 0.3, None), strict=True)),
    promote_at=20.0,
    roll_back_at=20.0,
    bounds=(20, 250),
    ended="",
)

STANDING = """\
 vol v2 in prod, instead of vol v1
 ● under way  canary, started 2008-10-01, event 893

  traffic  ██░░░░░░░░░░░░░░░░░░░░░░  10%
  better   ███████████░░░░░░░░░░░░░  4 of 20 to decide
  worse    ░░░░░░░░░░░░░░░░░░░░░░░░  0 of 20 to decide
  days     █░░░░░░░░░░░░░░░░░░░░░░░  3 of 250, from 20 on

 GATES  as they were evaluated last
                  gate              value  limit  by day
  ✓ holds         prediction ratio  0.062    0.1  █▁▂
  ○ not reached   minimum days          3     20  ▁▅█
  ! inconclusive  latency               —     40

 FIXED BEFORE THE START
  accounts            50, 10.0% of all
  days                20 to 250"""


def test_standing_tells_how_far_the_evidence_is() -> None:
    picture = rollout.standing(COURSE, 60)
    assert plain(picture) == STANDING
    assert all(sum(width(text) for text, _ in line) == 60 for line in picture)


def test_days_on_which_nothing_changed_are_told_together() -> None:
    told = plain(rollout.verdicts(COURSE, 70)).split("\n")
    assert told[0].startswith(" ! inconclusive")
    assert "2008-10-03" in told[0]
    assert told[1] == "   latency was not measured; event 912"
    assert "2008-10-01 … 10-02, 2 days" in told[2]


def test_a_rollout_without_evaluations_says_so() -> None:
    bare = replace(COURSE, evaluations=(), gates=(), better=(), worse=(), old=(), new=(), saved=())
    assert plain(rollout.verdicts(bare, 60)) == "  its gates were not evaluated yet"
    assert "GATES" not in plain(rollout.standing(bare, 60))
    assert "no values recorded yet" in plain(rollout.curves(bare, "evidence", 60, 12))


def test_both_curves_are_drawn_and_missing_days_stay_missing() -> None:
    drawn = rollout.curves(COURSE, "evidence", 60, 14)
    assert {"series", "series.beside", "threshold"} <= {style for line in drawn for _, style in line}
    assert [line.split()[-1] for line in plain(drawn).split("\n") if line.endswith(("better", "worse"))] == [
        "better",
        "worse",
    ]


def test_every_guard_rail_that_moved_has_its_curve_with_its_limit() -> None:
    assert rollout.views(COURSE) == ("evidence", "losses", "saved", "prediction ratio")
    assert rollout.entitled("prediction ratio") == "Guard-rail: prediction ratio"
    assert "limit 0.1" in plain([rollout.legend(COURSE, "prediction ratio")])
    styles = {style for line in rollout.curves(COURSE, "prediction ratio", 60, 14) for _, style in line}
    assert {"series", "threshold"} <= styles
    saved = rollout.curves(COURSE, "saved", 60, 14)
    assert "series.beside" not in {style for line in saved for _, style in line}


def test_old_and_new_are_two_curves_where_both_are_recorded() -> None:
    drawn = rollout.curves(COURSE, "losses", 60, 14)
    assert {"series", "series.beside"} <= {style for line in drawn for _, style in line}
    assert {"new", "old"} <= set(plain(drawn).split())
    assert "old" in plain([rollout.legend(COURSE, "losses")])
    assert "losses" not in rollout.views(replace(COURSE, old=(), new=()))


def test_ascii_terminals_get_ascii() -> None:
    for lines in (rollout.standing(COURSE, 60, ASCII), rollout.curves(COURSE, "evidence", 60, 14, ASCII)):
        signs = plain(lines).replace("—", "").replace("…", "")
        assert signs.isascii()


def test_a_gate_that_is_called_as_a_curve_does_not_hide_it() -> None:
    gates = tuple(replace(COURSE.gates[0], name=name) for name in ("evidence", "losses", "saved"))
    named = replace(COURSE, gates=gates)
    for which in (rollout.EVIDENCE, rollout.LOSSES, rollout.SAVED):
        assert rollout.curves(named, which, 60, 14) == rollout.curves(COURSE, which, 60, 14)
        assert rollout.legend(named, which) == rollout.legend(COURSE, which)


@pytest.mark.parametrize(
    ("name", "state", "told"),
    [
        ("evidence towards promotion", "pass", "✓ reached"),
        ("evidence towards promotion", "stop", "○ not reached"),
        ("evidence towards rollback", "pass", "○ not reached"),
        ("evidence towards rollback", "stop", "✗ reached"),
        ("minimum days", "stop", "○ not reached"),
        ("prediction ratio", "pass", "✓ holds"),
        ("prediction ratio", "stop", "✗ stops"),
        ("prediction ratio", "unknown", "! unknown"),
    ],
)
def test_evidence_is_reached_and_guard_rails_hold(name: str, state: str, told: str) -> None:
    course = replace(COURSE, gates=(Gate(name, state, 1.0, 60.0, ()),))
    assert any(line.strip().startswith(told) for line in plain(rollout.standing(course, 90)).splitlines())


def test_a_roll_back_is_the_newest_verdict_and_stands_in_the_head() -> None:
    undone = Evaluation(950, "2008-10-09", 0.0, "roll_back", "by hugo: orders were rejected; vol v1 serves")
    course = replace(COURSE, rollout=replace(COURSE.rollout, status="rolled back", slice=0.0), undone=undone)
    assert plain(rollout.verdicts(course, 70)).startswith(
        " ✗ roll back     ░░░░░░░░   0%  2008-10-09\n   by hugo: orders"
    )
    told = plain(rollout.standing(course, 90))
    assert " ✗ rolled back  canary, started 2008-10-01, event 893\n rolled back on 2008-10-09 by hugo: orders" in told
