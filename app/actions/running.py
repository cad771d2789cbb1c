"""Running a specification: what it is given, that it began, what it made, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.actions import runs
from app.actions.answers import Answer, Mark, number, say, table
from ledger.projections import runs as projection

if TYPE_CHECKING:
    from app.actions.context import Context

_CODES = {"ok": 0, "failed": 1, "interrupted": 130}


def run(context: Context, *, spec: str, settings: Sequence[str] = (), project: str | None = None) -> Answer:
    """Run a specification's file once and record it; a failed run is recorded as failed, and gives code 1."""
    from app.pipelines import spec as specs
    from app.pipelines.runner import run_spec

    read = specs.read(context.start / spec, settings)
    home = context.workspace.project(project)
    declared = context.workspace.config.projects.get(home)
    context.progress(0, None, f"running {read.job}")
    result = run_spec(
        context.ledger,
        context.workspace,
        read,
        actor=context.actor,
        project=home,
        team=(declared.team or None) if declared else None,
        trigger="manual",
    )
    made = projection.get(context.ledger.view(), result.run)
    assert made is not None
    lines: list[str] = [say(Mark("title", made.ref), "  ", runs.status(made), f"  {result.reason or ''}".rstrip())]
    lines += table([(Mark("dim", "made"), ref) for ref in result.outputs.values()], indent="  ")
    lines += table(
        [(Mark("dim", "metric"), name, number(value)) for name, value in sorted(result.metrics.items())], indent="  "
    )
    if made.status != "ok" and made.log:
        lines.append(say(Mark("dim", f"what it wrote: {made.log}")))
    return Answer({"run": runs.document(made)}, lines, _CODES.get(made.status, 1))
