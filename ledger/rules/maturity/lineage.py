"""What was made from what, as the evaluation needs it: producing runs, authors, what training used, tiers and calendars."""

from __future__ import annotations

from typing import NamedTuple

from ledger.rules.maturity.index import Index
from ledger.rules.maturity.moments import DAY, PLAIN, Spell
from ledger.rules.maturity.pieces import Evidence, is_artifact, name_of, refs
from ledger.rules.maturity.spans import BEGIN, END

USED_FOR = 180 * DAY
"""For how long a training run's data are in use, in microseconds."""


def registration(index: Index, version: str) -> Evidence | None:
    """The event that registered a version."""
    found = index.about("artifact.registered", version)
    return found[0] if found else None


class Origin(NamedTuple):
    """The run that produced a version, and the event that says so."""

    run: str
    link: Evidence


def origin(index: Index, version: str) -> Origin | None:
    """The producing run of a version, where one is known."""
    registered = registration(index, version)
    if registered is not None and registered.value.get("run"):
        return Origin(registered.value["run"], registered)
    made = index.with_output("run.completed", version)
    return Origin(made[0].value.get("run", ""), made[0]) if made else None


def started(index: Index, run: str) -> Evidence | None:
    """The event that started a run."""
    found = index.of_field("run.started", "run", run)
    return found[0] if found else None


def authors(index: Index, version: str, before: int) -> set[str]:
    """Who made a version, as far as is known before event ``before``."""
    made = origin(index, version)
    run = started(index, made.run) if made is not None and made.link.seq < before else None
    if run is None or run.seq >= before:
        registered = registration(index, version)
        return {registered.actor} if registered is not None and registered.seq < before else set()
    names = {run.actor}
    code = run.value.get("code")
    if code:
        for each in index.of_field("artifact.registered", "sha256", code):
            if each.seq < before and each.value.get("kind") == "code":
                names.add(each.actor)
    return names


class Use(NamedTuple):
    """That a training run used a dataset's version, directly or not; ``made``: it had a producing run by then."""

    run: Evidence
    version: str
    made: bool


def uses(index: Index, project: str, earliest: int = BEGIN) -> list[Use]:
    """The uses of datasets by a project's training runs from a time on, in order."""
    return [use for run in index.trainings(project, earliest) for use in _used(index, run)]


def _used(index: Index, run: Evidence) -> list[Use]:
    """What a training run used, directly or not."""

    def found() -> list[Use]:
        reached: dict[str, bool] = {}
        frontier = refs(run.value.get("inputs"))
        while frontier:
            version = frontier.pop()
            if version in reached:
                continue
            made = index.linked(version)
            reached[version] = made is not None and made[0] < run.seq
            began = index.began(made[1]) if made is not None and made[0] < run.seq else None
            if began is not None and began[0] < run.seq:
                frontier += began[1]
        return [Use(run, version, made) for version, made in sorted(reached.items()) if version.startswith("dataset/")]

    return index.made(("used", run.seq), found)  # type: ignore[no-any-return]


def first_use(index: Index, version: str) -> int | None:
    """The seq of the first training run that used a dataset's version."""
    mentioned = index.first_mention(version)
    if mentioned is None:
        return None
    firsts: _Firsts = index.made("first uses", _Firsts)
    if mentioned < firsts.earliest:
        # A month more than is asked for: the next version that is asked about is little older.
        firsts.reach(index, mentioned if mentioned == BEGIN else mentioned - 30 * DAY)
    return firsts.seqs.get(version)


class _Firsts:
    """The first uses of versions, of the training runs from a time on."""

    def __init__(self) -> None:
        self.earliest = END
        self.seqs: dict[str, int] = {}

    def reach(self, index: Index, earliest: int) -> None:
        """Take in the runs from an earlier time on."""
        for run in index.trainings(None, earliest):
            for use in _used(index, run):
                self.seqs[use.version] = min(run.seq, self.seqs.get(use.version, run.seq))
        self.earliest = earliest


def first_proposal(index: Index, version: str) -> int | None:
    """The seq of the first request or promotion of a version."""
    seqs = [
        found[0].seq for type_ in ("approval.requested", "promotion.recorded") if (found := index.about(type_, version))
    ]
    return min(seqs, default=None)


def spells(index: Index, subject: str, project: str) -> tuple[Spell, ...]:
    """Which tier and calendar apply to a subject, since when: its name's if it is an artifact, else the project's calendar."""
    name = name_of(subject) if is_artifact(subject) else ""
    return index.made(("spells", name, project), lambda: _spells(index, name, project))  # type: ignore[no-any-return]


def _spells(index: Index, name: str, project: str) -> tuple[Spell, ...]:
    assigned = index.grouped("tier.assigned", "name")
    home = name.split("/")[1] if name else project
    own, common = (assigned.get(name, []) if name else []), assigned.get(f"project/{home}", [])
    if not own and not common:
        return PLAIN
    found, since, tier = [], BEGIN, "tier_1"
    calendars: list[str | None] = [None, None]
    for item in sorted([*own, *common], key=lambda each: each.seq):
        found.append(Spell(since, item.t, tier, calendars[0] or calendars[1]))
        since = item.t
        if item.name == name:
            tier = item.value.get("tier", tier)
        place = 0 if item.name == name else 1
        calendars[place] = item.value.get("calendar") or calendars[place]
    return (*found, Spell(since, END, tier, calendars[0] or calendars[1]))
