"""The standard steps that are no specification: data checks and packing, which are runs like any other; gates, promotions."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from app.pipelines import packaging
from app.pipelines import runtime as runtimes
from app.pipelines.decision import Decision, Hands, Local, made_by
from app.pipelines.outcome import Done, StepStatus
from app.pipelines.plan import Plan, Step
from ledger import lifecycle
from ledger.errors import AssayError
from ledger.events.runs import RunStarted
from ledger.events.vocabulary import Artifact as Named
from ledger.format import canonical
from ledger.ledger import Ledger
from ledger.lifecycle import Ended, Made, one_line
from ledger.projections import artifacts
from ledger.projections.artifacts import Artifact

_JOB_TYPES = {"data_check": "check", "package": "package"}


@dataclass(frozen=True, slots=True)
class Bench:
    """Where standard steps are done: the ledger, the plan, whose hands, by whom, because of which event."""

    ledger: Ledger
    plan: Plan
    hands: Hands
    actor: str
    cause: str
    seq: int | None

    def performed(self, decision: Decision, parameters: Mapping[str, Any]) -> Done:
        """Check data or pack a version, as a run of its own.

        Raises:
            KeyboardInterrupt: it was interrupted, which is recorded.
        """
        step, subject = decision.step, decision.inputs["subject"]
        source = self.hands.source(step.kind)
        fact = self._fact(step, subject, parameters, source.digest)
        sources = [Made(f"code/{self.plan.project}/assay-{step.kind}", source)]
        began = time.monotonic()
        with ExitStack() as stack:
            release = stack.enter_context(lifecycle.claimed(self.ledger, fact.run))
            started = lifecycle.begin(
                self.ledger, fact, sources, actor=self.actor, project=self.plan.project, cause=self.seq
            )
            ended = replace(self._ended(step, subject, fact.run), seconds=round(time.monotonic() - began, 3))
            refs, recorded = lifecycle.end(self.ledger, started, ended)
            release()
        if ended.status == "interrupted":
            raise KeyboardInterrupt
        view = self.ledger.view()
        versions = [found for ref in refs.values() if (found := artifacts.get(view, ref)) is not None]
        value = recorded[-1].event.value
        return Done(
            step,
            value["status"],
            decision.reasons,
            fact.run,
            value.get("reason"),
            value.get("seconds"),
            made_by(step, versions),
            ended.metrics,
        )

    def governed(self, decision: Decision, gates: Sequence[int]) -> Done:
        """A gate or a promotion; ``gates`` are the events of the gates before it."""
        step, subject = decision.step, decision.inputs["subject"]
        stage = str(step.options["to"])
        try:
            if step.kind == "gate":
                said = self.hands.gate(subject, stage, record=True)
            else:
                said = self.hands.promote(subject, stage, gates[-1] if gates else None)
        except AssayError as error:
            said = Local(False, one_line(error))
        status: StepStatus = "ok" if said.ok else "failed"
        return Done(step, status, decision.reasons, reason=said.reason, seq=said.seq)

    def _fact(self, step: Step, subject: Artifact, parameters: Mapping[str, Any], code: str) -> RunStarted:
        objects = self.ledger.objects
        config = self.hands.checks(subject, step.options) if step.kind == "data_check" else {}
        return RunStarted(
            run=lifecycle.new_run(),
            job=step.name,
            job_type=_JOB_TYPES[step.kind],
            inputs=[Named(subject.ref, subject.digest)],
            code=code,
            config=objects.put_bytes(canonical.encode(config)).digest,
            runtime=objects.put_bytes(runtimes.encoded()).digest,
            team=self.plan.team,
            trigger=self.cause,
            parameters=dict(parameters),
        )

    def _ended(self, step: Step, subject: Artifact, run: str) -> Ended:
        try:
            if step.kind == "package":
                stored = packaging.pack(self.ledger, subject)
                return Ended("ok", (Made(step.makes["package"], stored, {"summary": {"of": subject.ref}}),))
            said = self.hands.check(subject, step.options, run)
            return Ended("ok" if said.ok else "failed", metrics=said.metrics, reason=said.reason)
        except KeyboardInterrupt:
            return Ended("interrupted", reason="interrupted from the keyboard")
        except (AssayError, OSError) as error:
            return Ended("failed", reason=one_line(error))
