"""Events about checks: expectations declared, and their verdicts."""

from __future__ import annotations

from typing import Any, Literal

from ledger.events.vocabulary import Fact, event_type
from ledger.format.event import Event


@event_type("check.configured")
class CheckConfigured(Fact, frozen=True):
    """An expectation of the subject, set before the results that it judges. ``threshold`` is any JSON value."""

    check: str
    kind: str
    threshold: Any

    def sentence(self, event: Event) -> str:
        return f"{event.actor} set the {self.kind} check {self.check} for {event.subject}"


@event_type("check.executed")
class CheckExecuted(Fact, frozen=True, omit_defaults=True):
    """A check's verdict with its inputs. ``verdict`` says what becomes of the data: used, flagged, blocked, set aside."""

    check: str
    kind: str
    passed: bool
    value: Any
    threshold: Any
    verdict: Literal["pass", "flag", "block", "quarantine"] | None = None
    findings: list[dict[str, Any]] = []
    inputs: dict[str, Any] = {}
    run: str | None = None
    pipeline: str | None = None

    def sentence(self, event: Event) -> str:
        words = {"block": "blocks", "quarantine": "sets aside part of", "flag": "flags", "pass": "passes", None: ""}
        verb = words[self.verdict] or ("passes" if self.passed else "fails")
        count = f" ({len(self.findings)} finding{'s' if len(self.findings) != 1 else ''})" if self.findings else ""
        return f"the {self.kind} check {self.check} {verb} {event.subject}{count}"
