"""Evidence that is read as it is asked for: a few questions about one moment need little of what a long ledger holds.

Types with few events are read whole, like those that are asked for whole. Of the others, of which there are most, the events
of a time, a project, a subject or a run are looked up by the indexes that the projections have anyway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from ledger.projections.evidence import TYPES
from ledger.projections.view import View
from ledger.rules.maturity import pieces
from ledger.rules.maturity.index import Index, Kinds
from ledger.rules.maturity.moments import DAY
from ledger.rules.maturity.pieces import OBSERVED, Evidence, since, successors
from ledger.rules.maturity.rows import CHECKED, COMPLETED, REGISTERED, ROWS, STARTED, Rows
from ledger.rules.maturity.seen import Seen
from ledger.rules.maturity.spans import BEGIN

Found = TypeVar("Found")

MANY = 5_000
"""Events of a type from which on they are looked up."""

FEW = 3
"""Projects whose events are each looked up; when more are asked about, those of all are read."""

_SOUGHT = (REGISTERED, CHECKED, STARTED, COMPLETED, OBSERVED)
"""The types that are looked up where there are many; of the others there are few, or no index finds them."""

_BY = {
    (REGISTERED, "subject"): ("artifacts p", "p.ref"),
    (REGISTERED, "sha256"): ("artifacts p", "p.digest"),
    (CHECKED, "subject"): ("checks p JOIN events e ON e.seq = p.seq", "p.subject"),
    (STARTED, "run"): ("runs p JOIN events e ON e.seq = p.seq", "p.run"),
    (COMPLETED, "run"): ("run_ends p JOIN events e ON e.seq = p.seq", "p.run"),
    (COMPLETED, "output"): ("edges p JOIN events e ON e.seq = p.seq AND p.role = 'output'", "p.target"),
}
"""The rows by which the events of a type are found that have something in common, and their column that says it."""

_PASSED = {STARTED: "runs", REGISTERED: "artifacts", OBSERVED: "observations"}
"""Types of which each event has a row with its project."""

_NAMED = {
    REGISTERED: "artifacts p",
    OBSERVED: "events e CROSS JOIN observations p ON e.type = :type AND p.seq = e.seq",
    "": "events e CROSS JOIN evidence p ON p.type = :type AND p.seq = e.seq",
}
"""The rows by which the events about a name are found: the subject first, whatever SQLite would think better."""

_KINDED = (REGISTERED, CHECKED, OBSERVED)
"""Types of which each event has a row with its kind."""

_FIRST = "runs r ON r.seq = (SELECT min(q.seq) FROM runs q WHERE q.run = p.run)"
_LISTS = {
    "trainings": (ROWS[STARTED], "p.project", "p.job_type = 'training'"),
    "trained": (
        f"{ROWS[COMPLETED]} JOIN {_FIRST}",
        "r.project",
        "p.status = 'ok' AND r.job_type = 'training' AND r.seq < p.seq",
    ),
}
"""Lists of events: their rows, the column of the project that each counts for, and what narrows them."""

_WEEK = 7 * DAY
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
        self._rows = Rows(view)
        self._events.clear()
        self._made.clear()
        self._read: set[str] = set()
        self._large: dict[str, bool] = {}
        self._tails: dict[tuple[str, str | None], tuple[int, list[Any]]] = {}
        self._asked: dict[str, set[str | None]] = {}
        self._together: set[tuple[str, str, str]] = set()
        self.last = view.at
        self.begin = self._rows.begin

    def extend(self, view: View) -> None:
        """Answer as of another view; nothing of what was read is kept."""
        self._start(view)

    def forget(self) -> None:
        """Drop the look-ups, not the evidence."""
        super().forget()
        self._together.clear()

    def until(self, seq: int) -> Index:
        """The same as of an event, which must not lie behind ``last``."""
        return Sparing(View(self._view.connection, seq), many=self._many)

    def of_type(self, type_: str) -> list[Evidence]:
        """The events of a type, oldest first: all of them are read."""
        if type_ not in self._read:
            self._events[type_] = self._rows.between(type_, -1, self.last)
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
            return [each for each in self.named(type_, pieces.name_of(subject)) if each.subject == subject]
        return super().about(type_, subject)

    def with_output(self, type_: str, version: str) -> list[Evidence]:
        """The events of a type that have a version among their outputs."""
        if type_ == COMPLETED and self.large(type_):
            return self._by(type_, "output", version)
        return super().with_output(type_, version)

    def _by(self, type_: str, what: str, key: str) -> list[Evidence]:
        def found() -> list[Evidence]:
            if (type_, what, "/".join(key.split("/")[:2])) in self._together:
                return []
            source, column = _BY[type_, what]
            bound = {"key": key, "at": self.last}
            return [
                item for _, item in self._rows.found(type_, "''", source, f"{column} = :key AND p.seq <= :at", bound)
            ]

        return self.made((type_, what, key), found)  # type: ignore[no-any-return]

    def together(self, types: Iterable[str], kind: str, project: str) -> None:
        """What will be asked about every version of a kind in a project is looked up at once."""
        group = f"{kind}/{project}"
        for type_ in types:
            what = "output" if type_ == COMPLETED else "subject"
            if (type_, what) not in _BY or not self.large(type_) or (type_, what, group) in self._together:
                continue
            source, column = _BY[type_, what]
            # 0 is the character after the slash.
            bound = {"low": f"{group}/", "high": f"{group}0", "at": self.last}
            found: dict[str, list[Evidence]] = {}
            # The plus keeps SQLite from going through all events instead, in their order.
            narrowed = f"{column} >= :low AND {column} < :high AND +p.seq <= :at"
            for key, item in self._rows.found(type_, column, source, narrowed, bound):
                found.setdefault(key, []).append(item)
            self._made.update({(type_, what, key): items for key, items in found.items()})
            self._together.add((type_, what, group))

    def named(self, type_: str, name: str, earliest: int = BEGIN) -> list[Evidence]:
        """The events of a type whose subject has this name, from a time on."""
        if not self.large(type_):
            return super().named(type_, name, earliest)
        # Whole weeks: where one ends need not be looked up for every element.
        return since(self._named(type_, name, self._rows.before(earliest // _WEEK * _WEEK)), earliest)

    def _named(self, type_: str, name: str, after: int) -> list[Evidence]:
        """The same behind an event, and somewhat before."""
        if not self._is_named(type_, name):
            return []

        said, seq = ("p.ref", "p.seq") if type_ == REGISTERED else ("e.subject", "e.seq")
        # A version's subject begins with its name and an @, and A is the next character.
        versions = f"{said} >= :name || '@' AND {said} < :name || 'A'"
        within = (
            f"{said} = :name AND {seq} > :after AND {seq} <= :until",
            f"{versions} AND +{seq} > :after AND +{seq} <= :until",
        )

        def read(low: int, high: int) -> list[Evidence]:
            bound = {"name": name, "type": type_, "after": low, "until": high}
            source = _NAMED.get(type_, _NAMED[""])
            found = [self._rows.found(type_, "''", source, each, bound) for each in within]
            return sorted((item for each in found for _, item in each), key=lambda item: item.seq)

        return self._tail((type_, f"named {name}"), after, read)

    def _is_named(self, type_: str, name: str) -> bool:
        """Whether some event of a type has a subject of this name."""
        said = " UNION ALL ".join(
            f"SELECT 1 FROM (SELECT 1 FROM events WHERE {each} AND type = :type AND +seq <= :at LIMIT 1)"
            for each in ("subject = :name", "subject >= :name || '@' AND subject < :name || 'A'")
        )
        bound = {"name": name, "type": type_}
        return bool(self.made(("named", type_, name), lambda: self._view.row(said, bound) is not None))

    # Looked up by their time and project

    def everywhere(self, type_: str, earliest: int = BEGIN) -> list[Evidence]:
        """The events of a type from a time on, of every project."""
        if earliest == BEGIN or not self.large(type_):
            return super().everywhere(type_, earliest)
        return since([item for _, item in self._pairs(type_, type_, earliest)], earliest)

    def told(
        self, type_: str, project: str, kinds: Kinds = None, *, shared: bool = False, earliest: int = BEGIN
    ) -> list[Evidence]:
        """A project's events of a type, from a time on."""
        if not self.large(type_):
            return super().told(type_, project, kinds, shared=shared, earliest=earliest)
        homes = (project, None) if shared else (project,)
        narrow = kinds if type_ in _KINDED else None
        what = type_ if narrow is None else f"{type_} {json.dumps(narrow)}"
        found = [item for each in homes for item in self._listed(what, type_, each, earliest)]
        if kinds is not None and narrow is None:
            found = [item for item in found if item.value.get("kind") in kinds]
        return sorted(found, key=lambda item: item.seq) if shared else found

    def _listed(self, what: str, type_: str, project: str | None, earliest: int) -> list[Evidence]:
        """A list's events of one project, from a time on."""
        asked = self._asked.setdefault(what, set())
        asked.add(project)
        if len(asked) <= FEW:
            return since([item for _, item in self._pairs(what, type_, earliest, project=project)], earliest)

        def groups() -> dict[str | None, list[Evidence]]:
            found: dict[str | None, list[Evidence]] = {}
            for home, item in self._pairs(what, type_, earliest):
                found.setdefault(home, []).append(item)
            return found

        made: dict[str | None, list[Evidence]] = self.made(("since", what, earliest), groups)
        return since(made.get(project, []), earliest)

    def _pairs(self, what: str, type_: str, earliest: int, **only: str | None) -> list[tuple[str | None, Evidence]]:
        """A list's events behind a time and somewhat before, each with its project."""
        kinds = what.partition(" ")[2]
        by_kind = "p.kind IN (SELECT value FROM json_each(:kinds))" if kinds else "1"
        usual = (ROWS[type_], "p.project" if type_ in _PASSED else "e.project", by_kind)
        source, home, narrowed = _LISTS.get(what, usual)
        wanted = f"{narrowed} AND p.seq > :after AND p.seq <= :until" + (f" AND {home} IS :project" if only else "")

        def read(low: int, high: int) -> list[tuple[str | None, Evidence]]:
            return list(
                self._rows.found(type_, home, source, wanted, {**only, "kinds": kinds, "after": low, "until": high})
            )

        key = (what, f"of {only['project']}" if only else None)
        return self._tail(key, self._rows.before(earliest), read)

    def in_project(self, type_: str, project: str, *, shared: bool = False) -> list[Evidence]:
        """A project's events of a type; with those of no project too where ``shared``."""
        if self.large(type_):
            return self.told(type_, project, shared=shared)
        return super().in_project(type_, project, shared=shared)

    def newest(self, type_: str, project: str, kinds: Kinds, *, earliest: int = BEGIN) -> Iterator[Evidence]:
        """A project's events of a type and those of no project, the newest first: of versions mostly one is enough."""
        if type_ == REGISTERED and kinds is not None and self.large(type_):
            yield from self._newest(project, kinds, earliest)
        else:
            yield from super().newest(type_, project, kinds, earliest=earliest)

    def _newest(self, project: str, kinds: tuple[str, ...], earliest: int) -> Iterator[Evidence]:
        before, after = self.last + 1, self._rows.before(earliest)
        sql = "SELECT max(seq) FROM artifacts WHERE kind = :kind AND project IS :project AND +seq < :before AND +seq > :after"
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
            yield from self._rows.select(REGISTERED, "p.seq = :seq", {"seq": before})
        for item in super().newest(REGISTERED, project, kinds, earliest=earliest):
            if item.seq < before:
                yield item

    # What the sets are made of

    def versions(self, kind: str, project: str) -> list[tuple[str, int]]:
        """The versions of a kind that are at home in a project, each with when it was registered, in that order."""
        if not self.large(REGISTERED):
            return super().versions(kind, project)
        sql = "SELECT ref, at FROM artifacts WHERE kind = :kind AND project = :project AND +seq <= :at ORDER BY +seq"
        found = self._view.rows(sql, {"kind": kind, "project": project})
        return [(ref, self._rows.moments(at)) for ref, at in found]

    def trainings(self, project: str | None, earliest: int = BEGIN) -> list[Evidence]:
        """The starts of a project's training runs from a time on; of every project where ``None``."""
        if not self.large(STARTED):
            return super().trainings(project, earliest)
        if project is None:
            return since([item for _, item in self._pairs("trainings", STARTED, earliest)], earliest)
        return self._listed("trainings", STARTED, project, earliest)

    def trained(self, project: str, earliest: int = BEGIN) -> list[Evidence]:
        """The ends of a project's training runs that ended well, from a time on."""
        if not self.large(COMPLETED) or not self.large(STARTED):
            return super().trained(project, earliest)
        return self._listed("trained", COMPLETED, project, earliest)

    def linked(self, version: str) -> tuple[int, str] | None:
        """The event that says which run produced a version, and that run; ``None`` where none does."""
        if not self.large(REGISTERED) or not self.large(COMPLETED):
            return super().linked(version)
        return self.made(("linked", version), lambda: self._linked(version))  # type: ignore[no-any-return]

    def _linked(self, version: str) -> tuple[int, str] | None:
        bound = {"version": version}
        row = self._view.row("SELECT seq, run FROM artifacts WHERE ref = :version AND seq <= :at ORDER BY seq", bound)
        if row is None or not row[1]:
            sql = (
                "SELECT seq, source FROM edges WHERE target = :version AND role = 'output' AND seq <= :at ORDER BY seq"
            )
            row = self._view.row(sql, bound)
        return None if row is None else (row[0], row[1])

    def began(self, run: str) -> tuple[int, list[str]] | None:
        """The event that started a run, and its inputs; ``None`` where none did."""
        if not self.large(STARTED):
            return super().began(run)
        return self.made(("began", run), lambda: self._began(run))  # type: ignore[no-any-return]

    def _began(self, run: str) -> tuple[int, list[str]] | None:
        """By what went into it: of a run that nothing went into nothing more is asked."""
        sql = "SELECT seq, source FROM edges WHERE target = :run AND role = 'input' AND seq <= :at ORDER BY seq, n"
        rows = self._view.rows(sql, {"run": f"run/{run}"})
        return (rows[0][0], [source for seq, source in rows if seq == rows[0][0]]) if rows else None

    def first_mention(self, version: str) -> int | None:
        """A time before which no run used the version; ``None`` where none ever did."""
        if not self.large(STARTED):
            return super().first_mention(version)
        sql = "SELECT min(seq) FROM edges WHERE source = :version AND role = 'input' AND seq <= :at"
        seq = self._view.row(sql, {"version": version})[0]
        if seq is None:
            return None
        return self._rows.moments(str(self._view.row("SELECT at FROM events WHERE seq = :seq", {"seq": seq})[0]))

    # What takes what's place

    def next_of(self, item: Evidence) -> Evidence | None:
        """The next event that takes the place of this one."""
        type_ = item.type
        if type_ not in pieces.KEYS or not self.large(type_):
            return super().next_of(item) if type_ in pieces.KEYS else None
        if item.later is item:
            observed = type_ == OBSERVED
            beside = self._named(type_, item.name, item.seq - 1) if observed else self.about(type_, item.subject)
            later = successors(type_, beside)
            for each in beside:
                each.later = later.get(each.seq)
            item.later = later.get(item.seq)
        return item.later

    def any_like(self, type_: str, where: Mapping[str, Any], kind: str = "") -> bool:
        """Whether some event of a type may fit conditions, for a version of a kind; true where that is not easily told."""
        if not self.large(type_):
            return super().any_like(type_, where, kind)
        made: Seen = self.made("seen", lambda: Seen(self._view))
        return made.any_like(type_, where, kind)

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
        if type_ in _PASSED:
            return self._view.rows(f"SELECT project, min(seq) FROM {_PASSED[type_]} WHERE seq <= :at GROUP BY project")
        source = "evidence v JOIN events e ON e.seq = v.seq"
        sql = f"SELECT e.project, min(v.seq) FROM {source} WHERE v.type = :type AND v.seq <= :at GROUP BY e.project"
        return self._view.rows(sql, {"type": type_})

    # Reading

    def _tail(self, key: tuple[str, str | None], after: int, read: Callable[[int, int], list[Found]]) -> list[Found]:
        """What ``read(low, high)`` gives behind an event; what was read of it before is not read again."""
        low, events = self._tails.get(key, (self.last, []))
        if after < low:
            events = [*read(after, low), *events]
            self._tails[key] = (after, events)
        elif key not in self._tails:
            self._tails[key] = (low, events)
        return events
