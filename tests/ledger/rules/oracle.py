"""The production policy once more, worked out naively from the events themselves, for holding the rules against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.format.event import Event

PRODUCTION = ("prod", "production")


def exposes(history: Sequence[Event]) -> bool:
    """Whether the last event brings its subject before more than a tenth of production's accounts, or into its stage."""
    event, value = history[-1], history[-1].value
    if event.type == "promotion.recorded":
        return value["to_stage"] in PRODUCTION
    if event.type == "deployment.started":
        wide = value["strategy"] in ("direct", "blue_green") or value["slice"] > 0.1
        return wide and value["environment"] in PRODUCTION
    if event.type == "deployment.completed":
        return value["status"] == "ok" and value["environment"] in PRODUCTION
    if event.type == "deployment.step":
        started = next(e for e in history if e.type == "deployment.started" and _names(e, value))
        return value["slice"] > 0.1 and started.value["environment"] in PRODUCTION
    return False


def approvers(history: Sequence[Event], subject: str) -> set[str]:
    """Who has approved ``subject`` for production in a way that counts, before the last event of the history."""
    before = history[:-1]
    trainer, counted = _trainer(before, subject), set()
    barred = _roles(before, trainer)
    for request in before:
        if request.type != "approval.requested" or request.subject != subject:
            continue
        decisions = [e for e in before if e.type.startswith("approval.") and e.value.get("request") == request.seq]
        if request.value["transition"] not in PRODUCTION or any(e.type == "approval.rejected" for e in decisions):
            continue
        counted |= {
            e.actor for e in decisions if e.actor not in (trainer, request.actor) and e.value["role"] not in barred
        }
    return counted


def _trainer(history: Sequence[Event], subject: str) -> str:
    registered = next(e for e in history if e.type == "artifact.registered" and e.subject == subject)
    run = registered.value.get("run")
    started = [e.actor for e in history if e.type == "run.started" and e.value["run"] == run]
    return started[0] if started else registered.actor


def _roles(history: Sequence[Event], name: str) -> set[str]:
    return {e.value["role"] for e in history if e.type == "access.granted" and e.value["principal"] == name}


def _names(event: Event, value: dict[str, Any]) -> bool:
    return bool(event.value["deployment"] == value["deployment"])
