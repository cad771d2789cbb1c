"""Sweeps and comparisons: many runs of one specification, and what sets them apart."""

from __future__ import annotations

import pytest

import ledger
from app.actions import registry
from tests.app.actions.test_running import CODE, SPEC
from tests.app.actions.test_shapes import _hold
from tests.app.story import PROJECT, RUN, Shell


@pytest.fixture
def ready(shell: Shell) -> Shell:
    """The story's workspace, with a specification."""
    (shell.root / "code").mkdir()
    (shell.root / "code" / "summarise.py").write_text(CODE)
    (shell.root / "summarise.yaml").write_text(SPEC)
    return shell


def test_a_sweep_is_a_run_for_each_value_in_one_experiment(ready: Shell) -> None:
    said = ready.json("--as", "lea", "run", "summarise.yaml", "--set", "scale=1,2,3")
    _hold(said, registry.get("run").gives, "run")
    assert [each["metrics"]["scale"] for each in said["runs"]] == [1, 2, 3]
    assert said["experiment"].startswith("summarise-")
    assert {each["experiment"] for each in said["runs"]} == {said["experiment"]}
    found = ready.json("runs", "--experiment", said["experiment"])["runs"]
    assert [each["run"] for each in found] == [each["run"] for each in said["runs"]]
    assert ready.json("verify")["ok"]


def test_a_failure_does_not_end_a_sweep_and_its_code_is_1(ready: Shell) -> None:
    said = ready("--as", "lea", "run", "summarise.yaml", "--set", "scale=1,-1,2", "--experiment", "scales")
    assert said.code == 1
    words = said.out.split()
    assert (words.count("ok"), words.count("failed")) == (2, 1)
    assert [each["status"] for each in ready.json("runs", "--experiment", "scales")["runs"]] == ["ok", "failed", "ok"]


def test_a_sweep_that_cannot_be_run_whole_is_not_begun(ready: Shell) -> None:
    before = ready.json("verify")["head"]
    for words in (("--set", "scale=1,2", "--set", "scael=1"), ("--set", "scale=1,"), ("--experiment", "../x")):
        assert ready("--as", "lea", "run", "summarise.yaml", *words).code == 2
    assert ready.json("verify")["head"] == before


def test_what_differs_between_runs_comes_first(ready: Shell) -> None:
    made = ready.json("--as", "lea", "run", "summarise.yaml", "--set", "scale=1,2")["runs"]
    names = [each["run"] for each in made]
    document = ready.json("runs", "compare", *names)
    _hold(document, registry.get("runs compare").gives, "runs compare")
    rows = {(row["kind"], row["name"]): row for row in document["rows"]}
    assert rows["parameter", "scale"]["values"] == [1, 2]
    assert rows["metric", "scale"]["values"] == [1, 2]
    assert rows["parameter", "seed"]["values"] == [7, 7]
    assert rows["input", f"dataset/{PROJECT}/ecb-rates"]["differs"] is False
    assert rows["output", f"document/{PROJECT}/summary"]["differs"] is True
    order = [row["differs"] for row in document["rows"]]
    assert order == sorted(order, reverse=True)
    plain = " ".join(ready.ok("runs", "compare", *names, "--plain").out.split())
    assert plain.index("parameter scale") < plain.index("the same") < plain.index("parameter seed")
    less = ready.json("runs", "compare", "--experiment", made[0]["experiment"], "--differing")
    assert {row["name"] for row in less["rows"]} == {"scale", f"document/{PROJECT}/summary"}


def test_runs_that_read_an_older_version_are_stale(ready: Shell) -> None:
    first = ready.json("--as", "lea", "run", "summarise.yaml")["run"]["run"]
    assert ready.json("runs")["stale"] == {}
    (ready.root / "rates.csv").write_text("day,usd\n2008-09-18,1.43\n")
    ready.ok("--as", "lea", "artifact", "register", "rates.csv", "--kind", "dataset", "--name", "ecb-rates")
    newer = f"dataset/{PROJECT}/ecb-rates@2"
    assert ready.json("runs")["stale"] == {RUN: [newer], first: [newer]}
    assert "ok, stale" in ready.ok("runs").out
    assert f"{newer} is newer" in ready.ok("runs", "show", first).out
    assert f"{newer} is newer" in ready.ok("runs", "compare", RUN, first).out
    second = ready.json("--as", "lea", "run", "summarise.yaml")["run"]["run"]
    assert second not in ready.json("runs")["stale"]


def test_metrics_over_steps_are_shown_with_their_run(ready: Shell) -> None:
    with (
        ledger.open(ready.ledger) as book,
        book.run("fit", project=PROJECT, actor="lea", experiment="fits", config={"rate": 0.1}) as run,
    ):
        for step in range(100):
            run.metric("loss", 1 / (step + 1), step=step)
    words = " ".join(ready.ok("runs", "show", run.run).out.split())
    assert "series loss 100 steps 1 → 0.01, between 0.01 and 1" in words
    assert ready.json("runs", "show", run.run)["run"]["series"].startswith("sha256:")
    rows = ready.json("runs", "compare", RUN, run.run)["rows"]
    assert {"kind": "parameter", "name": "rate", "values": [None, 0.1], "differs": True} in rows


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "two runs or more"),
        ((RUN,), "two runs or more"),
        ((RUN, RUN), "two runs or more"),
        (("--experiment", "none"), "no experiment"),
    ],
)
def test_too_few_to_compare_is_said(ready: Shell, words: tuple[str, ...], says: str) -> None:
    said = ready("runs", "compare", *words)
    assert said.code == 2
    assert says in said.err


def test_runs_of_older_code_are_stale(ready: Shell) -> None:
    first = ready.json("--as", "lea", "run", "summarise.yaml")["run"]["run"]
    (ready.root / "code" / "more.py").write_text("x = 1\n")
    second = ready.json("--as", "lea", "run", "summarise.yaml")["run"]["run"]
    assert ready.json("runs")["stale"] == {first: [f"code/{PROJECT}/code@2"]}
    assert "code/fx-hedging/code@2 is newer" in ready.ok("runs", "show", first).out
    (ready.root / "code" / "more.py").unlink()
    ready.ok("--as", "lea", "run", "summarise.yaml")
    assert set(ready.json("runs")["stale"]) == {second}
