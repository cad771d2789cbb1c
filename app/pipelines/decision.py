"""Whether a step must run: held against its recorded results, by digest, from the ledger alone; and why, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from app.pipelines import basis as bases
from app.pipelines import runner
from app.pipelines.basis import Basis
from app.pipelines.code import Code
from app.pipelines.plan import Plan, Source, Step
from app.workspace import Workspace
from ledger import lifecycle
from ledger.errors import AssayError, InputError
from ledger.ledger import Ledger
from ledger.projections import artifacts, pipelines, runs
from ledger.projections.artifacts import Artifact
from ledger.projections.runs import Run
from ledger.store.objects import Stored

_LOOK_BACK = 200
"""So many runs of a step are looked at for a result that still holds."""


@dataclass(frozen=True, slots=True)
class Local:
    """What a standard step that is no specification came to; ``seq`` is the event that says so."""

    ok: bool
    reason: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    seq: int | None = None


class Hands(Protocol):
    """Who does what takes more than running: data checks, gates and promotions, by the workspace's own rules."""

    def source(self, kind: str) -> Stored:
        """The source of what does a standard step, stored as a folder."""

    def checks(self, subject: Artifact, options: Mapping[str, Any]) -> dict[str, Any]:
        """How the data checks of an artifact are set up, as plain data."""

    def check(self, subject: Artifact, options: Mapping[str, Any], run: str) -> Local:
        """Check an artifact's data, and record every verdict."""

    def tested(self, run: Run, step: Step) -> None:
        """Record what a test said of the code that it ran on."""

    def configure(self, plan: Plan, step: Step) -> None:
        """Record what is expected of a step's metrics, where that is news; before it runs."""

    def judged(self, step: Step, run: Run) -> list[str]:
        """Hold a run's metrics against what is expected, and record the verdicts that are news; what is not met."""

    def gate(self, subject: Artifact, stage: str, *, record: bool) -> Local:
        """What a version lacks for a stage; recorded where it is news."""

    def stage(self, subject: Artifact) -> str:
        """Where a version stands."""

    def promote(self, subject: Artifact, stage: str, gate: int | None) -> Local:
        """Move a version to a stage."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of a step.

    Attributes:
        step: which.
        verdict: ``current`` (its recorded result is reused), ``due``, ``waits`` (for steps that run first), or ``stuck``.
        reasons: why it runs, or cannot, a line each.
        run: the recorded run that is reused, or held against; ``None`` where there is none.
        basis: what its result depends on now, where that is known.
        inputs: its inputs' versions now, where these are known.
        outputs: by name, the versions that it made, where it is current.
        code: its code, stored, where it is a run of a specification.
        seq: the event that lets a gate be current.
    """

    step: Step
    verdict: str
    reasons: tuple[str, ...] = ()
    run: Run | None = None
    basis: Basis | None = None
    inputs: Mapping[str, Artifact] = field(default_factory=dict)
    outputs: Mapping[str, Artifact] = field(default_factory=dict)
    code: Code | None = None
    seq: int | None = None


class Judge:
    """Decides on the steps of one plan, in order. What is outside the plan is looked up once, so that all see the same.

    ``done`` are the decisions and results so far, by step: their outputs are what later steps take.
    """

    def __init__(self, ledger: Ledger, workspace: Workspace, plan: Plan, hands: Hands, *, force: bool = False) -> None:
        """``force`` has every step run anew."""
        self.plan = plan
        self._ledger = ledger
        self._workspace = workspace
        self._hands = hands
        self._force = force
        self._pinned: dict[str, Artifact] = {}
        self._codes: dict[tuple[Any, ...], Code] = {}
        self._sound: dict[str, str | None] = {}

    def assess(self) -> list[Decision]:
        """What is to become of every step as things are; nothing is run or recorded."""
        found: dict[str, Decision] = {}
        for step in self.plan.steps:
            upstream = [each for each in step.needs if found[each].verdict != "current"]
            if upstream:
                stuck = [each for each in upstream if found[each].verdict == "stuck"]
                words = f"{', '.join(stuck)} cannot run" if stuck else f"after {', '.join(upstream)}"
                said = (words,)
                found[step.name] = Decision(step, "waits", said, self.last(step))
            else:
                made = {name: each.outputs for name, each in found.items()}
                found[step.name] = self.decide(step, made)
        return list(found.values())

    def decide(self, step: Step, made: Mapping[str, Mapping[str, Artifact]]) -> Decision:
        """Whether a step whose upstream steps have made this must run."""
        last = self.last(step)
        try:
            inputs = {name: self._input(source, made) for name, source in step.sources.items()}
            if step.kind in ("gate", "promote"):
                return self._governed(step, inputs)
            basis, code, config = self._basis(step, inputs)
        except AssayError as error:
            return Decision(step, "stuck", (str(error),), last)
        found = Decision(step, "due", (), last, basis, inputs, {}, code)
        if self._force:
            return _with(found, reasons=("everything is run anew, as was asked",))
        results = self._results(step)
        if results and results[0].status != "ok" and bases.recorded(results[0]) == basis:
            newest = results[0]
            why = f"its last run, {newest.ref}, {_ENDED[newest.status]}: {newest.reason or 'no reason given'}"
            return _with(found, reasons=(why,))
        reasons: list[str] = []
        for run in results:
            if bases.recorded(run) != basis or run.status != "ok":
                continue
            harm = self._harm(run)
            if harm is None:
                lacking = unmet(step.options.get("expect", {}), run.metrics)
                if lacking:
                    return _with(found, verdict="stuck", run=run, reasons=tuple(lacking))
                return _with(found, verdict="current", run=run, outputs=self._outputs(step, run))
            reasons.append(harm)
            break
        return _with(found, reasons=tuple(reasons or self._reasons(last, basis, inputs, config)))

    def last(self, step: Step) -> Run | None:
        """The newest run of a step that ended well, else the newest."""
        newest: Run | None = None
        for run in self._results(step):
            newest = newest or run
            if run.status == "ok":
                return run
        return newest

    def code(self, step: Step) -> Code:
        """The code of a step's specification; the same folders are read once."""
        spec = step.spec
        assert spec is not None
        written = tuple(sorted(each.path for each in spec.outputs.values() if each.path))
        key = (spec.folder, spec.code, written, spec.metrics)
        if key not in self._codes:
            self._codes[key] = runner.captured(self._ledger, self._workspace, spec)
        return self._codes[key]

    def _results(self, step: Step) -> list[Run]:
        view = self._ledger.view()
        plan = self.plan
        found = pipelines.step_runs(
            view, plan.pipeline, step.name, project=plan.project, environment=plan.environment or ""
        )
        newest = reversed(found[-_LOOK_BACK:])
        return [run for each in newest if (run := runs.get(view, each.run)) is not None]

    def _input(self, source: Source, made: Mapping[str, Mapping[str, Artifact]]) -> Artifact:
        if source.step:
            found = made.get(source.step, {}).get(source.output)
            if found is None:
                raise InputError(f"step {source.step} made no {source.output}")
            return found
        if source.ref not in self._pinned:
            self._pinned[source.ref] = lifecycle.require_input(self._ledger, source.ref)
        return self._pinned[source.ref]

    def _basis(self, step: Step, inputs: Mapping[str, Artifact]) -> tuple[Basis, Code | None, dict[str, Any]]:
        if step.spec is not None:
            code = self.code(step)
            return bases.of_spec(step.spec, inputs, code), code, dict(step.spec.config)
        config = self._hands.checks(inputs["subject"], step.options) if step.kind == "data_check" else {}
        return bases.of_subject(inputs["subject"], config, self._hands.source(step.kind).digest), None, config

    def _governed(self, step: Step, inputs: Mapping[str, Artifact]) -> Decision:
        """A gate is judged each time; a version that stands where it is to go is not promoted again."""
        subject, stage = inputs["subject"], str(step.options["to"])
        if step.kind == "promote":
            if self._hands.stage(subject) == stage:
                return Decision(step, "current", (f"{subject.ref} is in {stage} already",), inputs=inputs)
            return Decision(step, "due", (f"{subject.ref} is not in {stage} yet",), inputs=inputs)
        seen = self._hands.gate(subject, stage, record=False)
        if seen.ok and seen.seq is not None and not self._force:
            return Decision(step, "current", (f"event {seen.seq} allows it",), inputs=inputs, seq=seen.seq)
        why = seen.reason or f"{subject.ref} has not passed the gate to {stage} yet"
        return Decision(step, "due", (why,), inputs=inputs)

    def _reasons(self, last: Run | None, basis: Basis, inputs: Mapping[str, Artifact], config: Any) -> list[str]:
        if last is None:
            return ["it has never run here"]
        found = bases.differences(self._ledger.objects, last, basis, inputs, config)
        return found or [f"what {last.ref} made is no longer sound"]

    def _harm(self, run: Run) -> str | None:
        """What is wrong with a recorded run's outputs; ``None`` where every byte is as it was recorded."""
        if run.run not in self._sound:
            self._sound[run.run] = self._looked(run)
        return self._sound[run.run]

    def _looked(self, run: Run) -> str | None:
        view = self._ledger.view()
        for ref, digest in run.outputs:
            artifact = artifacts.get(view, ref)
            why = artifacts.retired(view, ref)
            if artifact is None or why is not None:
                return f"{ref}, which {run.ref} made, was retired: {why}"
            damage = self._ledger.objects.check(digest, directory=lifecycle.is_directory(artifact))
            if damage:
                return f"the stored bytes of {ref}, which {run.ref} made, are {damage[0].kind}"
        return None

    def _outputs(self, step: Step, run: Run) -> dict[str, Artifact]:
        view = self._ledger.view()
        return made_by(step, [found for ref, _ in run.outputs if (found := artifacts.get(view, ref)) is not None])


_ENDED = {"failed": "failed", "interrupted": "was interrupted", "running": "has not ended"}


def unmet(expected: Mapping[str, Mapping[str, float]], metrics: Mapping[str, float]) -> list[str]:
    """What is expected of metrics and does not hold, a line each. A metric that is not there meets nothing."""
    found = []
    for name, bounds in expected.items():
        value = metrics.get(name)
        if value is None:
            known = ", ".join(sorted(metrics)[:8]) or "none"
            found.append(f"there is no metric {name}, which is expected; it gave {known}")
            continue
        if "least" in bounds and value < bounds["least"]:
            found.append(f"{name} is {value:g}, and at least {bounds['least']:g} is expected")
        if "most" in bounds and value > bounds["most"]:
            found.append(f"{name} is {value:g}, and at most {bounds['most']:g} is expected")
    return found


def made_by(step: Step, versions: list[Artifact]) -> dict[str, Artifact]:
    """By output, the version that a run of a step made of it."""
    named = {base: name for name, base in step.makes.items()}
    return {named[each.base]: each for each in versions if each.base in named}


def set_aside(ledger: Ledger, run: Run) -> list[str]:
    """Move the stored bytes aside that are not what a run's outputs were, so that they can be made anew.

    Returns the digests; nothing where the store is not a folder of this machine.
    """
    found: list[str] = []
    if not isinstance(ledger.objects.root, Path):
        return found
    for _, digest in run.outputs:
        for harm in ledger.objects.check(digest) if ledger.objects.has(digest) else []:
            if harm.kind == "damaged":
                path = ledger.objects.path(harm.digest)
                path.replace(path.with_name(f"{path.name}.damaged"))
                found.append(harm.digest)
    return found


def _with(decision: Decision, **changes: Any) -> Decision:
    return replace(decision, **changes)
