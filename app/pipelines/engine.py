"""Doing pipelines: every step that is due, in order and as many at once as the executor takes; and the record of it.

All that is recorded is recorded by this process; the executor's do the work. What this process leaves behind where it is
killed is found by the next: its runs and its pipeline are recorded as interrupted, and what was done is not done again.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.pipelines import claims, recovery, runner
from app.pipelines.decision import Decision, Hands, Judge, made_by, set_aside
from app.pipelines.execution import Execution
from app.pipelines.outcome import Done, Outcome, Status, Why, facts, reused
from app.pipelines.plan import Step
from app.pipelines.standard import Bench
from app.workspace import Workspace
from ledger import lifecycle
from ledger.errors import AssayError, InputError
from ledger.events.pipelines import PipelineCompleted, PipelineTriggered, TemplateAdopted
from ledger.ledger import Ledger
from ledger.lifecycle import one_line
from ledger.projections import artifacts, pipelines, runs
from ledger.store.journal import Recorded

Told = Callable[[str], None]
"""Told a line about what a step does or came to."""

_BY_HAND = Why()


@dataclass(frozen=True, slots=True)
class _Going:
    """A run that is going on; ``stack`` holds its claims, ``release`` ends the mark that it is going on."""

    step: Step
    decision: Decision
    prepared: runner.Prepared
    started: Recorded
    release: Callable[[], None]
    stack: ExitStack


def run(engines: Sequence[Engine]) -> list[Outcome]:
    """Do one or several pipelines, such as one in two environments, side by side; their steps share the executor.

    Raises:
        Claimed: another process runs one of them here; nothing is recorded then.
        LedgerError: the ledger or the store cannot be written.
    """
    interrupted = False
    with ExitStack() as stack:
        active = [each for each in engines if each.open(stack)]
        try:
            try:
                for each in active:
                    each.begin()
                while not all(each.is_over for each in active):
                    for each in active:
                        each.advance()
                    going = [future for each in active for future in each.going]
                    if going:
                        wait(going, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt:
                interrupted = True
                for each in active:
                    each.drain()
            return [each.close(interrupted=interrupted) for each in engines]
        finally:
            for each in active:
                each.abandon()


class Engine:
    """One execution of one plan; ``run`` leads it from its opening to its end."""

    def __init__(
        self,
        ledger: Ledger,
        workspace: Workspace,
        judge: Judge,
        hands: Hands,
        executor: Callable[[], Executor],
        *,
        actor: str,
        why: Why = _BY_HAND,
        told: Told = lambda line: None,
    ) -> None:
        """``executor`` gives where tasks are done, and is asked only once something is."""
        self.plan = judge.plan
        self.going: dict[Future[Execution], _Going] = {}
        self._ledger = ledger
        self._workspace = workspace
        self._hands = hands
        self._executor = executor
        self._actor = actor
        self._why = why
        self._told = told
        self._judge = judge
        self._done: dict[str, Done] = {}
        self._known: dict[str, Decision] = {}
        self._execution: str | None = None
        self._seq: int | None = None
        self._folder: Path | None = None
        self._began = time.monotonic()
        self._closed = 0

    @property
    def is_over(self) -> bool:
        """Whether every step has come to something."""
        return len(self._done) == len(self.plan.steps)

    def open(self, stack: ExitStack) -> bool:
        """Claim the pipeline, and see whether there is anything to do. By hand, where nothing is due, nothing is begun."""
        plan = self.plan
        claim = recovery.claim_of(plan.pipeline, plan.project, plan.environment)
        stack.enter_context(claims.claimed(self._ledger.path, claim, self._actor, self._ledger.now()))
        self._closed = recovery.close_abandoned(self._ledger, self._actor, claim)
        self._adopted()
        decisions = self._judge.assess()
        self._known = {each.step.name: each for each in decisions if each.verdict == "current"}
        if self._why.cause == "manual" and len(self._known) == len(plan.steps):
            self._done = {name: reused(each) for name, each in self._known.items()}
            return False
        self._folder = Path(tempfile.mkdtemp(prefix="assay-pipeline-"))
        return True

    def begin(self) -> None:
        """Record that it begins."""
        plan, why = self.plan, self._why
        if plan.template is not None and not self._adopted():
            self._ledger.objects.put_bytes(plan.template.data)
            template = plan.template
            fact = TemplateAdopted(template.name, template.version, self._team, plan.pipeline, template.sha256)
            self._ledger.record(fact, actor=self._actor, project=plan.project)
        self._execution = lifecycle.new_run()
        begun = PipelineTriggered(
            pipeline=plan.pipeline,
            cause=why.cause,
            execution=self._execution,
            ref=why.ref,
            team=plan.team,
            environment=plan.environment,
            template=plan.template.ref if plan.template else None,
            definition=self._ledger.objects.put_bytes(plan.definition()).digest,
            parameters=dict(plan.parameters),
            seen=dict(why.seen),
        )
        self._seq = self._ledger.record(begun, actor=self._actor, project=plan.project, cause=why.seq).seq

    def advance(self) -> None:
        """Record the runs that have ended, and take up every step that can be: runs first, so that they go on meanwhile."""
        self._collect()
        while ready := self._ready():
            for step in ready:
                self._take_up(step)

    def drain(self) -> None:
        """Tell the runs that are going on to stop, and record how each ended."""
        if self._folder is not None:
            (self._folder / "stop").touch()
        with suppress(KeyboardInterrupt):
            wait(self.going)
        self._collect()

    def close(self, *, interrupted: bool) -> Outcome:
        """Record how it ended."""
        plan = self.plan
        interrupted = interrupted or any(each.status == "interrupted" for each in self._done.values())
        for step in plan.steps:
            if step.name not in self._done:
                self._finish(Done(step, "skipped", reason="the pipeline was interrupted"))
        done = tuple(self._done[each.name] for each in plan.steps)
        failed = next((each for each in done if each.status == "failed"), None)
        status: Status = "interrupted" if interrupted else "failed" if failed else "ok"
        reason = "interrupted" if interrupted else None
        if failed is not None and not interrupted:
            reason = one_line(f"{failed.step.name} failed: {failed.reason}")
        if self._execution is None:
            return Outcome(plan, status, done, closed=self._closed)
        fact = PipelineCompleted(
            pipeline=plan.pipeline,
            cause=self._why.cause,
            status=status,
            execution=self._execution,
            stages=list(dict.fromkeys(each.step.stage for each in done if each.passed)),
            team=plan.team,
            environment=plan.environment,
            template=plan.template.ref if plan.template else None,
            steps=facts(done),
            seconds=round(time.monotonic() - self._began, 3),
            reason=reason,
        )
        recorded = self._ledger.record(fact, actor=self._actor, project=plan.project, cause=self._seq)
        return Outcome(plan, status, done, self._execution, recorded, self._closed, reason)

    def abandon(self) -> None:
        """Leave nothing running, whatever went wrong: what is not recorded as ended is found by the next."""
        if self.going and self._folder is not None:
            (self._folder / "stop").touch()
            wait(self.going)
        for going in self.going.values():
            going.stack.close()
        self.going.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # Within

    @property
    def _team(self) -> str:
        return self.plan.team or self.plan.project

    def _adopted(self) -> bool:
        """Whether it is recorded that the team runs this pipeline from this template.

        Raises:
            InputError: the template's version was adopted before with other bytes.
        """
        template = self.plan.template
        if template is None:
            return True
        known = pipelines.adoptions(self._ledger.view(), template.name)
        for each in known:
            if each.version == template.version and each.sha256 not in (None, template.sha256):
                raise InputError(
                    f"the template {template.ref} was adopted by {each.team} with other bytes: "
                    "a template that changes gets a new version:"
                )
        own = [each for each in known if (each.team, each.pipeline) == (self._team, self.plan.pipeline)]
        return bool(own) and own[-1].version == template.version

    def _ready(self) -> list[Step]:
        going = {each.step.name for each in self.going.values()}
        found = [
            step
            for step in self.plan.steps
            if step.name not in self._done and step.name not in going and all(each in self._done for each in step.needs)
        ]
        return sorted(found, key=lambda step: step.spec is None)

    def _take_up(self, step: Step) -> None:
        """Begin a step, or do it, or say why not."""
        lacking = [each for each in step.needs if not self._done[each].passed]
        if lacking:
            verb = "was interrupted" if self._done[lacking[0]].status == "interrupted" else "did not pass"
            self._finish(Done(step, "skipped", reason=f"{lacking[0]} {verb}"))
            return
        decision = self._known.get(step.name)
        if decision is None:
            decision = self._judge.decide(step, {name: each.outputs for name, each in self._done.items()})
        if decision.verdict == "current":
            self._finish(self._checked(reused(decision)))
        elif decision.verdict == "stuck":
            run = decision.run.run if decision.run and decision.run.status == "ok" else None
            self._finish(Done(step, "failed", run=run, reason=one_line("; ".join(decision.reasons))))
        else:
            try:
                self._do(decision)
            except (AssayError, OSError) as error:
                self._finish(Done(step, "failed", decision.reasons, reason=one_line(error)))

    def _do(self, decision: Decision) -> None:
        step = decision.step
        bench = Bench(self._ledger, self.plan, self._hands, self._actor, self._why.cause, self._seq)
        if step.kind in ("gate", "promote"):
            before = [self._done[each] for each in step.needs]
            gates = [each.seq for each in before if each.step.kind == "gate" and each.seq is not None]
            self._finish(bench.governed(decision, gates))
            return
        if decision.run is not None and decision.run.status == "ok":
            set_aside(self._ledger, decision.run)
        self._told(f"{step.name}: runs ({'; '.join(decision.reasons)})")
        if step.spec is not None:
            self._submit(decision)
            return
        with self._claim(step):
            self._finish(bench.performed(decision, self._parameters(decision)))

    def _submit(self, decision: Decision) -> None:
        """Record that a run begins, and hand it to the executor."""
        step, plan = decision.step, self.plan
        assert step.spec is not None
        assert self._folder is not None
        self._hands.configure(plan, step)
        spec = replace(step.spec, inputs={name: each.ref for name, each in decision.inputs.items()})
        stack = ExitStack()
        try:
            stack.enter_context(self._claim(step))
            prepared = runner.prepare(
                self._ledger,
                self._workspace,
                spec,
                project=plan.project,
                about={"team": plan.team, "trigger": self._why.cause, "experiment": None},
                parameters=self._parameters(decision),
                code=decision.code,
            )
            release = stack.enter_context(lifecycle.claimed(self._ledger, prepared.run))
            started = runner.begin(self._ledger, prepared, actor=self._actor, cause=self._seq)
            future = _submitted(self._executor, prepared.task(self._ledger, self._folder / "stop"))
        except BaseException:
            stack.close()
            raise
        self.going[future] = _Going(step, decision, prepared, started, release, stack)

    def _collect(self) -> None:
        """Record the runs that have ended."""
        for future in [each for each in self.going if each.done()]:
            going = self.going.pop(future)
            with going.stack:
                self._finish(self._checked(self._ended(going, _execution(future))))

    def _ended(self, going: _Going, execution: Execution) -> Done:
        result = runner.finish(self._ledger, going.prepared, going.started, execution)
        going.release()
        view = self._ledger.view()
        made = runs.get(view, result.run)
        assert made is not None
        if going.step.stage == "test" and made.status != "interrupted":
            self._hands.tested(made, going.step)
        versions = [found for ref in result.outputs.values() if (found := artifacts.get(view, ref)) is not None]
        return Done(
            going.step,
            result.status,
            going.decision.reasons,
            result.run,
            result.reason,
            result.seconds,
            made_by(going.step, versions),
            result.metrics,
        )

    def _checked(self, done: Done) -> Done:
        """What a step came to, once what is expected of its metrics is held against them."""
        found = runs.get(self._ledger.view(), done.run) if done.run and done.passed else None
        if found is None or not done.step.options.get("expect"):
            return done
        unmet = self._hands.judged(done.step, found)
        return replace(done, status="failed", reason=one_line("; ".join(unmet))) if unmet else done

    def _parameters(self, decision: Decision) -> dict[str, Any]:
        plan = self.plan
        return {
            pipelines.STEP: {
                "pipeline": plan.pipeline,
                "step": decision.step.name,
                "environment": plan.environment or "",
                "execution": self._execution,
                "basis": decision.basis,
            }
        }

    def _claim(self, step: Step) -> Any:
        """A step's claim: it is done once at a time in a project and an environment, whichever pipeline it is in."""
        where = f" in {self.plan.environment}" if self.plan.environment else ""
        job = step.spec.job if step.spec else step.name
        what = f"the step {job} of {self.plan.project}{where}"
        return claims.claimed(self._ledger.path, what, self._actor, self._ledger.now())

    def _finish(self, done: Done) -> None:
        self._done[done.step.name] = done
        self._told(done.told())


def _submitted(executor: Callable[[], Executor], task: runner.Task) -> Future[Execution]:
    """The future of a task; one that failed already where the executor takes no more, since a worker was lost."""
    try:
        return executor().submit(runner.perform, task)
    except BrokenExecutor as error:
        failed: Future[Execution] = Future()
        failed.set_exception(error)
        return failed


def _execution(future: Future[Execution]) -> Execution:
    """How a task ended; as a failure where the process that did it was lost."""
    error = future.exception()
    if error is None:
        return future.result()
    said = str(error) or type(error).__name__
    return Execution("failed", reason=one_line(f"the process that did it was lost: {said}"))
