"""Rows of the projections as evidence: the same event is the same object, however it was found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ledger.projections.view import View
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.pieces import OBSERVED, Evidence, Moments, observations
from ledger.rules.maturity.spans import BEGIN

REGISTERED, CHECKED, STARTED, COMPLETED = "artifact.registered", "check.executed", "run.started", "run.completed"

ROWS = {
    REGISTERED: "artifacts p",
    CHECKED: "checks p JOIN events e ON e.seq = p.seq",
    STARTED: "runs p JOIN events e ON e.seq = p.seq",
    COMPLETED: "run_ends p JOIN events e ON e.seq = p.seq",
    OBSERVED: "observations p JOIN events e ON e.seq = p.seq",
}
"""Where the events of a type have rows of their own; ``p.seq`` is the event's number."""

_OTHERS = "evidence p JOIN events e ON e.seq = p.seq"
_EVENT = "p.seq, e.subject, e.project, e.actor, e.at, e.body"
_SAID = {
    REGISTERED: "p.seq, p.ref, p.project, p.actor, p.at, p.kind, p.name, p.version, p.digest, p.size, p.run, p.facts",
    OBSERVED: "p.seq, p.subject, p.project, e.actor, p.at, p.monitor, p.kind, p.breached",
}


class Rows:
    """Reads evidence as of a view."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.moments = Moments()
        self._known: dict[int, Evidence] = {}
        self._ends: dict[int, int] = {}
        first = view.row("SELECT at FROM events WHERE seq = 0 AND seq <= :at")
        self.begin = BEGIN if first is None else micros(str(first[0]))

    def select(self, type_: str, narrowed: str, bound: Mapping[str, Any]) -> list[Evidence]:
        """The events of a type whose rows ``p`` (and events ``e``) are as narrowed, in order."""
        if type_ not in ROWS:
            narrowed, bound = f"p.type = :of_type AND {narrowed}", {**bound, "of_type": type_}
        return [item for _, item in self.found(type_, "''", ROWS.get(type_, _OTHERS), narrowed, bound)]

    def found(
        self, type_: str, by: str, source: str, narrowed: str, bound: Mapping[str, Any]
    ) -> Iterator[tuple[Any, Evidence]]:
        """The same from another source, each with the value of an expression."""
        sql = f"SELECT {by}, {_SAID.get(type_, _EVENT)} FROM {source} WHERE {narrowed} ORDER BY +p.seq"
        return _MADE.get(type_, Rows._events)(self, type_, self.view.connection.execute(sql, bound))

    def between(self, type_: str, after: int, until: int, narrowed: str = "1", **bound: Any) -> list[Evidence]:
        """The events of a type behind an event, up to another."""
        wanted = f"p.seq > :after AND p.seq <= :until AND {narrowed}"
        return self.select(type_, wanted, {**bound, "after": after, "until": until})

    def before(self, t: int) -> int:
        """The seq of the last event before a time, found by halves: events stand in the order of their times."""
        if t <= self.begin:
            return -1
        if t not in self._ends:
            low, high = -1, self.view.at
            while low < high:
                middle = (low + high + 1) // 2
                row = self.view.row("SELECT at FROM events WHERE seq = :seq", {"seq": middle})
                low, high = (middle, high) if micros(str(row[0])) < t else (low, middle - 1)
            self._ends[t] = low
        return self._ends[t]

    def _events(self, type_: str, rows: Iterable[Any]) -> Iterator[tuple[Any, Evidence]]:
        for by, seq, subject, project, actor, at, body in rows:
            item = self._known.get(seq)
            if item is None:
                item = self._known[seq] = Evidence(seq, type_, subject, project, actor, self.moments(at), body)
            yield by, item

    def _versions(self, type_: str, rows: Iterable[Any]) -> Iterator[tuple[Any, Evidence]]:
        """A registration's row says all that its event does."""
        for by, seq, ref, project, actor, at, kind, name, version, sha256, size, run, facts in rows:
            item = self._known.get(seq)
            if item is None:
                value = {"kind": kind, "name": name, "version": version, "sha256": sha256, "size": size}
                if run is not None:
                    value["run"] = run
                if facts != "{}":
                    value.update(json.loads(facts))
                item = self._known[seq] = Evidence(seq, type_, ref, project, actor, self.moments(at), None, value)
            yield by, item

    def _observations(self, type_: str, rows: Iterable[Any]) -> Iterator[tuple[Any, Evidence]]:
        told = list(rows)
        made = observations(row[1:] for row in told)
        return ((row[0], self._known.setdefault(item.seq, item)) for row, item in zip(told, made, strict=True))


_MADE: dict[str, Callable[[Rows, str, Iterable[Any]], Iterator[tuple[Any, Evidence]]]] = {
    REGISTERED: Rows._versions,
    OBSERVED: Rows._observations,
}
