"""``assay experiment``: fixed before its first day, not looked at before its end, concluded with an interval."""

from __future__ import annotations

import pytest

from app.rollout.router import Router
from tests.app.demo import tellings
from tests.app.story import Shell

V = "model/fx-hedging/fx-vol"


def values(shell: Shell, days: int, lead: float) -> str:
    rows = ["day,arm,value"]
    for n in range(days):
        day = f"2027-{1 + n // 28:02}-{1 + n % 28:02}"
        rows += [f"{day},fx-vol@2,{5 + n % 7}", f"{day},{V}@3,{5 + n % 7 - lead + 0.1 * (n % 3 - 1)}"]
    (shell.root / "values.csv").write_text("\n".join(rows) + "\n")
    return "values.csv"


@pytest.mark.parametrize(("lead", "winner"), [(1.0, f"{V}@3"), (-1.0, f"{V}@2"), (0.0, "none")])
def test_by_values_from_a_file(demo: Shell, lead: float, winner: str) -> None:
    begun = demo.json("experiment", "start", "e1", "fx-vol@2", "fx-vol@3", "--metric", "cost", "--days", "40")
    assert begun["experiment"]["plan"]["days"] == 40
    early = demo("experiment", "conclude", "--values", values(demo, 39, lead))
    assert (early.code, "39 of 40 days" in early.err) == (1, True)
    done = demo.json("experiment", "conclude", "--values", values(demo, 45, lead))
    assert done["outcome"]["winner"] == winner
    assert done["outcome"]["days"] == 40, "no more than was declared"
    last = tellings.recorded(demo.root)[-1]["value"]
    assert (last["winner"], last["kind"], last["metric"]) == (winner, "shadow", "cost")
    assert demo.json("experiment", "show", "e1")["experiments"][0]["concluded"]["winner"] == winner
    assert "ended before" in demo("experiment", "conclude", "e1").err
    assert demo.json("verify")["ok"]


def test_a_backtest_scores_past_days_with_the_service(demo: Shell) -> None:
    demo.ok(
        *("experiment", "start", "past", "fx-vol@1", "fx-vol@3", "--kind", "backtest"),
        *("--first-day", "2008-10-01", "--days", "60"),
    )
    done = demo.json("experiment", "conclude")
    assert done["outcome"]["days"] == 60
    assert done["outcome"]["leads"][0]["arm"] == f"{V}@3"


def test_an_ab_test_routes_its_arms_until_it_is_over(demo: Shell) -> None:
    demo.ok("experiment", "start", "half", "fx-vol@2", "fx-vol@3", "--kind", "ab", "--metric", "cost", "--days", "30")
    served = Router(demo.root / ".assay" / "routes" / "prod" / "fx-hedging" / "fx-vol.json", refresh=0)
    accounts = [f"M{n:04}" for n in range(1, 501)]
    assert {served.route(each) for each in accounts} == {f"{V}@2", f"{V}@3"}
    demo.ok("experiment", "conclude", "--values", values(demo, 30, 1.0))
    assert {served.route(each) for each in accounts} == {f"{V}@3"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("x", "fx-vol@2", "fx-vol@2"), "two different versions"),
        (("x", "fx-vol@2"), "two different versions"),
        (("x", "fx-vol@2", "ecb-rates"), "is no version of"),
        (("x", "fx-vol@2", "fx-vol@3", "--days", "5"), "30 days at least"),
        (("x", "fx-vol@2", "fx-vol@3", "--first-day", "2001-01-02"), "is past"),
    ],
)
def test_what_is_no_experiment_is_said_in_one_line(demo: Shell, words: tuple[str, ...], complaint: str) -> None:
    before = tellings.size(demo.root)
    said = demo("experiment", "start", *words)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert complaint in said.err
    assert tellings.size(demo.root) == before


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("day,arm,value\n2027-01-04,fx-vol@9,1\n", "line 2: 'fx-vol@9' is no arm"),
        ("day,arm,value\nsoon,fx-vol@2,1\n", "'soon' is no day"),
        ("day,arm,value\n2027-01-04,fx-vol@2,much\n", "cannot be read"),
    ],
)
def test_values_that_cannot_be_used_are_named(demo: Shell, text: str, complaint: str) -> None:
    demo.ok("experiment", "start", "e1", "fx-vol@2", "fx-vol@3", "--metric", "cost")
    (demo.root / "bad.csv").write_text(text)
    said = demo("experiment", "conclude", "--values", "bad.csv")
    assert said.code == 2
    assert complaint in said.err
