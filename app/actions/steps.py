"""The hands of a pipeline: its data checks, tests, expectations, gates and promotions, by the workspace's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import gates as gating
from app.pipelines.decision import Local, unmet
from ledger.errors import Refused
from ledger.events.approvals import PromotionRecorded
from ledger.events.checks import CheckConfigured, CheckExecuted
from ledger.projections import approvals, artifacts, checks

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.plan import Plan, Step
    from ledger.projections.artifacts import Artifact
    from ledger.projections.runs import Run
    from ledger.store.objects import Stored


class WorkspaceHands:
    """What the steps of a workspace's pipelines do besides running, recorded as whoever acts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def source(self, kind: str) -> Stored:
        """The source of what packs or checks, stored as a folder."""
        if kind == "package":
            from app.pipelines import packaging

            files = [Path(packaging.__file__)]
        else:
            from app.monitoring import quality

            files = [each for folder in quality.__path__ for each in sorted(Path(folder).glob("*.py"))]
        return self._context.ledger.objects.put_directory(files[0].parent, [each.name for each in files])

    def checks(self, subject: Artifact, options: Mapping[str, Any]) -> dict[str, Any]:
        """How ``checks.yaml`` sets up the data checks of an artifact, with the step's own columns and mapping."""
        from app.actions import quality
        from app.pipelines import yamltext

        path = self._context.workspace.root / quality.FILE
        data = yamltext.read(path, "declaration of checks", quality.FILE).value if path.is_file() else None
        listed = data.get("checks", []) if isinstance(data, dict) else []
        own = [each for each in listed if isinstance(each, dict) and quality.is_about(each.get("subject"), subject)]
        mapping = self._mapping(options)
        return {
            "checks": own,
            "columns": options.get("columns"),
            "mapping": None if mapping is None else mapping.digest,
        }

    def check(self, subject: Artifact, options: Mapping[str, Any], run: str) -> Local:
        """Run the declared data checks; what stops the work on the step's columns fails it."""
        from app.actions import quality

        results = quality.checked(self._context, subject, self._mapping(options))
        columns = options.get("columns")
        chosen = [each.about(list(columns)) for each in results] if columns else list(results)
        stopped = [each.check for each in chosen if not each.passed]
        metrics = {"checks": float(len(chosen)), "findings": float(sum(len(each.findings) for each in chosen))}
        reason = f"{subject.ref} does not pass {', '.join(stopped)}; `assay check run {subject.ref}` has the findings"
        return Local(not stopped, reason if stopped else None, metrics)

    def tested(self, run: Run, step: Step) -> None:
        """Record a test's verdict on the code that it ran on."""
        context = self._context
        code = artifacts.by_digest(context.ledger.view(), run.code) if run.code else []
        fact = CheckExecuted(
            check=step.name,
            kind=str(step.options.get("check", "unit")),
            passed=run.status == "ok",
            value=run.exit_code,
            threshold=0,
            run=run.run,
            pipeline=_pipeline(run),
        )
        subject = code[-1].ref if code else run.ref
        context.ledger.record(fact, subject=subject, actor=context.actor, project=run.project, cause=run.ended_seq)

    def configure(self, plan: Plan, step: Step) -> None:
        """Record what is expected of a step's metrics, before it runs, where it was not expected so before."""
        context = self._context
        subject = _judged_base(step) or f"project/{plan.project}"
        known = {each.check: each.threshold for each in checks.configured(context.ledger.view(), subject)}
        for metric, bounds in step.options.get("expect", {}).items():
            name, (kind, limits) = _check(step, metric), _expectation(bounds)
            if known.get(name) != limits:
                fact = CheckConfigured(check=name, kind=kind, threshold=limits)
                context.ledger.record(fact, subject=subject, actor=context.actor, project=plan.project)

    def judged(self, step: Step, run: Run) -> list[str]:
        """Hold a run's metrics against what is expected; each verdict that is news is recorded."""
        context = self._context
        view = context.ledger.view()
        base = _judged_base(step)
        named = [ref for ref, _ in (*run.outputs, *run.inputs) if base and ref.startswith(f"{base}@")]
        subject = named[0] if named else next((ref for ref, _ in run.outputs), run.ref)
        before = {(each.check, each.seq): each for each in checks.executed(view, subject)}
        for metric, bounds in step.options.get("expect", {}).items():
            name, value, (kind, limits) = _check(step, metric), run.metrics.get(metric), _expectation(bounds)
            passed = not unmet({metric: bounds}, run.metrics)
            known = [each for (check, _), each in before.items() if check == name]
            if known and (known[-1].value, known[-1].threshold, known[-1].passed) == (value, limits, passed):
                continue
            fact = CheckExecuted(
                check=name,
                kind=kind,
                passed=passed,
                value=value,
                threshold=limits,
                run=run.run,
                pipeline=_pipeline(run),
            )
            context.ledger.record(fact, subject=subject, actor=context.actor, project=run.project, cause=run.ended_seq)
        return unmet(step.options.get("expect", {}), run.metrics)

    def gate(self, subject: Artifact, stage: str, *, record: bool) -> Local:
        """What a version lacks for a stage."""
        context = self._context
        verdict = gating.verdict(context.ledger, subject, stage)
        recorded = gating.recorded(context.ledger, subject, stage, verdict)
        if record and recorded is None:
            recorded = gating.record(context, subject, verdict).seq
        why = None if verdict.allowed else f"{subject.ref} may not go to {stage}: {'; '.join(verdict.reasons)}"
        return Local(verdict.allowed, why, seq=recorded)

    def stage(self, subject: Artifact) -> str:
        """Where a version stands."""
        return approvals.stage(self._context.ledger.view(), subject.ref)

    def promote(self, subject: Artifact, stage: str, gate: int | None) -> Local:
        """Move a version to a stage, if the ledger's rules let it."""
        context = self._context
        view = context.ledger.view()
        requests = approvals.requests(view, subject=subject.ref)
        granted = [each.seq for request in requests for each in request.approvals]
        fact = PromotionRecorded(approvals.stage(view, subject.ref), stage, granted, gate)
        try:
            done = context.ledger.record(
                fact, subject=subject.ref, actor=context.actor, project=subject.project, cause=gate
            )
        except Refused as error:
            return Local(
                False, f"{subject.ref} may not go to {stage}: {'; '.join(each.what for each in error.missing)}"
            )
        return Local(True, seq=done.seq)

    def _mapping(self, options: Mapping[str, Any]) -> Artifact | None:
        name = options.get("mapping")
        return None if name is None else artifacts.resolve(self._context.ledger.view(), str(name))


def _check(step: Step, metric: str) -> str:
    return f"{step.name}-{metric}"


def _expectation(stated: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What an expectation is about, and its bounds."""
    from app.pipelines.plan import EXPECTATIONS

    return stated.get("kind", EXPECTATIONS[0]), {key: each for key, each in stated.items() if key != "kind"}


def _judged_base(step: Step) -> str | None:
    """What a step's metrics are about: the model that it makes or was given, else the first thing that it makes."""
    bases = [*step.makes.values(), *(each.ref.partition("@")[0] for each in step.sources.values())]
    models = [each for each in bases if each.startswith("model/") and each.count("/") == 2]
    return next(iter([*models, *step.makes.values()]), None)


def _pipeline(run: Run) -> str | None:
    step = run.parameters.get("step")
    name = step.get("pipeline") if isinstance(step, dict) else None
    return str(name) if name else None
