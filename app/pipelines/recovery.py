"""What a process that was killed left behind: its runs and its pipeline, recorded as interrupted by the next."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from app.pipelines import claims
from ledger import lifecycle
from ledger.errors import Refused
from ledger.events.pipelines import PipelineCompleted
from ledger.ledger import Ledger
from ledger.projections import pipelines, runs
from ledger.projections.pipelines import Execution

LEFT = "its process ended without recording how"


def claim_of(pipeline: str, project: str | None, environment: str | None) -> str:
    """The words by which a pipeline in an environment is claimed."""
    return f"the pipeline {pipeline} of {project}{f' in {environment}' if environment else ''}"


def close_abandoned(ledger: Ledger, actor: str, mine: str = "") -> int:
    """Record what killed processes left: their runs, then their executions, as interrupted. Returns how many runs.

    ``mine`` is the claim that this process holds: whatever goes by it was left by another.
    """
    closed = lifecycle.close_abandoned(ledger, actor=actor)
    for each in pipelines.unfinished(ledger.view()):
        claim = claim_of(each.pipeline, each.project, each.environment)
        if claim != mine and claims.is_claimed(ledger.path, claim):
            continue
        fact = PipelineCompleted(
            each.pipeline,
            each.cause,  # type: ignore[arg-type]  # it was read from an event of this vocabulary
            "interrupted",
            each.execution,
            team=each.team,
            environment=each.environment,
            template=each.template,
            steps=_steps(ledger, each),
            reason=LEFT,
        )
        with suppress(Refused):
            ledger.record(fact, actor=actor, project=each.project, cause=each.seq)
    return len(closed)


def _steps(ledger: Ledger, execution: Execution) -> list[dict[str, Any]]:
    """What became of the steps of an execution, as far as their runs say."""
    view = ledger.view()
    found = []
    for each in pipelines.step_runs(view, execution.pipeline):
        run = runs.get(view, each.run) if each.execution == execution.execution else None
        if run is not None:
            found.append({"step": each.step, "status": run.status, "run": run.run})
    return found
