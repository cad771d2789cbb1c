"""What was made from what, as the evaluation needs it: producing runs, authors, what training used, tiers and calendars."""

from __future__ import annotations

from typing import Any, NamedTuple

from ledger.rules.maturity.index import Evidence, Index, is_artifact, name_of
from ledger.rules.maturity.moments import PLAIN, Spell
from ledger.rules.maturity.spans import BEGIN, END

USED_FOR = 180 * 86_400_000_000
"""For how long a training run's data are in use, in microseconds."""


def registration(index: Index, version: str) -> Evidence | None:
    """The event that registered a version."""
    found = index.grouped("artifact.registered", "subject").get(version)
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
    made: dict[str, Evidence] = index.made("makers", lambda: _makers(index))
    link = made.get(version)
    return None if link is None else Origin(link.value.get("run", ""), link)


def _makers(index: Index) -> dict[str, Evidence]:
    found: dict[str, Evidence] = {}
    for item in index.of_type("run.completed"):
        for ref in refs(item.value.get("outputs")):
            found.setdefault(ref, item)
    return found


def refs(items: Any) -> list[str]:
    """The references in a list of ``{ref, sha256}``."""
    if not isinstance(items, list):
        return []
    return [str(each["ref"]) for each in items if isinstance(each, dict) and "ref" in each]


def started(index: Index, run: str) -> Evidence | None:
    """The event that started a run."""
    found = index.grouped("run.started", "value.run").get(run)
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
        for each in index.grouped("artifact.registered", "value.sha256").get(code, []):
            if each.seq < before and each.value.get("kind") == "code":
                names.add(each.actor)
    return names


class Use(NamedTuple):
    """That a training run used a dataset's version, directly or not; ``made``: it had a producing run by then."""

    run: Evidence
    version: str
    made: bool


def uses(index: Index) -> dict[str | None, list[Use]]:
    """Every use of a dataset by a training run, in order, by the runs' projects."""
    return index.made("uses", lambda: _uses(index))  # type: ignore[no-any-return]


def _uses(index: Index) -> dict[str | None, list[Use]]:
    found: dict[str | None, list[Use]] = {}
    for run in index.of_type("run.started"):
        if run.value.get("job_type") != "training":
            continue
        reached: dict[str, bool] = {}
        frontier = refs(run.value.get("inputs"))
        while frontier:
            version = frontier.pop()
            if version in reached:
                continue
            made = origin(index, version)
            parent = started(index, made.run) if made is not None and made.link.seq < run.seq else None
            reached[version] = made is not None and made.link.seq < run.seq
            if parent is not None and parent.seq < run.seq:
                frontier += refs(parent.value.get("inputs"))
        found.setdefault(run.project, []).extend(
            Use(run, version, made) for version, made in sorted(reached.items()) if version.startswith("dataset/")
        )
    return found


def first_use(index: Index, version: str) -> int | None:
    """The seq of the first training run that used a dataset's version."""
    firsts: dict[str, int] = index.made("first uses", lambda: _first_uses(index))
    return firsts.get(version)


def _first_uses(index: Index) -> dict[str, int]:
    found: dict[str, int] = {}
    for of_project in uses(index).values():
        for use in of_project:
            found[use.version] = min(use.run.seq, found.get(use.version, use.run.seq))
    return found


def first_proposal(index: Index, version: str) -> int | None:
    """The seq of the first request or promotion of a version."""
    seqs = [
        found[0].seq
        for type_ in ("approval.requested", "promotion.recorded")
        if (found := index.grouped(type_, "subject").get(version))
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
