"""``assay canary``: declared before its first day, evaluated from the record, promoted on evidence and signatures alone."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from app.actions import rolling
from app.actions.context import Context
from ledger.errors import InputError
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


PLAN = """\
canary:
  salt: s
  slices: [0.1]
  minimum_days: 20
  maximum_days: 250
  shadow_days: 250
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minimum_days: 20", "minimum_day: 20", "line 4: a canary's plan has no 'minimum_day'; did you mean"),
        ("minimum_days: 20", "minimum_days: 300", "line 4: a canary needs 1 ≤ minimum ≤ maximum days"),
        ("slices: [0.1]", "slices: 0.1", "line 3: slices must be a list of numbers, not 0.1"),
        ("slices: [0.1]", "slices: [.nan]", "line 3: a canary's slices must be ascending"),
        ("salt: s", "salt: 7", "line 2: salt must be a word, not 7"),
        ("  salt: s\n", "", "line 1: a canary's plan is incomplete: add salt:"),
        ("shadow_days: 250", "shadow_days: 0", "line 6: shadow_days must be a whole number from 1"),
        ("shadow_days: 250", "shadow_days: 250\n  clip: -1", "line 1: a bet needs clip > 0"),
        ("shadow_days: 250", "shadow_days: 250\n  shadow_variance: 2", "line 7: shadow_variance is measured"),
        ("canary:", "canaries:", "line 1: a rollout has no 'canaries'; did you mean 'canary'?"),
        (PLAN, "canary: [1]", "line 1: canary must be a mapping"),
        (PLAN, "", "a rollout must be a mapping, key: value, not nothing"),
    ],
)
def test_what_rollout_yaml_cannot_say_is_named_by_its_line(shell: Shell, old: str, new: str, said: str) -> None:
    (shell.root / "rollout.yaml").write_text(PLAN.replace(old, new))
    with closing(Context(start=shell.root)) as context, pytest.raises(InputError) as caught:
        rolling._declared_plan(context, {})
    assert str(caught.value).startswith("rollout.yaml")
    assert said in str(caught.value)


def test_a_plan_keeps_to_what_the_documentation_says_holds_by_default(shell: Shell) -> None:
    (shell.root / "rollout.yaml").write_text(PLAN)
    with closing(Context(start=shell.root)) as context:
        days, plan = rolling._declared_plan(context, {"slices": [0.2]})
        assert (days, plan.method, plan.slices) == (250, "hash", (0.2,))
        with pytest.raises(InputError, match=r"^alpha_promote must lie between"):
            rolling._declared_plan(context, {"alpha_promote": 0.7})
