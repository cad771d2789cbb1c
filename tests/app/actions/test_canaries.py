"""``assay canary``: declared before its first day, evaluated from the record, promoted on evidence and signatures alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.demo import tellings
from tests.app.story import Shell


def steps(shell: Shell, since: int) -> list[dict[str, Any]]:
    return [each["value"] for each in tellings.recorded(shell.root)[since:] if each["type"] == "deployment.step"]


@pytest.fixture
def begun(demo: Shell) -> Shell:
    """The refreshed model as a canary beside the champion."""
    demo.ok("--as", "svc:deployer", "canary", "start", "fx-vol@2", "--maximum-days", "25")
    return demo


def test_a_plan_is_recorded_before_the_first_day(begun: Shell) -> None:
    started = [each for each in tellings.recorded(begun.root) if each["type"] == "deployment.started"][-1]
    plan = started["value"]["plan"]
    assert (plan["maximum_days"], plan["minimum_days"], plan["alpha_promote"]) == (25, 20, 0.05)
    assert plan["realised"]["accounts"] == 50
    assert plan["shadow_variance"] > 0
    assert plan["champion"] == "model/fx-hedging/fx-vol@3"
    assert started["at"][:10] <= plan["first_day"]


def test_evaluated_in_parts_it_comes_to_what_it_comes_to_at_once(begun: Shell) -> None:
    since = tellings.size(begun.root)
    last = begun.json("canary", "run", "--until", "2009-06-05")["last"]
    assert last["decision"] == "hold"
    part = len(steps(begun, since))
    assert 0 < part < 25
    said = begun.json("canary", "run")
    assert said["days"] == 25 - part
    assert [each["evidence"]["number"] for each in steps(begun, since)] == list(range(1, 26))
    assert said["last"]["decision"] == "inconclusive"
    assert said["deployment"]["status"] == "inconclusive"
    assert begun.json("artifact", "show", "fx-vol@champion")["artifact"]["ref"] == "model/fx-hedging/fx-vol@3"
    assert "no canary is under way" in begun("canary", "run").err
    assert begun.json("verify")["ok"]


def test_no_verdict_no_promotion(begun: Shell) -> None:
    before = tellings.size(begun.root)
    said = begun("canary", "promote")
    assert said.code == 1
    assert "have not said promote" in said.err
    assert tellings.size(begun.root) == before


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("fx-vol@3",), "is live already"),
        (("ecb-rates",), "is no version of model/fx-hedging/fx-vol"),
        (("fx-vol@2", "--first-day", "2008-10-01"), "2008-10-01 is past"),
        (("fx-vol@2", "--first-day", "soon"), "--first-day 'soon' is no day"),
        (("fx-vol@2", "--slice", "1.5"), "fraction"),
        (("fx-vol@2", "--alpha", "0.7"), "alpha"),
        (("fx-vol@2", "--minimum-days", "300"), "minimum"),
    ],
)
def test_what_cannot_be_a_canary_is_said_in_one_line(demo: Shell, words: tuple[str, ...], complaint: str) -> None:
    before = tellings.size(demo.root)
    said = demo("canary", "start", *words)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err
    assert said.err.count("\n") == 1
    assert tellings.size(demo.root) == before
