"""Executions of pipelines as documents and lines: what each came to, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.actions.answers import Answer, Mark, counted, moment, say, state, table
from ledger.errors import InputError
from ledger.projections import pipelines

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.outcome import Done, Outcome
    from app.pipelines.plan import Plan, Step
    from ledger.projections.pipelines import Execution

_ROLES = {"ok": "good", "reused": "quiet", "failed": "bad", "interrupted": "warn", "skipped": "warn", "running": "live"}


def history(context: Context, *, pipeline: str | None = None, count: int = 20) -> Answer:
    """The newest executions of a pipeline or of all, oldest of them first."""
    if count < 0:
        raise InputError(f"-n {count}: a count is 0 (for all) or more")
    view = context.view
    found = pipelines.executions(view, pipeline=pipeline)[-count:]
    rows = [
        (
            standing(each),
            each.pipeline,
            each.environment or "",
            each.cause,
            Mark("dim", moment(each.at)),
            each.actor,
            each.reason or " ".join(each.stages),
        )
        for each in found
    ]
    lines = table(rows, ("", "pipeline", "environment", "cause", "began", "by", "stages")) or [
        say(Mark("dim", "no pipeline has run yet"))
    ]
    return Answer({"at": view.at, "executions": [execution(each) for each in found]}, lines)


def execution(found: Execution) -> dict[str, Any]:
    """An execution as JSON."""
    return {
        "execution": found.execution,
        "pipeline": found.pipeline,
        "project": found.project,
        "environment": found.environment,
        "team": found.team,
        "template": found.template,
        "cause": found.cause,
        "ref": found.ref,
        "status": found.status,
        "reason": found.reason,
        "stages": list(found.stages),
        "steps": list(found.steps),
        "parameters": found.parameters,
        "actor": found.actor,
        "seq": found.seq,
        "at": found.at,
        "ended_seq": found.ended_seq,
        "ended_at": found.ended_at,
        "seconds": found.seconds,
    }


def standing(last: Execution) -> Mark:
    """How an execution ended, as glyph and word."""
    return state(_ROLES.get(last.status, "warn"), last.status)


def named(plan: Plan) -> str:
    """A pipeline and where it runs."""
    return f"{plan.pipeline} in {plan.environment}" if plan.environment else plan.pipeline


def summed(outcome: Outcome) -> str:
    """An outcome in one line: ``fx-vol in dev: ok, 8 steps: 6 reused, 2 ok``."""
    came = [each.status for each in outcome.done]
    counts = ", ".join(f"{came.count(each)} {each}" for each in dict.fromkeys(came))
    why = f"; {outcome.reason}" if outcome.reason else ""
    return f"{named(outcome.plan)}: {outcome.status}, {counted(len(came), 'step')}: {counts}{why}"


def told(outcome: Outcome) -> list[str]:
    """An outcome as lines."""
    plan = outcome.plan
    if outcome.execution is None:
        head = say(Mark("title", named(plan)), "  ", state("good", "nothing to do"), "  every result still holds")
    else:
        verdict = state(_ROLES[outcome.status], outcome.status)
        came = [each.status for each in outcome.done]
        counts = ", ".join(f"{came.count(each)} {each}" for each in dict.fromkeys(came))
        head = say(Mark("title", named(plan)), "  ", verdict, f"  {counted(len(came), 'step')}: {counts}")
    lines: list[str] = [head]
    if outcome.closed:
        left = state("warn", f"{counted(outcome.closed, 'run')} of a killed process")
        lines.append(say("  ", left, " recorded as interrupted"))
    rows = [(state(_ROLES[each.status], each.status), each.step.name, *_came_to(each)) for each in outcome.done]
    return [*lines, *table(rows, indent="  ")]


def _came_to(done: Done) -> tuple[str, str]:
    made = ", ".join(each.ref for each in done.outputs.values())
    ref = f"run/{done.run[:12]}" if done.run else ""
    said = done.reason or (made if done.status == "reused" else "; ".join([*([made] if made else []), *done.reasons]))
    return ref, said


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON."""
    return {
        "pipeline": outcome.plan.pipeline,
        "environment": outcome.plan.environment,
        "execution": outcome.execution,
        "status": outcome.status,
        "reason": outcome.reason,
        "closed": outcome.closed,
        "steps": [_done(each) for each in outcome.done],
    }


def _done(done: Done) -> dict[str, Any]:
    return {
        "step": done.step.name,
        "stage": done.step.stage,
        "status": done.status,
        "run": done.run,
        "reasons": list(done.reasons),
        "reason": done.reason,
        "outputs": outputs(done.step, done.outputs),
        "metrics": dict(done.metrics),
    }


def outputs(step: Step, outputs: Any) -> list[dict[str, str]]:
    """What a step made, as JSON."""
    return [
        {"output": name, "ref": each.ref, "sha256": each.digest} for name, each in outputs.items() if name in step.makes
    ]
