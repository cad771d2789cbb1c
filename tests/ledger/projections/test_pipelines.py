"""Pipelines as the record has them: executions, the runs of their steps, adopted templates."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.events import Fact
from ledger.events.pipelines import PipelineCompleted, PipelineTriggered, TemplateAdopted
from ledger.events.runs import RunStarted
from ledger.projections import View, folding, pipelines
from ledger.store.journal import Draft
from tests.ledger.projections import histories


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with histories.projections() as made:
        yield made


def told(connection: sqlite3.Connection, *facts: Fact) -> View:
    drafts = [Draft(each.TYPE, each.about("fx") or "x", "fx", "ada", each.to_value()) for each in facts]
    folding.fold(connection, histories.placed(drafts))
    return View(connection, len(facts) - 1)


def step(**more: Any) -> RunStarted:
    said = {"pipeline": "p", "step": "train", "environment": "dev", "execution": "e1", **more}
    return RunStarted("r1", "train", "training", parameters={"step": said})


def test_an_execution_from_its_beginning_to_its_end(connection: sqlite3.Connection) -> None:
    begun = PipelineTriggered("p", "data", "e1", ref="dataset/fx/a@1", environment="dev", seen={"data": "x"})
    other = PipelineTriggered("p", "manual", "e2")
    done = PipelineCompleted("p", "data", "ok", "e1", stages=["train"], steps=[{"step": "train"}], seconds=1.5)
    view = told(connection, begun, other, done)
    one, two = pipelines.executions(view, pipeline="p", project="fx")
    assert (one.status, one.ended_seq, one.stages, one.seconds) == ("ok", 2, ("train",), 1.5)
    assert (one.cause, one.ref, one.seen, one.environment) == ("data", "dataset/fx/a@1", {"data": "x"}, "dev")
    assert (two.status, two.ended_at, two.steps) == ("running", None, ())
    assert pipelines.unfinished(view) == [two]
    assert [each.status for each in pipelines.executions(View(connection, 1))] == ["running", "running"]
    assert pipelines.executions(view, pipeline="q") == []


def test_the_runs_of_a_step(connection: sqlite3.Connection) -> None:
    view = told(connection, step(), step(environment=None), step(step="test"), RunStarted("r2", "train", "training"))
    assert [each.seq for each in pipelines.step_runs(view, "p", "train")] == [0, 1]
    assert [each.seq for each in pipelines.step_runs(view, "p", "train", environment="")] == [1]
    assert [each.step for each in pipelines.step_runs(view, "p")] == ["train", "train", "test"]


@pytest.mark.parametrize("odd", ["train", 7, {"pipeline": 1}, {"pipeline": "p"}, {"pipeline": "p", "step": []}])
def test_what_only_looks_like_a_step(connection: sqlite3.Connection, odd: Any) -> None:
    view = told(connection, RunStarted("r1", "train", "training", parameters={"step": odd}))
    assert pipelines.step_runs(view, "p") == []


def test_templates(connection: sqlite3.Connection) -> None:
    view = told(connection, TemplateAdopted("standard", 1, "quant", "p"), TemplateAdopted("other", 1, "risk"))
    (one,) = pipelines.adoptions(view, "standard")
    assert (one.version, one.team, one.pipeline) == (1, "quant", "p")
    assert len(pipelines.adoptions(view)) == 2
