"""Events about runs: what was made from what, with which code, configuration, seed and runtime."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Artifact, Fact, event_type
from ledger.format.event import Event


@event_type("run.started")
class RunStarted(Fact, frozen=True, omit_defaults=True):
    """A run begins. ``code``, ``config`` and ``runtime`` are digests; ``commit`` is ``None`` outside version control."""

    run: str
    job: str
    job_type: str
    inputs: list[Artifact] = []
    code: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    config: str | None = None
    runtime: str | None = None
    seed: int | None = None
    trigger: str | None = None
    team: str | None = None
    command: list[str] = []
    parameters: dict[str, Any] = {}

    def about(self, project: str | None) -> str | None:
        return f"run/{self.run}"

    def sentence(self, event: Event) -> str:
        used = f" on {', '.join(each.ref for each in self.inputs)}" if self.inputs else ""
        return f"{event.actor} started run/{self.run}, {self.job}{used}"


@event_type("run.completed")
class RunCompleted(Fact, frozen=True, omit_defaults=True):
    """A run ended. ``seconds`` is wall time; ``log`` the digest of what it printed; ``reason`` why it failed."""

    run: str
    status: Literal["ok", "failed", "interrupted"]
    outputs: list[Artifact] = []
    metrics: dict[str, float] = {}
    exit_code: int | None = None
    seconds: float | None = None
    log: str | None = None
    reason: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"run/{self.run}"

    def sentence(self, event: Event) -> str:
        if self.status != "ok":
            why = f": {self.reason}" if self.reason else ""
            verb = "failed" if self.status == "failed" else "was interrupted"
            return f"run/{self.run} of {event.actor} {verb}{why}"
        made = f" and made {', '.join(each.ref for each in self.outputs)}" if self.outputs else ""
        return f"run/{self.run} of {event.actor} completed{made}"


@event_type("run.reproduced")
class RunReproduced(Fact, frozen=True, omit_defaults=True):
    """Run ``run`` repeated ``of_run``; ``equal`` says whether every compared output had the same bytes."""

    run: str
    of_run: str
    equal: bool
    compared: list[str] = []
    tolerance: float | None = None

    def about(self, project: str | None) -> str | None:
        return f"run/{self.of_run}"

    def sentence(self, event: Event) -> str:
        verdict = "byte for byte" if self.equal else "and the results differ"
        return f"{event.actor} repeated run/{self.of_run} as run/{self.run} {verdict}"
