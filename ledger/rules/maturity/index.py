"""The events that may be evidence, in memory and by what they are looked up by. It grows with the ledger: ``extend``."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

from ledger.format.event import Event
from ledger.projections import evidence
from ledger.projections.view import View
from ledger.rules.maturity import plain
from ledger.rules.maturity.moments import micros
from ledger.rules.maturity.pieces import ENDED_BY, OBSERVED, Evidence, refs, since, successors
from ledger.rules.maturity.rows import Rows
from ledger.rules.maturity.spans import BEGIN

_ENVELOPE = ("actor", "actor_kind", "subject", "project", "before")


Kinds = tuple[str, ...] | None
"""The kinds that conditions name; ``None`` where they name none."""


class Index:
    """All evidence up to event ``last``, and look-ups that are made when they are first asked for."""

    spares = False
    """Whether it reads what it is asked for alone, so that less is the faster answer."""

    begin = BEGIN
    """No event is earlier; in microseconds."""

    def __init__(self) -> None:
        self.last = -1
        self._events: dict[str, list[Evidence]] = defaultdict(list)
        self._made: dict[Hashable, Any] = {}

    @classmethod
    def of_events(cls, events: Iterable[Event]) -> Index:
        """From events in order, such as a test's or an auditor's."""
        index = cls()
        for each in events:
            index._add(
                Evidence(
                    each.seq, each.type, each.subject, each.project, each.actor, micros(each.at), None, dict(each.value)
                )
            )
            index.last = each.seq
        return index

    @classmethod
    def of(cls, view: View) -> Index:
        """From the ledger, as of a view: all of it is read."""
        index = cls()
        index.extend(view)
        return index

    def extend(self, view: View) -> None:
        """Take in what the view holds beyond ``last``."""
        self._made.clear()
        rows = Rows(view)
        for type_ in (*evidence.TYPES, OBSERVED):
            self._events[type_] += rows.between(type_, self.last, view.at)
        self.last = view.at

    def until(self, seq: int) -> Index:
        """The same as of an event, which must not lie behind ``last``: nothing is read anew, look-ups are made anew."""
        index = Index()
        index.last = seq
        for type_, events in self._events.items():
            index._events[type_] = events[: bisect_right(events, seq, key=lambda item: item.seq)]
        index._made["firsts"] = {name: first for name, first in self._firsts().items() if first <= seq}
        return index

    def forget(self) -> None:
        """Drop the look-ups, not the evidence: they are made again when they are asked for."""
        self._made.clear()

    def _add(self, item: Evidence) -> None:
        self._events[item.type].append(item)

    def of_type(self, type_: str) -> list[Evidence]:
        """The events of a type, oldest first."""
        return self._events.get(type_, [])

    def made(self, name: Hashable, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, made once for as long as nothing is added."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def grouped(self, type_: str, by: str) -> dict[Any, list[Evidence]]:
        """The events of a type by ``subject``, ``name``, ``project``, or by a field of the value (``value.run``)."""
        return self.made(("grouped", type_, by), lambda: self._group(type_, by))  # type: ignore[no-any-return]

    def _group(self, type_: str, by: str) -> dict[Any, list[Evidence]]:
        groups: dict[Any, list[Evidence]] = defaultdict(list)
        field = by.partition(".")[2]
        for item in self.of_type(type_):
            key = item.value.get(field) if field else getattr(item, by)
            if isinstance(key, Hashable):
                groups[key].append(item)
        return dict(groups)

    def of_field(self, type_: str, field: str, value: Any) -> list[Evidence]:
        """The events of a type that say ``value`` in a field."""
        found: list[Evidence] = self.grouped(type_, f"value.{field}").get(value, [])
        return found

    def about(self, type_: str, subject: str) -> list[Evidence]:
        """The events of a type about exactly this subject."""
        found: list[Evidence] = self.grouped(type_, "subject").get(subject, [])
        return found

    def named(self, type_: str, name: str, earliest: int = BEGIN) -> list[Evidence]:
        """The events of a type whose subject has this name, from a time on."""
        return since(self.grouped(type_, "name").get(name, []), earliest)

    def everywhere(self, type_: str, earliest: int = BEGIN) -> list[Evidence]:
        """The events of a type from a time on, of every project."""
        return since(self.of_type(type_), earliest)

    def told(
        self, type_: str, project: str, kinds: Kinds = None, *, shared: bool = False, earliest: int = BEGIN
    ) -> list[Evidence]:
        """A project's events of a type, and of no project where ``shared``: from a time on, of several kinds alone if named."""
        if kinds is None:
            return since(self.in_project(type_, project, shared=shared), earliest)
        return since(self.of_kinds(type_, project, kinds, shared=shared), earliest)

    def newest(self, type_: str, project: str, kinds: Kinds, *, earliest: int = BEGIN) -> Iterator[Evidence]:
        """The same with those of no project, the newest first."""
        return reversed(self.told(type_, project, kinds, shared=True, earliest=earliest))

    def versions(self, kind: str, project: str) -> list[tuple[str, int]]:
        """The versions of a kind that are at home in a project, each with when it was registered, in that order."""
        beginning = f"{kind}/{project}/"
        of_kind = self.of_field("artifact.registered", "kind", kind)
        return [(each.subject, each.t) for each in of_kind if each.subject.startswith(beginning)]

    def with_output(self, type_: str, version: str) -> list[Evidence]:
        """The events of a type that have a version among their outputs."""
        found: dict[str, list[Evidence]] = self.made(("outputs", type_), lambda: self._by_output(type_))
        return found.get(version, [])

    def _by_output(self, type_: str) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for item in self.of_type(type_):
            for ref in refs(item.value.get("outputs")):
                found.setdefault(ref, []).append(item)
        return found

    def together(self, types: Iterable[str], kind: str, project: str) -> None:
        """Say that every version of a kind in a project will be asked about: what is in memory needs no preparation."""

    def trainings(self, project: str | None, earliest: int = BEGIN) -> list[Evidence]:
        """The starts of a project's training runs from a time on; of every project where ``None``."""
        if project is None:
            return since([e for e in self.of_type("run.started") if e.value.get("job_type") == "training"], earliest)
        found: dict[str | None, list[Evidence]] = self.made("trainings", self._trainings)
        return since(found.get(project, []), earliest)

    def _trainings(self) -> dict[str | None, list[Evidence]]:
        found: dict[str | None, list[Evidence]] = {}
        for each in self.trainings(None):
            found.setdefault(each.project, []).append(each)
        return found

    def trained(self, project: str, earliest: int = BEGIN) -> list[Evidence]:
        """The ends of a project's training runs that ended well, from a time on."""
        found: dict[str | None, list[Evidence]] = self.made("trained", self._trained)
        return since(found.get(project, []), earliest)

    def _trained(self) -> dict[str | None, list[Evidence]]:
        found: dict[str | None, list[Evidence]] = {}
        for each in self.of_type("run.completed"):
            began = self.of_field("run.started", "run", str(each.value.get("run")))
            known = bool(began) and began[0].seq < each.seq and each.value.get("status") == "ok"
            if known and began[0].value.get("job_type") == "training":
                found.setdefault(began[0].project, []).append(each)
        return found

    def linked(self, version: str) -> tuple[int, str] | None:
        """The event that says which run produced a version, and that run; ``None`` where none does."""
        registered = self.about("artifact.registered", version)
        if registered and registered[0].value.get("run"):
            return registered[0].seq, registered[0].value["run"]
        made = self.with_output("run.completed", version)
        return (made[0].seq, str(made[0].value.get("run", ""))) if made else None

    def began(self, run: str) -> tuple[int, list[str]] | None:
        """The event that started a run, and its inputs; ``None`` where none did."""
        found = self.of_field("run.started", "run", run)
        return (found[0].seq, refs(found[0].value.get("inputs"))) if found else None

    def first_mention(self, version: str) -> int | None:
        """A time before which no run used the version; ``None`` where none ever did."""
        return BEGIN

    def next_of(self, item: Evidence) -> Evidence | None:
        """The next event that takes the place of this one."""
        return self.superseded(item.type).get(item.seq)

    def any_like(self, type_: str, where: Mapping[str, Any], kind: str = "") -> bool:
        """Whether some event of a type may fit conditions, for a version of a kind; true where that is not easily told."""
        wanted = {name: each for name, each in where.items() if name not in _ENVELOPE and plain.simple(each)}
        key = ("like", type_, repr(sorted(wanted.items())))
        return bool(self.made(key, lambda: any(plain.fits(item.value, wanted) for item in self.of_type(type_))))

    def in_project(self, type_: str, project: str, *, shared: bool = False) -> list[Evidence]:
        """A project's events of a type; with those of no project too where ``shared``."""
        groups = self.grouped(type_, "project")
        own: list[Evidence] = groups.get(project, [])
        common = groups.get(None, []) if shared else []
        return sorted([*own, *common], key=lambda each: each.seq) if own and common else own or common

    def of_kinds(self, type_: str, project: str, kinds: tuple[str, ...], *, shared: bool) -> list[Evidence]:
        """As :meth:`in_project`, those alone whose ``kind`` is one of several."""
        groups: dict[Any, list[Evidence]] = self.made(("kinds", type_), lambda: self._by_kind(type_))
        wanted = (project, None) if shared else (project,)
        found = [groups[key] for each in wanted for kind in kinds if (key := (each, kind)) in groups]
        if len(found) < 2:
            return found[0] if found else []
        return sorted((item for each in found for item in each), key=lambda item: item.seq)

    def _by_kind(self, type_: str) -> dict[Any, list[Evidence]]:
        groups: dict[Any, list[Evidence]] = defaultdict(list)
        for item in self.of_type(type_):
            kind = item.value.get("kind")
            if isinstance(kind, str):
                groups[item.project, kind].append(item)
        return dict(groups)

    def superseded(self, type_: str) -> dict[int, Evidence]:
        """For events of a type (by seq) the next one that takes their place."""
        return self.made(("superseded", type_), lambda: self._supersede(type_))  # type: ignore[no-any-return]

    def _supersede(self, type_: str) -> dict[int, Evidence]:
        events = self.of_type(type_)
        if type_ in ENDED_BY:
            events = sorted([*events, *self.of_type(ENDED_BY[type_])], key=lambda each: each.seq)
        return successors(type_, events)

    def automation(self, item: Evidence) -> bool:
        """Whether the event's actor was enrolled as an automation before it."""
        enrolled = self.made("enrolled", self._enrolled).get(item.actor)
        if enrolled is None:
            return False
        place = bisect_right(enrolled[0], item.seq - 1) - 1
        return place >= 0 and bool(enrolled[1][place])

    def _enrolled(self) -> dict[str, tuple[list[int], list[bool]]]:
        found: dict[str, tuple[list[int], list[bool]]] = {}
        for each in self.of_type("key.enrolled"):
            seqs, kinds = found.setdefault(each.value.get("name", ""), ([], []))
            seqs.append(each.seq)
            kinds.append(each.value.get("kind") == "automation")
        return found

    def projects(self) -> list[str]:
        """Every project that an event names, in alphabetical order."""
        return sorted(self._firsts())

    def _firsts(self) -> dict[str, int]:
        """Every project that an event names, with the first event that does."""

        def found() -> dict[str, int]:
            firsts: dict[str, int] = {}
            for type_ in (*evidence.TYPES, OBSERVED):
                for project, events in self.grouped(type_, "project").items():
                    if project is not None:
                        firsts[project] = min(events[0].seq, firsts.get(project, events[0].seq))
            return firsts

        made: dict[str, int] = self.made("firsts", found)
        return made
