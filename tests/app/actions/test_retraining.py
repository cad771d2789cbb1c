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
    assert trigger["subject"] == "model/fx-hedging/fx-vol@2"
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
