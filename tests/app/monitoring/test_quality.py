"""Data checks: every real event of the whole raw file gets its verdict, and bad tables are found by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.monitoring.quality import calendar, check, finding, silence, table
from ledger.errors import InputError
from tests.sample_data import story

TRL = {"source": "TRL", "target": "TRY", "factor": 1e-6, "before": "2005-01-01"}
ROL = {"source": "ROL", "target": "RON", "factor": 1e-4, "before": "2005-07-01"}


@pytest.fixture(scope="module")
def raw():
    return table.read(story.RATES)


@pytest.fixture(scope="module")
def checks():
    declared = check.read(story.declared("checks.yaml"), "checks.yaml")
    return tuple(each for each in declared if each.subject.endswith("/ecb-rates"))


@pytest.fixture(scope="module")
def results(raw, checks):
    return {each.check: each for each in check.execute(checks, raw)}


def about(result, column, day=""):
    return [
        each for each in result.findings if column in each.columns and each.first <= (day or each.first) <= each.last
    ]


def test_the_raw_file_is_read_as_it_is(raw):
    assert len(raw.days) == 7126
    assert (raw.days[0], raw.days[-1]) == ("1999-01-04", "2026-10-30")
    assert len(raw.columns) == 41
    assert not any(raw.text.values())
    assert len(silence.absent_weekdays(raw)) == 134


@pytest.mark.parametrize(
    ("pair", "day", "raw_jump", "scaled"),
    [(("TRL", "TRY"), "2005-01-03", -13.83, "-1.16%"), (("ROL", "RON"), "2005-07-01", -9.21, "+0.00%")],
)
def test_a_redenomination_is_blocked_until_its_mapping_is_approved(raw, checks, results, pair, day, raw_jump, scaled):
    (found,) = [each for each in results["redenominations"].findings if each.columns == pair]
    assert (found.verdict, found.first, round(found.value, 2)) == ("block", day, raw_jump)
    assert scaled in found.message
    approved = {each.check: each for each in check.execute(checks, raw, mappings=[TRL, ROL])}
    assert {each.verdict for each in approved["redenominations"].findings} == {"flag"}
    assert approved["redenominations"].passed
    wrong = {each.check: each for each in check.execute(checks, raw, mappings=[{**TRL, "factor": 1e-5}])}
    assert wrong["redenominations"].verdict == "block"


def test_nothing_else_in_the_file_looks_like_a_redenomination(results):
    assert len(results["redenominations"].findings) == 2


def test_the_rouble_ends_and_the_euro_entries_were_planned(results):
    verdicts = {each.columns[0]: each.verdict for each in results["ended"].findings}
    planned = dict.fromkeys(("SIT", "CYP", "MTL", "SKK", "EEK", "LVL", "LTL", "HRK", "BGN"), "flag")
    assert verdicts == {"RUB": "block", **planned}
    (rouble,) = about(results["ended"], "RUB")
    assert rouble.first == "2022-03-01"
    assert "retire" in rouble.message


def test_the_krona_stands_still_then_is_gone(results):
    stale = about(results["stale"], "ISK", "2008-11-05")
    assert [(each.verdict, each.value, each.last) for each in stale] == [("quarantine", 20, "2008-11-05")]
    (gap,) = results["gaps"].findings
    assert (gap.columns, gap.verdict, gap.first, gap.last) == (("ISK",), "block", "2008-12-10", "2018-01-31")
    assert "-84%" in gap.message


def test_the_korunas_floor_looks_stale_and_is_kept(results):
    (floor,) = about(results["stale"], "CZK", "2017-03-29")
    assert (floor.verdict, floor.value, floor.last) == ("flag", 39, "2017-03-29")


@pytest.mark.parametrize(
    ("column", "day", "move"),
    [("CHF", "2015-01-15", "-0.156"), ("CHF", "2011-09-06", "+0.080"), ("TRY", "2021-12-21", "-0.309")],
)
def test_real_shocks_are_flagged_and_kept(results, column, day, move):
    (shock,) = about(results["jumps"], column, day)
    assert shock.verdict == "flag"
    assert move in shock.message


def test_a_jump_that_its_peers_do_not_share_and_the_next_day_takes_back_is_asked_about(results):
    (jump,) = about(results["jumps"], "BRL", "2026-10-26")
    assert jump.verdict == "quarantine"
    assert "+0.102" in jump.message


def test_on_its_own_day_such_a_jump_waits_for_the_next_fixing(raw, checks):
    jumps = [each for each in checks if each.kind == "jumps"]
    (result,) = check.execute(jumps, raw.until("2026-10-26"))
    (found,) = about(result, "BRL", "2026-10-26")
    assert found.verdict == "quarantine"
    assert "wait for the next fixing" in found.message


def test_every_absent_weekday_is_a_holiday_of_target_and_no_row_is_on_one(raw):
    (result,) = check.execute(declared(kind="calendar"), raw)
    assert (result.verdict, result.findings) == ("pass", ())
    weekdays = calendar.Calendar("weekdays").findings(raw)
    assert sum(each.value for each in weekdays) == 134


def declared(**settings):
    return check.read({"checks": [{"check": "c", "subject": "dataset/p/d", **settings}]}, "checks.yaml")


def without(raw, *days):
    return raw.only([n for n, day in enumerate(raw.days) if day not in days])


def test_a_business_day_without_a_row_is_blocked_and_a_row_on_a_holiday_flagged(raw):
    cut = without(raw, "2024-02-01", "2024-02-02", "2024-02-05", "2024-03-04")
    found = list(calendar.Calendar().findings(cut))
    assert [(each.verdict, each.first, each.last, each.value) for each in found] == [
        ("block", "2024-02-01", "2024-02-05", 3.0),
        ("block", "2024-03-04", "2024-03-04", 1.0),
    ]
    assert list(calendar.Calendar(closed=("2024-02-01", "2024-02-02", "2024-02-05", "2024-03-04")).findings(cut)) == []
    moved = replace(raw.only([0, 1]), days=("2024-05-01", "2024-05-02"))
    (labour,) = calendar.Calendar().findings(moved)
    assert (labour.verdict, labour.first) == ("flag", "2024-05-01")
    assert list(calendar.Calendar(open=("2024-05-01",)).findings(moved)) == []


@pytest.mark.parametrize(
    ("year", "day"), [(1999, "1999-04-04"), (2008, "2008-03-23"), (2011, "2011-04-24"), (2038, "2038-04-25")]
)
def test_easter_is_when_it_is(year, day):
    assert calendar.easter(year).isoformat() == day


def test_an_unknown_calendar_is_refused():
    with pytest.raises(InputError, match="there is no calendar 'NYSE'; known are TARGET, weekdays"):
        declared(kind="calendar", calendar="NYSE")
    with pytest.raises(InputError, match="must be a text"):
        declared(kind="calendar", calendar=3)


def test_a_verdict_says_which_rule_it_is_of(results):
    assert results["jumps"].inputs["rule"] == "jumps/1"


def test_pegs_are_named(results):
    assert {each.columns[0] for each in results["pegs"].findings} == {"BGN", "DKK", "EEK", "LTL"}
    (lev,) = about(results["pegs"], "BGN")
    assert "84%" in lev.message
    (krone,) = about(results["pegs"], "DKK")
    assert "0.015%" in krone.message


def test_false_alarms_are_few(results):
    """Of 290,000 values: six jumps quarantined beside the one that should be, all of them real crises."""
    quarantined = [each for each in results["jumps"].findings if each.verdict == "quarantine"]
    assert len(quarantined) == 7
    panel = {"USD", "JPY", "GBP", "CHF", "SEK", "NOK", "AUD", "CAD", "NZD", "CZK", "HUF", "PLN", "TRY", "ZAR", "KRW"}
    assert not [each for each in quarantined if panel & set(each.columns)]
    assert [
        each.verdict for name in ("schema", "positive", "complete", "each-day-once") for each in results[name].findings
    ] == []


def test_what_stops_the_panel_before_2008_is_the_lira_alone(raw, checks):
    panel = [*story.declared("specs/ingest.yaml")["config"]["currencies"], "TRL"]
    results = check.execute(checks, raw.until("2007-06-29"))
    held = [
        each
        for result in results
        for each in result.about(panel, since="2003-12-01").findings
        if each.verdict != "flag"
    ]
    assert [each.columns for each in held] == [("TRL", "TRY")]


def test_a_result_carries_its_inputs_and_is_json(results):
    for each in results.values():
        document = each.document()
        json.dumps(document, allow_nan=False)
        assert document["inputs"]["table"] == "sha256:73db21584dd46cebf5cd6df75ebb6de7afcdeebff52f54d5046ca8e459c0fbb3"


def small(tmp_path: Path, text: str) -> table.Table:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return table.read(path)


def run(kind, data, **settings):
    declared = check.read({"checks": [{"check": "c", "kind": kind, "subject": "dataset/p/x", **settings}]}, "f")
    today = settings.pop("today", "")
    (result,) = check.execute(declared, data, today=today)
    return result


def test_shape_checks(tmp_path):
    data = small(tmp_path, "Date,A,B,\n2020-01-02,1,x,\n2020-01-01,-1,2,\n2020-01-02,N/A,inf,\n")
    assert data.days == ("2020-01-01", "2020-01-02", "2020-01-02")
    assert [each.message for each in run("schema", data, columns=["A", "C"], exact=True).findings] == [
        "there is no column C",
        "B has 1 cells that are neither a number nor missing",
        "the column B is new",
    ]
    assert {each.columns for each in run("ranges", data, above=0).findings} == {("A",), ("B",)}
    assert {each.columns for each in run("ranges", data, above=0, columns=["A", "C"]).findings} == {("A",), ("C",)}
    assert run("uniqueness", data).findings[0].first == "2020-01-02"
    assert run("nulls", data, columns=["A"], share=0.1).verdict == "block"
    assert run("nulls", data, columns=["A"], share=0.5).verdict == "pass"
    assert run("freshness", data, days=3).verdict == "block", "without a day there is no freshness"


def test_freshness_is_judged_on_the_day_that_is_handed_in(tmp_path):
    data = small(tmp_path, "Date,A\n2020-01-02,1\n")
    declared = check.read({"checks": [{"check": "c", "kind": "freshness", "subject": "s", "days": 3}]}, "f")
    assert check.execute(declared, data, today="2020-01-05")[0].passed
    assert not check.execute(declared, data, today="2020-01-06")[0].passed


def test_an_empty_table_is_no_pass(tmp_path):
    data = small(tmp_path, "Date,A\n2020-01-02,1\n").until("2019-01-01")
    assert run("nulls", data, columns=["A"]).verdict == "block"


def test_a_redenomination_within_one_series(tmp_path):
    rows = "".join(f"2020-01-{day:02},{1e6 if day < 10 else 1.01:g}\n" for day in range(1, 20))
    result = run("rebasing", small(tmp_path, "Date,A\n" + rows))
    assert [(each.verdict, each.first, each.columns) for each in result.findings] == [("block", "2020-01-10", ("A",))]


def test_a_series_that_stands_still_to_the_end_is_asked_about(tmp_path):
    rows = "".join(f"2020-01-{day:02},{1 + min(day, 9) / 100:g},{day}\n" for day in range(1, 29))
    result = run("stale", small(tmp_path, "Date,A,B\n" + rows), pegged=0.9)
    assert [each.verdict for each in result.findings] == ["quarantine"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no table"),
        ("Date,A\n", "holds no table"),
        ("Date,A,A\n2020-01-01,1,2\n", "names a column twice"),
        ("Date,A\n01/02/2020,1\n", "line 2: '01/02/2020' is no day"),
        ("Date,A\n2020-02-30,1\n", "is no day"),
        ("Date,A\n2020-W01-1,1\n", "is no day"),
    ],
)
def test_what_is_no_table_says_where(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        small(tmp_path, text)


def test_a_damaged_zip_is_an_error(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(story.RATES.read_bytes()[:5000])
    with pytest.raises(InputError, match="damaged zip"):
        table.read(path)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"check": "c", "kind": "vibes", "subject": "s"}, "is no kind; known are"),
        ({"check": "c", "kind": "jumps"}, "lacks subject"),
        ({"check": "c", "kind": "jumps", "subject": "s", "most": 3}, "no setting 'most'"),
        ({"check": "c", "kind": "jumps", "subject": "s", "least": float("nan")}, "least must be a number"),
        ({"check": "c", "kind": "jumps", "subject": "s", "least": "big"}, "least must be a number"),
        ({"check": "c", "kind": "jumps", "subject": "s", "history": 2.5}, "whole number"),
        ({"check": "c", "kind": "jumps", "subject": "s", "peers": {"A": "B"}}, "list of names"),
        ({"check": "c", "kind": "jumps", "subject": "s", "peers": ["B"]}, "mapping of names"),
        ({"check": "c", "kind": "schema", "subject": "s", "columns": "A"}, "list of names"),
        ({"check": "c", "kind": "schema", "subject": "s", "columns": ["A"], "exact": 1}, "true or false"),
        ({"check": "c", "kind": ["jumps"], "subject": "s"}, "is no kind"),
        ({"check": "c", "kind": "schema", "subject": "s"}, "check c lacks columns:, which a check of schema needs"),
        ({"kind": "jumps"}, "begins with check"),
        ({"check": "c", "kind": "gaps", "subject": "s", "longest": float("inf")}, "longest must be a whole number"),
    ],
)
def test_a_malformed_check_says_what_is_wrong(item, words):
    with pytest.raises(InputError, match=words):
        check.read({"checks": [item]}, "f")


def test_the_gravest_verdict_counts():
    assert finding.worst([]) == "pass"
    order = [finding.Finding(verdict, (), "", "", None, None, "") for verdict in ("flag", "block", "quarantine")]
    assert finding.worst(order) == "block"
    assert np.all([finding.worst([each]) == each.verdict for each in order])
