"""``assay retrain``: linked to its alert, and taken up where it was cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.actions import retraining
from app.actions.context import Context
from ledger.errors import InputError
from tests.app.demo import tellings
from tests.app.story import Shell

WINDOW = ("--first", "2006-01-02", "--last", "2008-12-31")


def alert(shell: Shell) -> str:
    found: str = shell.json("alerts")["alerts"][-1]["alert"]
    return found


def of(root: Path, since: int, *types: str) -> list[dict[str, Any]]:
    return [each for each in tellings.recorded(root)[since:] if each["type"] in types]


def test_a_new_version_is_linked_to_the_alert_as_its_cause(demo: Shell) -> None:
    since, name = tellings.size(demo.root), alert(demo)
    made = demo.json("--as", "ada", "retrain", name, *WINDOW)
    assert made["because"] == f"alert/{name}"
    (trigger,) = of(demo.root, since, "retraining.triggered")
    assert trigger["subject"] == "model/fx-hedging/fx-vol@3"
    runs = of(demo.root, since, "run.started")
    assert [each["value"]["job"] for each in runs] == ["ingest", "features", "train"]
    assert {each["cause"] for each in runs} == {trigger["seq"]}
    raised = [each for each in of(demo.root, 0, "alert.raised") if each["value"]["alert"] == name]
    assert trigger["cause"] == raised[0]["seq"]
    assert demo.json("artifact", "show", made["model"])["artifact"]["run"] == runs[-1]["value"]["run"]


def test_what_was_cut_off_is_gone_on_with_and_nothing_done_twice(demo: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    since, name = tellings.size(demo.root), alert(demo)
    succeeded = retraining.succeeded

    def cut(context: Context, spec: str, *rest: Any, **how: Any) -> Any:
        if "train" in spec:
            raise KeyboardInterrupt
        return succeeded(context, spec, *rest, **how)

    with monkeypatch.context() as patched:
        patched.setattr(retraining, "succeeded", cut)
        assert demo("--as", "ada", "retrain", name, *WINDOW).code == 130
    demo.ok("--as", "ada", "retrain", name, *WINDOW)
    assert len(of(demo.root, since, "retraining.triggered")) == 1
    assert [each["value"]["job"] for each in of(demo.root, since, "run.started")] == ["ingest", "features", "train"]
    demo.ok("--as", "ada", "retrain", name, *WINDOW)
    assert len(of(demo.root, since, "retraining.triggered")) == 2, "asked for again, it is done again"


def test_a_run_that_fails_is_recorded_and_told(demo: Shell) -> None:
    since = tellings.size(demo.root)
    said = demo("--as", "ada", "retrain", alert(demo), "--first", "2008-12-01", "--last", "2008-12-03")
    assert said.code == 2
    assert "of specs/train.yaml failed" in said.err or "of specs/features.yaml failed" in said.err
    assert of(demo.root, since, "run.completed")[-1]["value"]["status"] == "failed"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("nothing", *WINDOW), "there is no alert nothing"),
        (("ALERT", "--first", "2008", "--last", "2008-12-31"), "--first '2008' is no day"),
        (("ALERT", "--first", "2008-12-31", "--last", "2008-01-02"), "cannot begin on 2008-12-31"),
    ],
)
def test_what_cannot_be_retrained_is_said_in_one_line(demo: Shell, words: tuple[str, ...], complaint: str) -> None:
    before = tellings.size(demo.root)
    said = demo("--as", "ada", "retrain", *(alert(demo) if word == "ALERT" else word for word in words))
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err
    assert tellings.size(demo.root) == before


def test_once_takes_up_only_what_had_the_same_cause_and_configuration(demo: Shell) -> None:
    with Context(start=demo.root, writes=True, actor="ada") as context:
        first = retraining.once(context, "specs/mandates.yaml", trigger="manual", cause=5)
        assert retraining.once(context, "specs/mandates.yaml", trigger="manual", cause=5) == first
        other = retraining.once(context, "specs/mandates.yaml", ["accounts=10"], trigger="manual", cause=5)
        assert other.run != first.run
        assert retraining.once(context, "specs/mandates.yaml", trigger="manual", cause=6).run != first.run
        with pytest.raises(InputError):
            retraining.once(context, "specs/mandates.yaml", ["accounts=-1"], trigger="manual", cause=5)


def test_rules_call_for_a_retraining_that_starts_as_a_canary_and_for_no_second(demo: Shell) -> None:
    since = tellings.size(demo.root)
    rules = demo.root / "retraining.yaml"
    rules.write_text(
        "rules:\n  - {rule: yellow-zone, monitor: value-at-risk, at_least: 5}\n"
        "cool_down: 0\nruns: 9\nwithin: 365\nyears: 3\ncanary: true\n"
    )
    made = demo.json("--as", "svc:monitor", "retrain")
    assert made["rule"] == "yellow-zone"
    (trigger,) = of(demo.root, since, "retraining.triggered")
    assert (trigger["value"]["rule"], trigger["value"]["ref"]) == ("yellow-zone", made["because"])
    runs = of(demo.root, since, "run.started")
    assert {each["cause"] for each in runs} == {trigger["seq"]}
    (started,) = of(demo.root, since, "deployment.started")
    assert (started["subject"], started["cause"]) == (made["model"], made["seq"])
    assert f"deployment/{started['value']['deployment']}" == made["canary"]
    assert "nothing to do" in demo.ok("--as", "svc:monitor", "retrain").out, "the alert is answered"
    assert len(of(demo.root, since, "retraining.triggered")) == 1
    assert demo.json("verify")["ok"]


def test_while_a_candidate_is_on_trial_no_rule_calls_for_another(demo: Shell) -> None:
    demo.ok("--as", "svc:deployer", "canary", "start", "fx-vol@2", "--maximum-days", "25")
    since = tellings.size(demo.root)
    (demo.root / "retraining.yaml").write_text(
        "rules:\n  - {rule: one, all: [value-at-risk]}\ncool_down: 0\nruns: 9\nwithin: 365\nyears: 3\ncanary: true\n"
    )
    said = demo.json("--as", "svc:monitor", "retrain")
    assert said["model"] is None
    assert "fx-vol-v2-canary-2 is under way" in said["reason"]
    assert tellings.size(demo.root) == since


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cool_down": 9999}, "days are to pass"),
        ({"runs": 1, "within": 99999}, "the budget is spent"),
    ],
)
def test_a_cool_down_and_a_budget_hold_rules_back(demo: Shell, changes: dict[str, int], words: str) -> None:
    since = tellings.size(demo.root)
    settings = {"cool_down": 0, "runs": 9, "within": 365, "years": 3, **changes}
    (demo.root / "retraining.yaml").write_text(
        "rules:\n  - {rule: one, all: [value-at-risk]}\n"
        + "".join(f"{key}: {value}\n" for key, value in settings.items())
        + "canary: false\n"
    )
    said = demo.json("retrain")
    assert said["model"] is None
    assert words in said["reason"]
    assert tellings.size(demo.root) == since


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules: []\n", "retraining.yaml, line 1: retraining lacks 'cool_down': add cool_down:"),
        (
            "rules: []\ncool_down: 1\nruns: 1\nwithin: 1\nyears: 1\ncanary: true\n",
            "line 1: rules must be a list of at least one",
        ),
        ("rules: [{rule: x}]\ncool_down: 1\nruns: 1\nwithin: 1\nyears: 1\ncanary: true\n", "line 1: a rule is"),
        (
            "rules: [{rule: x, all: [m]}]\ncool_down: 1\nruns: 0\nwithin: 1\nyears: 1\ncanary: true\n",
            "line 3: runs must be",
        ),
        (
            "rules: [{rule: x, all: [m]}]\ncool_down: 1\nruns: 1\nwithin: 1\nyears: 1\ncanary: true\n",
            "line 1: rule x asks for the monitor m,",
        ),
        (
            "rules: [{rule: x, all: m}]\ncool_down: 1\nruns: 1\nwithin: 1\nyears: 1\ncanary: true\n",
            "all must be a list",
        ),
        ("cool_down: 1\n\nrun: 1\n", "line 3: retraining has no 'run'; did you mean 'runs'?"),
    ],
)
def test_rules_that_mean_nothing_are_said_in_one_line(demo: Shell, text: str, words: str) -> None:
    (demo.root / "retraining.yaml").write_text(text)
    said = demo("retrain")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert words in said.err
