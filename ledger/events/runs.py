"""Events about runs: what was made from what, with which code, configuration, seed and runtime."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ledger.events.vocabulary import Artifact, Fact, event_type
from ledger.format.event import Event


@event_type("run.started")
class RunStarted(Fact, frozen=True, omit_defaults=True):
    """A run begins. ``code``, ``config`` and ``runtime`` are digests; ``commit`` is ``None`` outside version control.

    ``experiment`` is what it is grouped under with others.
    """

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
    experiment: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"run/{self.run}"

    def sentence(self, event: Event) -> str:
        used = f" on {', '.join(each.ref for each in self.inputs)}" if self.inputs else ""
        return f"{event.actor} started run/{self.run}, {self.job}{used}"


@event_type("run.completed")
class RunCompleted(Fact, frozen=True, omit_defaults=True):
    """A run ended. ``seconds`` is wall time; ``log`` the digest of what it printed; ``reason`` why it failed.

    ``series`` is the digest of its metrics over its steps: canonical JSON, for each name a list of ``[step, value]``.
    """

    run: str
    status: Literal["ok", "failed", "interrupted"]
    outputs: list[Artifact] = []
    metrics: dict[str, float] = {}
    exit_code: int | None = None
    seconds: float | None = None
    log: str | None = None
    reason: str | None = None
    series: str | None = None

    def about(self, project: str | None) -> str | None:
        return f"run/{self.run}"

    def sentence(self, event: Event) -> str:
        if self.status != "ok":
            why = f": {self.reason}" if self.reason else ""
            verb = "failed" if self.status == "failed" else "was interrupted"
            return f"run/{self.run} of {event.actor} {verb}{why}"
        made = f" and made {', '.join(each.ref for each in self.outputs)}" if self.outputs else ""
        return f"run/{self.run} of {event.actor} completed{made}"


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """A result that differs: an output's or a metric's name, what it was, and what it is; ``where`` is the first place."""

    name: str
    want: str | None = None
    got: str | None = None
    where: str | None = None


@event_type("run.reproduced")
class RunReproduced(Fact, frozen=True, omit_defaults=True):
    """Run ``run`` repeated ``of_run``; ``equal`` says whether every compared result was the same.

    ``compared`` names the outputs and metrics that were; the same is byte for byte or, where ``of_run`` had stated a
    ``tolerance`` before it began, within that. ``swapped`` says what was exchanged on purpose, by aspect: ``data``,
    ``code``, ``config``, ``seed``, ``runtime``. ``culprits`` are the aspects that ``trials`` fresh runs found to make
    the difference; besides these ``nondeterminism`` (two fresh runs of the same differ) and ``unrecorded`` (all that
    was recorded is the same, and the result is not). ``environments`` are those of ``of_run`` and ``run``, where two runs
    of one pipeline in two environments were compared.
    """

    run: str
    of_run: str
    equal: bool
    compared: list[str] = []
    tolerance: float | None = None
    swapped: dict[str, str] = {}
    against: str | None = None
    differing: list[Difference] = []
    culprits: list[str] = []
    trials: int | None = None
    environments: list[str] = []

    def about(self, project: str | None) -> str | None:
        return f"run/{self.of_run}"

    def sentence(self, event: Event) -> str:
        other = f" with other {' and '.join(sorted(self.swapped))}" if self.swapped else ""
        same = "byte for byte" if self.tolerance is None else f"within {self.tolerance:g}"
        cause = f" because of {' and '.join(self.culprits)}" if self.culprits else ""
        verdict = same if self.equal else f"and the results differ{cause}"
        return f"{event.actor} repeated run/{self.of_run} as run/{self.run}{other} {verdict}"


@event_type("run.signed")
class RunSigned(Fact, frozen=True):
    """Whoever ran a run vouches for it: ``sha256`` is the digest of the bytes of its ``run.completed`` event."""

    run: str
    sha256: str
    dsse: dict[str, Any]

    def about(self, project: str | None) -> str | None:
        return f"run/{self.run}"

    def sentence(self, event: Event) -> str:
        return f"{event.actor} signed {event.subject}"
