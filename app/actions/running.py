"""Running a specification: what it is given, that it began, what it made, how it ended; once, or as a sweep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.actions import runs
from app.actions.answers import Answer, Mark, counted, number, say, table
from ledger.errors import InputError
from ledger.projections import runs as projection

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.runner import RunResult
    from app.pipelines.spec import Spec
    from ledger.projections.runs import Run

_CODES = {"ok": 0, "failed": 1, "interrupted": 130}
_EXPERIMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", re.ASCII)


def run(
    context: Context,
    *,
    spec: str,
    settings: Sequence[str] = (),
    experiment: str | None = None,
    make_container: str | None = None,
    project: str | None = None,
) -> Answer:
    """Run a specification's file and record it, once for each combination of the settings' values.

    Code 1 where a run failed, which is recorded as failed and does not end a sweep; 130 after an interruption, which does.
    """
    from app.pipelines import spec as specs
    from app.pipelines import sweep

    if make_container is not None and (context.start / make_container).is_file():
        raise InputError(
            f"--make-container {make_container} is a file; name the folder for the Containerfile and its lock"
        )
    if experiment is not None and not _EXPERIMENT.fullmatch(experiment):
        raise InputError(f"--experiment {experiment}: a name has letters, digits and . _ - and at most 100 of them")
    combinations = sweep.combinations(settings)
    read = [specs.read(context.start / spec, each) for each in combinations]
    if len(read) == 1:
        result = _run(context, read[0], experiment, project)
        made = _recorded(context, result)
        document = {"run": runs.document(made), "runs": [runs.document(made)], "experiment": experiment}
        answer = Answer(document, _lines(made, result), _CODES.get(made.status, 1))
    else:
        answer = _swept(context, read, combinations, experiment, project)
    return answer if make_container is None else _contained(context, answer, make_container)


def _contained(context: Context, answer: Answer, folder: str) -> Answer:
    """The answer, after what ran was written as a Containerfile and a lock; nothing is written of a failure."""
    from app.pipelines import containerfile

    digest = answer.document["runs"][-1]["runtime"]
    if answer.code:
        return answer
    written = containerfile.write(context.start / folder, context.ledger.objects.read(digest), digest)
    told = table([(Mark("dim", "written"), str(each)) for each in written], indent="  ")
    return answer._replace(lines=[*answer.lines, *told])


def _swept(
    context: Context,
    read: Sequence[Spec],
    combinations: Sequence[tuple[str, ...]],
    experiment: str | None,
    project: str | None,
) -> Answer:
    from ledger.lifecycle import new_run

    name = experiment or f"{read[0].job}-{new_run()[:8]}"
    made: list[Run] = []
    for n, each in enumerate(read):
        context.progress(n, len(read), f"running {each.job}: {' '.join(combinations[n])}")
        made.append(_recorded(context, _run(context, each, name, project)))
        if made[-1].status == "interrupted":
            break
    metrics = sorted({metric for each in made for metric in each.metrics})[:4]
    rows = [
        (each.ref[:16], " ".join(setting), runs.status(each), *(each.metrics.get(metric) for metric in metrics))
        for each, setting in zip(made, combinations, strict=False)
    ]
    lines: list[str] = [say(Mark("title", name), f"  {counted(len(made), 'run')} of {len(read):,}")]
    lines += table(rows, ("run", "settings", "status", *metrics), indent="  ")
    lines.append(say(Mark("dim", f"all of it: `assay runs compare --experiment {name}`")))
    document = {"run": None, "runs": [runs.document(each) for each in made], "experiment": name}
    return Answer(document, lines, max(_CODES.get(each.status, 1) for each in made))


def _run(context: Context, spec: Spec, experiment: str | None, project: str | None) -> RunResult:
    from app.pipelines.runner import run_spec

    home = context.workspace.project(project)
    declared = context.workspace.config.projects.get(home)
    context.progress(0, None, f"running {spec.job}")
    return run_spec(
        context.ledger,
        context.workspace,
        spec,
        actor=context.actor,
        project=home,
        team=(declared.team or None) if declared else None,
        trigger="manual",
        experiment=experiment,
    )


def _recorded(context: Context, result: RunResult) -> Run:
    made = projection.get(context.ledger.view(), result.run)
    assert made is not None
    return made


def _lines(made: Run, result: RunResult) -> list[str]:
    lines: list[str] = [say(Mark("title", made.ref), "  ", runs.status(made), f"  {result.reason or ''}".rstrip())]
    lines += table([(Mark("dim", "made"), ref) for ref in result.outputs.values()], indent="  ")
    lines += table(
        [(Mark("dim", "metric"), name, number(value)) for name, value in sorted(result.metrics.items())], indent="  "
    )
    if made.status != "ok" and made.log:
        lines.append(say(Mark("dim", f"what it wrote: {made.log}")))
    return lines
