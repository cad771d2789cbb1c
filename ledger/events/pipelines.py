"""Events about pipelines: triggered by a cause, completed with what each step came to; a template that a team adopted."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event

Cause = Literal["push", "schedule", "data", "drift", "alert", "manual"]
"""Why a pipeline runs. ``push`` is a change of code or configuration."""


@event_type("pipeline.triggered")
class PipelineTriggered(Fact, frozen=True, omit_defaults=True):
    """One execution of a pipeline begins, because of ``cause``; ``ref`` names what changed, such as a dataset's version.

    ``seen`` is the state of everything that the pipeline watches, by trigger, as of this moment: a change that is in it
    has had its run. ``definition`` is the digest of the steps with their parameters.
    """

    pipeline: str
    cause: Cause
    execution: str
    ref: str | None = None
    team: str | None = None
    environment: str | None = None
    template: str | None = None
    definition: str | None = None
    parameters: dict[str, Any] = {}
    seen: dict[str, str] = {}

    def about(self, project: str | None) -> str | None:
        return f"pipeline/{project}/{self.pipeline}" if project else f"pipeline/{self.pipeline}"

    def sentence(self, event: Event) -> str:
        where = f" in {self.environment}" if self.environment else ""
        why = {"manual": "by hand", "schedule": "by its schedule"}.get(self.cause, f"because of {self.cause}")
        what = f" ({self.ref})" if self.ref else ""
        return f"{event.actor} started the pipeline {self.pipeline}{where} {why}{what}"


@event_type("pipeline.completed")
class PipelineCompleted(Fact, frozen=True, omit_defaults=True):
    """An execution ended. ``stages`` are the standard steps that passed in it, whether run or reused.

    ``steps`` has for each step its ``step``, ``stage``, ``status`` (``ok``, ``reused``, ``failed``, ``interrupted``,
    ``skipped``), its ``run`` where it has one, and the ``reason``.
    """

    pipeline: str
    cause: Cause
    status: Literal["ok", "failed", "interrupted"]
    execution: str
    stages: list[str] = []
    team: str | None = None
    environment: str | None = None
    template: str | None = None
    steps: list[dict[str, Any]] = []
    seconds: float | None = None
    reason: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"pipeline/{project}/{self.pipeline}" if project else f"pipeline/{self.pipeline}"

    def sentence(self, event: Event) -> str:
        where = f" in {self.environment}" if self.environment else ""
        verb = {"ok": "completed", "failed": "failed", "interrupted": "was interrupted"}[self.status]
        why = f": {self.reason}" if self.reason else ""
        return f"the pipeline {self.pipeline} {verb}{where}{why}"


@event_type("template.adopted")
class TemplateAdopted(Fact, frozen=True, omit_defaults=True):
    """A team runs a pipeline from a shared template from now on; ``sha256`` is the digest of the template's file."""

    template: str
    version: int
    team: str
    pipeline: str | None = None
    sha256: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"template/{self.template}@{self.version}"

    def sentence(self, event: Event) -> str:
        what = f" for the pipeline {self.pipeline}" if self.pipeline else ""
        return f"{self.team} adopted the template {self.template}@{self.version}{what}"
