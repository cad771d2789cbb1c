"""Pieces of evidence: single events, what names them, and what takes whose place (docs/maturity.md, Windows)."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from ledger.rules.maturity.moments import micros

OBSERVED = "monitor.observed"
TOLD = ("monitor", "kind", "breached")
"""What is known here of an observation."""


class Evidence:
    """One event as evidence. Its value is parsed when it is first asked for; ``t`` is its ``at`` in microseconds."""

    __slots__ = ("_body", "_value", "actor", "later", "name", "project", "seq", "subject", "t", "type")

    def __init__(
        self,
        seq: int,
        type_: str,
        subject: str,
        project: str | None,
        actor: str,
        t: int,
        body: bytes | None,
        value: dict[str, Any] | None = None,
    ) -> None:
        self.seq = seq
        self.type = type_
        self.subject = subject
        self.project = project
        self.actor = actor
        self.t = t
        self.name = name_of(subject)
        self._body = body
        self._value = value
        self.later: Evidence | None = self
        """What takes its place; itself for as long as that is not known."""

    @property
    def value(self) -> dict[str, Any]:
        """What the event says."""
        if self._value is None:
            self._value = json.loads((self._body or b'{"value":{}}').decode())["value"]
            self._body = None
        return self._value


def name_of(subject: str) -> str:
    """A subject without its version."""
    return subject.partition("@")[0]


def is_artifact(subject: str) -> bool:
    """Whether a subject has the form of an artifact: ``kind/project/name``, with a version or without."""
    return subject.count("/") >= 2 and not subject.startswith(("run/", "deployment/", "alert/", "person/"))


Key = Callable[[Evidence], Hashable]
KEYS: dict[str, Key] = {
    "check.executed": lambda e: (e.subject, e.value.get("check"), e.value.get("kind")),
    OBSERVED: lambda e: (e.name, e.value.get("monitor"), e.value.get("kind")),
    "monitor.configured": lambda e: (e.name, e.value.get("monitor")),
    "owner.assigned": lambda e: (e.name, e.value.get("role")),
    "tier.assigned": lambda e: e.name,
    "criteria.set": lambda e: e.name,
    "run.reproduced": lambda e: (e.value.get("of_run"), *sorted((e.value.get("swapped") or {}).items())),
    "feature.retrieved": lambda e: (e.subject, e.value.get("consumer")),
    "approval.granted": lambda e: e.value.get("approval", e.seq),
    "risk.recorded": lambda e: (e.project, e.value.get("risk")),
    "sla.set": lambda e: (e.project, e.value.get("transition")),
    "ledger.verified": lambda e: None,
}
"""What makes a later event take an earlier one's place."""

ENDED_BY = {
    "monitor.configured": "monitor.refused",
    "risk.recorded": "risk.closed",
    "approval.granted": "approval.revoked",
}
"""Types whose events are also superseded by those of another type with the same key."""


def observations(rows: Iterable[Any]) -> list[Evidence]:
    """Observations as evidence. There are most of them, and they say little: those that say the same share it."""
    moments = Moments()
    found = []
    said: dict[tuple[str, str, int], dict[str, Any]] = {}
    for seq, subject, project, actor, at, monitor, kind, breached in rows:
        value = said.get((monitor, kind, breached))
        if value is None:
            value = said[monitor, kind, breached] = {"monitor": monitor, "kind": kind, "breached": bool(breached)}
        found.append(Evidence(seq, OBSERVED, subject, project, actor, moments(at), None, value))
    return found


def successors(type_: str, events: Iterable[Evidence]) -> dict[int, Evidence]:
    """For events of a type (by seq), and of those that end them, in order: the next one of the same key."""
    key = KEYS.get(type_)
    found: dict[int, Evidence] = {}
    before: dict[Hashable, int] = {}
    for item in events if key is not None else ():
        named = key(item)  # type: ignore[misc]  # there is one
        if named in before:
            found[before[named]] = item
        before[named] = item.seq
    return found


def since(events: list[Evidence], earliest: int) -> list[Evidence]:
    """The events from a time on, of those in order."""
    if not events or events[0].t >= earliest:
        return events
    return events[bisect_left(events, earliest, key=lambda item: item.t) :]


def refs(items: Any) -> list[str]:
    """The references in a list of ``{ref, sha256}``."""
    if not isinstance(items, list):
        return []
    return [str(each["ref"]) for each in items if isinstance(each, dict) and "ref" in each]


class Moments:
    """Recorded times in microseconds; what comes many times over is read once."""

    def __init__(self) -> None:
        self._at = ""
        self._t = 0

    def __call__(self, at: str) -> int:
        if at != self._at:
            self._at, self._t = at, micros(at)
        return self._t
