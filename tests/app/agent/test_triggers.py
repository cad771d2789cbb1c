"""Pipelines that start by themselves: once for each change, whoever looks how often."""

from __future__ import annotations

from pathlib import Path

import pytest

import ledger
from app.pipelines import executors
from app.pipelines.claims import claimed
from app.pipelines.recovery import claim_of
from ledger.events.alerts import AlertRaised, AlertResolved
from ledger.events.monitors import MonitorConfigured
from tests.app.pipelines.works import Works, copy


@pytest.fixture
def works(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Works:
    """A workspace whose pipeline watches its data."""
    monkeypatch.setattr(executors, "default_processes", lambda: 1)
    found = copy("fresh", tmp_path_factory, tmp_path, monkeypatch)
    found.edit("pipelines/fx.yaml", "environments:\n  dev: {}\n  staging: {}\n", "")
    watch(found, "- data: dataset/rates")
    return found


def watch(works: Works, *triggers: str) -> None:
    """Let the pipeline watch these."""
    path = works.root / "pipelines/fx.yaml"
    head = path.read_text().partition("triggers:")[0].rstrip()
    path.write_text("\n".join([head, "triggers:", *(f"  {each}" for each in triggers), ""]))


def look(works: Works, code: int = 0) -> list[str]:
    """One round of the agent; what the duty of triggers says."""
    said = works("--as", "svc", "agent", "--once", "--only", "triggers", "--json")
    assert said.code == code, said
    return [each["line"] for each in said.document["work"]]


def causes(works: Works) -> list[tuple[str, str | None]]:
    return [(each["cause"], each.get("ref")) for each in works.events("pipeline.triggered")]


def test_new_data_has_one_run(works: Works) -> None:
    (line,) = look(works)
    assert line == "fx: ok, 4 steps: 4 ok, because of data (dataset/fx/rates@1)"
    assert look(works) == []
    works.give("1.3")
    works.give("1.4")
    (line,) = look(works)
    assert line.endswith("because of data (dataset/fx/rates@3)")
    assert look(works) == []
    assert causes(works) == [("data", "dataset/fx/rates@1"), ("data", "dataset/fx/rates@3")]
    first = works.events("pipeline.triggered")[0]
    registered = works.events("artifact.registered")[0]
    assert first["_cause"] == registered["_seq"]


def test_a_run_by_hand_has_seen_the_change(works: Works) -> None:
    works.ok("--as", "ada", "pipeline", "run", "--processes", "1")
    assert look(works) == []


def test_changed_code_and_configuration_are_a_push(works: Works) -> None:
    watch(works, "- code: true", "- config: true")
    look(works)
    assert look(works) == []
    works.edit("src/work.py", "import json, os", "import os, json")
    (line,) = look(works)
    assert "because of push (code sha256:" in line
    works.edit("specs/train.yaml", "seed: 7", "seed: 8")
    (line,) = look(works)
    assert "1 reused" not in line
    assert "because of push (config sha256:" in line
    assert look(works) == []


def test_a_folder_of_code(works: Works) -> None:
    works.write("lib/x.py", "x = 1\n")
    watch(works, "- code: lib")
    look(works)
    works.edit("src/work.py", "import json, os", "import os, json")
    assert look(works) == []
    works.write("lib/x.py", "x = 2\n")
    assert len(look(works)) == 1


def test_a_schedule_has_one_run_for_each_time_it_is_due(works: Works) -> None:
    watch(works, "- schedule: every 1 minutes")
    (line,) = look(works)
    assert "because of schedule (every 1 minutes, due " in line
    watch(works, "- schedule: 0 0 1 1 *")
    assert len(look(works)) == 1
    assert look(works) == []


def test_an_alert_has_one_run(works: Works) -> None:
    watch(works, "- alert: {monitor: drifting, severity: high}")
    assert look(works) == []
    with ledger.open(works.ledger) as book:
        subject = "model/fx/fx@1"
        book.record(MonitorConfigured("drifting", "drift", 0.5, "risk"), subject=subject, actor="svc", project="fx")
        for name, severity in (("a1", "low"), ("a2", "high")):
            alert = AlertRaised(name, "drifting", severity, "it drifts", False)
            book.record(alert, subject=subject, actor="svc", project="fx")
    (line,) = look(works)
    assert line.endswith("because of drift (alert/a2)")
    assert look(works) == []
    with ledger.open(works.ledger) as book:
        book.record(AlertResolved("a2", "retrained"), actor="svc", project="fx")
    assert look(works) == []


def test_environments_have_a_run_each(works: Works) -> None:
    works.edit("pipelines/fx.yaml", "steps:", "environments: {dev: {}, staging: {}}\nsteps:")
    assert [each.partition(":")[0] for each in look(works)] == ["fx in dev", "fx in staging"]
    assert look(works) == []


def test_a_failed_run_is_not_tried_again_without_a_change(works: Works) -> None:
    works.edit("specs/features.yaml", "fail: false", "fail: true")
    (line,) = look(works)
    assert "failed" in line
    assert look(works) == []


def test_a_pipeline_that_runs_now_is_left_alone(works: Works) -> None:
    with claimed(works.ledger, claim_of("fx", "fx", None), "ada", "2026"):
        assert look(works) == []
    assert len(look(works)) == 1


def test_one_that_cannot_be_read_is_told_and_the_others_run(works: Works) -> None:
    works.write("pipelines/a.yaml", "pipeline: a\nsteps:\n  x: {run: gone.yaml}\ntriggers: [{code: true}]\n")
    lines = look(works, code=1)
    assert lines[0].startswith("fx: ok")
    assert "a.yaml, line 3: there is no specification gone.yaml" in lines[1]


def test_no_trigger_no_run(works: Works) -> None:
    works.edit("pipelines/fx.yaml", "triggers:\n  - data: dataset/rates\n", "")
    assert look(works) == []
    assert causes(works) == []
