"""Evidence that is read as it is asked for: a few questions about one moment need little of what a long ledger holds.

Types with few events are read whole, like those that are asked for whole. Of the others, of which there are most, the events
of a time, a project, a subject or a run are looked up by the indexes that the projections have anyway.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from ledger.projections.evidence import TYPES
from ledger.projections.view import View
from ledger.rules.maturity import index as whole
from ledger.rules.maturity.index import OBSERVED, Evidence, Index, Kinds, Moments, since, successors
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.spans import BEGIN

MANY = 2_000
"""Events of a type from which on they are looked up."""

FEW = 3
"""Projects whose events are each looked up; when more are asked about, those of all are read."""

_REGISTERED, _CHECKED, _STARTED, _COMPLETED = "artifact.registered", "check.executed", "run.started", "run.completed"
_SOUGHT = (_REGISTERED, _CHECKED, _STARTED, _COMPLETED, OBSERVED)
"""The types that are looked up where there are many; of the others there are few, or no index finds them."""

_EVENT = "e.seq, e.type, e.subject, e.project, e.actor, e.at, e.body"
_BY = {
    (_REGISTERED, "subject"): "artifacts p WHERE p.ref = :key",
    (_CHECKED, "subject"): "checks p WHERE p.subject = :key",
    (_STARTED, "run"): "runs p WHERE p.run = :key",
    (_COMPLETED, "run"): "run_ends p WHERE p.run = :key",
    (_REGISTERED, "sha256"): "artifacts p WHERE p.digest = :key",
    (_COMPLETED, "output"): "edges p WHERE p.target = :key AND p.role = 'output'",
}
"""The rows by which the events of a type are found that have something in common."""

_PASSED: dict[str, str] = {_STARTED: "runs", _REGISTERED: "artifacts"}
"""Types of which each event has a row with its project."""

_ENVELOPE = ("actor", "actor_kind", "subject", "project")
_FACTS = {
    _STARTED: ("runs", ("run", "job", "job_type", *_ENVELOPE)),
    _REGISTERED: ("artifacts", ("kind", "name", "version", "sha256", "size", "run", *_ENVELOPE)),
}
"""Types whose members are a row's facts, but for those that have a column or are the envelope's."""

_BESIDE = 8
"""So many of the newest are found one by one, before all are read."""


class Sparing(Index):
    """The evidence as of a view, read as it is asked for."""

    spares = True

    def __init__(self, view: View, *, many: int = MANY) -> None:
        super().__init__()
        self._many = many
        self._start(view)

    def _start(self, view: View) -> None:
        self._view = view
        self._events.clear()
        self._made.clear()
        self._read: set[str] = set()
        self._large: dict[str, bool] = {}
        self._known: dict[int, Evidence] = {}
        self._moments = Moments()
        self._tails: dict[tuple[str, str | None], tuple[int, list[Evidence]]] = {}
        self._asked: dict[str, set[str]] = {}
        self._ends: dict[int, int] = {}
        self.last = view.at
        first = view.row("SELECT at FROM events WHERE seq = 0 AND seq <= :at")
        self.begin = BEGIN if first is None else micros(str(first[0]))

    def extend(self, view: View) -> None:
        """Answer as of another view; nothing of what was read is kept."""
        self._start(view)

    def until(self, seq: int) -> Index:
        """The same as of an event, which must not lie behind ``last``."""
        return Sparing(View(self._view.connection, seq), many=self._many)

    def of_type(self, type_: str) -> list[Evidence]:
        """The events of a type, oldest first: all of them are read."""
        if type_ not in self._read:
            self._events[type_] = self._range(type_, -1, None)
            self._read.add(type_)
        return self._events[type_]

    def large(self, type_: str) -> bool:
        """Whether the events of a type are looked up: there are many, and not all of them are read already."""
        if type_ not in _SOUGHT or type_ in self._read:
            return False
        if type_ not in self._large:
            table = "observations WHERE" if type_ == OBSERVED else "evidence WHERE type = :type AND"
            sql = f"SELECT count(*) FROM (SELECT 1 FROM {table} seq <= :at LIMIT :many)"
            found = self._view.row(sql, {"type": type_, "many": self._many})
            self._large[type_] = int(found[0]) >= self._many
        return self._large[type_]

    # Looked up by what they have in common

    def of_field(self, type_: str, field: str, value: Any) -> list[Evidence]:
        """The events of a type that say ``value`` in a field."""
        if (type_, field) in _BY and self.large(type_):
            return self._by(type_, field, value) if isinstance(value, str) else []
        return super().of_field(type_, field, value)

    def about(self, type_: str, subject: str) -> list[Evidence]:
        """The events of a type about exactly this subject."""
        if self.large(type_):
            if (type_, "subject") in _BY:
                return self._by(type_, "subject", subject)
            return [each for each in self.named(type_, whole.name_of(subject)) if each.subject == subject]
        return super().about(type_, subject)

    def with_output(self, type_: str, version: str) -> list[Evidence]:
        """The events of a type that have a version among their outputs."""
        if type_ == _COMPLETED and self.large(type_):
            return self._by(type_, "output", version)
        return super().with_output(type_, version)

    def _by(self, type_: str, what: str, key: str) -> list[Evidence]:
        def found() -> list[Evidence]:
            source, _, condition = _BY[type_, what].partition(" WHERE ")
            sql = f"SELECT {_EVENT} FROM {source} JOIN events e ON e.seq = p.seq WHERE {condition} AND p.seq <= :at"
            return self._taken(self._view.rows(f"{sql} ORDER BY p.seq", {"key": key}))

        return self.made((type_, what, key), found)  # type: ignore[no-any-return]

    def named(self, type_: str, name: str, earliest: int = BEGIN) -> list[Evidence]:
        """The events of a type whose subject has this name, from a time on."""
        if not self.large(type_):
            return super().named(type_, name, earliest)
        if not self._is_named(type_, name):
            return []
        after = self._before(earliest)

        def read(low: int, high: int) -> list[Evidence]:
            # A version's subject begins with its name and an @, and A is the next character.
            within = " AND e.seq > :after AND e.seq <= :until"
            narrowed = (f"e.subject = :name{within}", f"e.subject >= :name || '@' AND e.subject < :name || 'A'{within}")
            bound = {"name": name, "type": type_, "after": low, "until": high}
            found = [self._selected(type_, "events e", each, bound) for each in narrowed]
            return sorted((item for each in found for item in each), key=lambda item: item.seq)

        return since(self._tail((type_, f"named {name}"), after, read), earliest)

    def _is_named(self, type_: str, name: str) -> bool:
        """Whether some event of a type has a subject of this name."""
        said = " UNION ALL ".join(
            f"SELECT 1 FROM (SELECT 1 FROM events WHERE {each} AND type = :type AND seq <= :at LIMIT 1)"
            for each in ("subject = :name", "subject >= :name || '@' AND subject < :name || 'A'")
        )
        bound = {"name": name, "type": type_}
        return bool(self.made(("named", type_, name), lambda: self._view.row(said, bound) is not None))

    # Looked up by their time and project

    def everywhere(self, type_: str, earliest: int = BEGIN) -> list[Evidence]:
        """The events of a type from a time on, of every project."""
        if earliest == BEGIN or not self.large(type_):
            return super().everywhere(type_, earliest)
        after = self._before(earliest)
        return since(self._tail((type_, None), after, lambda low, high: self._range(type_, low, high)), earliest)

    def told(
        self, type_: str, project: str, kinds: Kinds = None, *, shared: bool = False, earliest: int = BEGIN
    ) -> list[Evidence]:
        """A project's events of a type, from a time on."""
        if not self.large(type_):
            return super().told(type_, project, kinds, shared=shared, earliest=earliest)
        asked = self._asked.setdefault(type_, set())
        asked.add(project)
        if len(asked) > FEW:
            if earliest == BEGIN:
                self.of_type(type_)
                return super().told(type_, project, kinds, shared=shared, earliest=earliest)
            found = [item for each in self._homes(project, shared) for item in self._grouped(type_, earliest, each)]
        else:
            found = [item for each in self._homes(project, shared) for item in self._of_one(type_, earliest, each)]
        if kinds is not None:
            found = [item for item in found if item.value.get("kind") in kinds]
        return sorted(found, key=lambda item: item.seq) if shared else found

    @staticmethod
    def _homes(project: str, shared: bool) -> tuple[str | None, ...]:
        return (project, None) if shared else (project,)

    def _grouped(self, type_: str, earliest: int, project: str | None) -> list[Evidence]:
        def groups() -> dict[str | None, list[Evidence]]:
            found: dict[str | None, list[Evidence]] = {}
            for item in self.everywhere(type_, earliest):
                found.setdefault(item.project, []).append(item)
            return found

        made: dict[str | None, list[Evidence]] = self.made(("since", type_, earliest), groups)
        return made.get(project, [])

    def _of_one(self, type_: str, earliest: int, project: str | None) -> list[Evidence]:
        def read(low: int, high: int) -> list[Evidence]:
            bound = {"type": type_, "project": project, "after": low, "until": high}
            if type_ in _PASSED:
                source, of = f"{_PASSED[type_]} v JOIN events e ON e.seq = v.seq", "v.project IS :project"
            elif type_ == OBSERVED:
                source, of = "events e", "o.project IS :project"
            else:
                source, of = "evidence v JOIN events e ON e.seq = v.seq", "v.type = :type AND e.project IS :project"
            seq = "o.seq" if type_ == OBSERVED else "v.seq"
            return self._selected(type_, source, f"{of} AND {seq} > :after AND {seq} <= :until", bound)

        after = self._before(earliest)
        return since(self._tail((type_, f"of {project}"), after, read), earliest)

    def in_project(self, type_: str, project: str, *, shared: bool = False) -> list[Evidence]:
        """A project's events of a type; with those of no project too where ``shared``."""
        if self.large(type_):
            return self.told(type_, project, shared=shared)
        return super().in_project(type_, project, shared=shared)

    def newest(self, type_: str, project: str, kinds: Kinds, *, earliest: int = BEGIN) -> Iterator[Evidence]:
        """A project's events of a type and those of no project, the newest first: of versions mostly one is enough."""
        if type_ == _REGISTERED and kinds is not None and self.large(type_):
            yield from self._newest(project, kinds, earliest)
        else:
            yield from super().newest(type_, project, kinds, earliest=earliest)

    def _newest(self, project: str, kinds: tuple[str, ...], earliest: int) -> Iterator[Evidence]:
        before, after = self.last + 1, self._before(earliest)
        sql = "SELECT max(seq) FROM artifacts WHERE kind = :kind AND project IS :project AND seq < :before AND seq > :after"
        for _ in range(_BESIDE):
            rows = [
                self._view.row(sql, {"kind": kind, "project": home, "before": before, "after": after})[0]
                for kind in kinds
                for home in (project, None)
            ]
            found = [seq for seq in rows if seq is not None]
            if not found:
                return
            before = max(found)
            yield self._at(before)
        for item in super().newest(_REGISTERED, project, kinds, earliest=earliest):
            if item.seq < before:
                yield item

    def _at(self, seq: int) -> Evidence:
        return self._taken(self._view.rows(f"SELECT {_EVENT} FROM events e WHERE e.seq = :seq", {"seq": seq}))[0]

    # What the sets are made of

    def versions(self, kind: str, project: str) -> list[tuple[str, int]]:
        """The versions of a kind that are at home in a project, each with when it was registered, in that order."""
        if not self.large(_REGISTERED):
            return super().versions(kind, project)
        sql = "SELECT ref, at FROM artifacts WHERE kind = :kind AND project = :project AND seq <= :at ORDER BY seq"
        found = self._view.rows(sql, {"kind": kind, "project": project})
        return [(ref, self._moments(at)) for ref, at in found]

    def trainings(self, earliest: int = BEGIN) -> list[Evidence]:
        """The starts of training runs from a time on, of every project."""
        if not self.large(_STARTED):
            return super().trainings(earliest)
        after = self._before(earliest)

        def read(low: int, high: int) -> list[Evidence]:
            narrowed = "p.job_type = 'training' AND p.seq > :after AND p.seq <= :until"
            bound = {"after": low, "until": high}
            return self._selected(_STARTED, "runs p JOIN events e ON e.seq = p.seq", narrowed, bound)

        return since(self._tail((_STARTED, "trainings"), after, read), earliest)

    def trained(self, earliest: int = BEGIN) -> list[Evidence]:
        """The ends of training runs that ended well, from a time on."""
        if not self.large(_COMPLETED):
            return super().trained(earliest)
        after = self._before(earliest)

        def read(low: int, high: int) -> list[Evidence]:
            source = "run_ends p JOIN events e ON e.seq = p.seq"
            narrowed = (
                "p.status = 'ok' AND p.seq > :after AND p.seq <= :until AND EXISTS "
                "(SELECT 1 FROM runs r WHERE r.run = p.run AND r.job_type = 'training')"
            )
            return self._selected(_COMPLETED, source, narrowed, {"after": low, "until": high})

        return since(self._tail((_COMPLETED, "trained"), after, read), earliest)

    def first_mention(self, version: str) -> int | None:
        """A time before which no run used the version; ``None`` where none ever did."""
        if not self.large(_STARTED):
            return super().first_mention(version)
        sql = "SELECT min(seq) FROM edges WHERE source = :version AND role = 'input' AND seq <= :at"
        seq = self._view.row(sql, {"version": version})[0]
        if seq is None:
            return None
        return self._moments(str(self._view.row("SELECT at FROM events WHERE seq = :seq", {"seq": seq})[0]))

    # What takes what's place

    def next_of(self, item: Evidence) -> Evidence | None:
        """The next event that takes the place of this one."""
        type_ = item.type
        if type_ not in whole.KEYS or not self.large(type_):
            return super().next_of(item) if type_ in whole.KEYS else None
        if type_ == OBSERVED:
            events = self.named(type_, item.name, item.t)
            key: tuple[Hashable, ...] = ("next", type_, item.name, self._tails[type_, f"named {item.name}"][0])
        else:
            events = self.about(type_, item.subject)
            key = ("next", type_, item.subject)
        return self.made(key, lambda: successors(type_, events)).get(item.seq)  # type: ignore[no-any-return]

    def any_like(self, type_: str, where: Mapping[str, Any], kind: str = "") -> bool:
        """Whether some event of a type may fit conditions, for a version of a kind; true where that is not easily told."""
        if not self.large(type_):
            return super().any_like(type_, where)
        if type_ in _FACTS and not all(self._says(type_, name) for name, each in where.items() if each == "$present"):
            return False
        if type_ == _COMPLETED and kind and where.get("outputs") == "$includes_subject":
            return self._made_by_runs(kind)
        kinds = whole.kinds(where)
        if type_ == _CHECKED and kinds is not None:
            passed = where.get("passed")
            return any(each in kinds and passed in (None, bool(ok)) for each, ok in self._checked())
        return True

    def _says(self, type_: str, name: str) -> bool:
        """Whether some event of a type may say something under a name."""
        table, elsewhere = _FACTS[type_]
        if name in elsewhere or not name.isidentifier():
            return True
        sql = f"SELECT 1 FROM {table} WHERE instr(facts, :member) AND seq <= :at LIMIT 1"
        member = f'"{name}":'
        return bool(self.made(("says", type_, name), lambda: self._view.row(sql, {"member": member}) is not None))

    def _made_by_runs(self, kind: str) -> bool:
        """Whether a version of a kind is the output of some run."""
        sql = "SELECT 1 FROM edges WHERE target >= :low AND target < :high AND role = 'output' AND seq <= :at LIMIT 1"
        bound = {"low": f"{kind}/", "high": f"{kind}0"}
        return bool(self.made(("made", kind), lambda: self._view.row(sql, bound) is not None))

    def _checked(self) -> list[tuple[str, int]]:
        """The kinds of checks that were executed, with how they ended."""
        sql = "SELECT DISTINCT kind, passed FROM checks WHERE seq <= :at"
        return self.made("checked", lambda: self._view.rows(sql))  # type: ignore[no-any-return]

    # Projects

    def _firsts(self) -> dict[str, int]:
        def found() -> dict[str, int]:
            firsts: dict[str, int] = {}
            for type_ in (*TYPES, OBSERVED):
                for project, seq in self._first_of(type_):
                    if project is not None:
                        firsts[project] = min(seq, firsts.get(project, seq))
            return firsts

        return self.made("firsts", found)  # type: ignore[no-any-return]

    def _first_of(self, type_: str) -> Iterable[tuple[str | None, int]]:
        """The projects that events of a type name, each with the first."""
        if type_ == OBSERVED or type_ in _PASSED:
            table = _PASSED.get(type_, "observations")
            return self._view.rows(f"SELECT project, min(seq) FROM {table} WHERE seq <= :at GROUP BY project")
        source = "evidence v JOIN events e ON e.seq = v.seq"
        sql = f"SELECT e.project, min(v.seq) FROM {source} WHERE v.type = :type AND v.seq <= :at GROUP BY e.project"
        return self._view.rows(sql, {"type": type_})

    # Reading

    def _tail(self, key: tuple[str, str | None], after: int, read: Any) -> list[Evidence]:
        """What ``read(low, high)`` gives behind an event; what was read of it before is not read again."""
        low, events = self._tails.get(key, (self.last, []))
        if after < low:
            events = [*read(after, low), *events]
            self._tails[key] = (after, events)
        elif key not in self._tails:
            self._tails[key] = (low, events)
        return events

    def _range(self, type_: str, low: int, high: int | None) -> list[Evidence]:
        bound = {"type": type_, "after": low, "until": self.last if high is None else high}
        if type_ == OBSERVED:
            return self._selected(type_, "events e", "o.seq > :after AND o.seq <= :until", bound)
        source = "evidence v JOIN events e ON e.seq = v.seq"
        return self._selected(type_, source, "v.type = :type AND v.seq > :after AND v.seq <= :until", bound)

    def _selected(self, type_: str, source: str, narrowed: str, bound: Mapping[str, Any]) -> list[Evidence]:
        if type_ != OBSERVED:
            narrowed = f"{narrowed} AND e.type = :kind_of"
            sql = f"SELECT {_EVENT} FROM {source} WHERE {narrowed} ORDER BY e.seq"
            return self._taken(self._view.connection.execute(sql, {**bound, "kind_of": type_}))
        sql = (
            "SELECT o.seq, o.subject, o.project, e.actor, o.at, o.monitor, o.kind, o.breached "
            f"FROM {source} JOIN observations o ON o.seq = e.seq WHERE {narrowed} ORDER BY o.seq"
        )
        return whole.observations(self._view.connection.execute(sql, bound))

    def _taken(self, rows: Iterable[Any]) -> list[Evidence]:
        """Rows as evidence; the same event is the same object, however it was found."""
        found = []
        for seq, type_, subject, project, actor, at, body in rows:
            item = self._known.get(seq)
            if item is None:
                item = self._known[seq] = Evidence(seq, type_, subject, project, actor, self._moments(at), body)
            found.append(item)
        return found

    def _before(self, t: int) -> int:
        """The seq of the last event before a time, found by halves: events stand in the order of their times."""
        if t <= self.begin:
            return -1
        if t not in self._ends:
            low, high = -1, self.last
            while low < high:
                middle = (low + high + 1) // 2
                row = self._view.row("SELECT at FROM events WHERE seq = :seq", {"seq": middle})
                low, high = (middle, high) if micros(str(row[0])) < t else (low, middle - 1)
            self._ends[t] = low
        return self._ends[t]
