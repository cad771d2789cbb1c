"""Targets: which level a track shall reach by when, by criteria that can be measured, signed by leadership."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import assessments, evaluating, events
from app.actions.answers import Answer, Mark, say, state, table
from app.workspace import nearest
from ledger.errors import InputError
from ledger.format import canonical, hashes

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.evaluating import Ground
    from ledger.events.targets import TargetSet
    from ledger.rules.maturity.pieces import Evidence

TRANSITION = "target"
LEADERSHIP = ("leadership", "sponsor", "head")
"""The roles that sign targets; whoever holds one of them in the project may."""


class Target(NamedTuple):
    """A target as it stands: the newest of its track.

    ``request`` asks for leadership's signature, ``signed`` is the event of it; ``open`` names the criteria that are not held.
    """

    seq: int
    t: int
    ref: str
    project: str
    track: str
    level: int
    due: str
    owner: str
    criteria: tuple[str, ...]
    milestones: dict[str, str]
    depends: tuple[str, ...]
    request: int | None
    signed: int | None
    signer: str | None
    open: tuple[str, ...]


def set_target(
    context: Context,
    *,
    track: str,
    level: str,
    due: str,
    owner: str | None = None,
    criteria: Sequence[str] = (),
    milestones: Sequence[str] = (),
    depends: Sequence[str] = (),
    project: str | None = None,
) -> Answer:
    """Freeze a target with its criteria as a document, and ask leadership to sign it."""
    found = evaluating.ground(context)
    home = context.workspace.project(project)
    _require_tracks(track, depends)
    number = assessments.level_number(level)
    day = _day(due, "--due", after=_today(found))
    steps = _milestones(milestones, number, day)
    ids = _criteria(found, track, number, criteria)
    measured = [_measured(found, each) for each in ids]
    digest = hashes.digest(canonical.encode(measured))
    content = {
        "project": home,
        "track": track,
        "level": f"L{number}",
        "due": day,
        "owner": owner,
        "model": found.evaluation.model.digest,
        "criteria": measured,
        "milestones": steps,
        "depends": list(depends),
    }

    def fact(ref: str) -> TargetSet:
        from ledger.events.targets import TargetSet

        return TargetSet(track, number, day, digest, ids, owner, steps, list(depends))

    return _asked(context, found, content, fact)


def _asked(context: Context, found: Ground, content: dict[str, Any], fact: Callable[[str], TargetSet]) -> Answer:
    """Record a target's document and leadership's request for it; ``fact`` makes the target of the document's reference."""
    track, home = content["track"], content["project"]
    recorded = assessments.ask(
        context,
        home,
        TRANSITION,
        canonical.encode(content),
        roles=[_leadership(found, home)],
        note=f"{track} of {home} shall reach {content['level']} by {content['due']}",
        name=f"target-{track}",
        more=fact,
    )
    request = recorded[-1].seq
    lines = [*events.listing(recorded), say(f"`assay target sign {track}` signs it, as one of {', '.join(LEADERSHIP)}")]
    document_ = {"target": content, "request": request, "events": [events.described(each) for each in recorded]}
    return Answer(document_, lines)


def _require_tracks(track: str, depends: Sequence[str]) -> None:
    if track not in assessments.TRACKS:
        raise InputError(f"there is no track {track!r}; they are {', '.join(assessments.TRACKS)}")
    wrong = [each for each in depends if each not in assessments.TRACKS or each == track]
    if wrong:
        raise InputError(f"--depends {wrong[0]}: another track, of {', '.join(assessments.TRACKS)}")


def list_targets(context: Context, *, project: str | None = None) -> Answer:
    """The targets, how far off each is, and whether it is signed."""
    found = evaluating.ground(context)
    names = [evaluating.chosen(context, found, project)] if project else evaluating.projects(context, found)
    shown = [each for name in names for each in standing(found, name)]
    rows = [_row(found, each) for each in shown]
    lines = table(rows, ("project", "track", "now", "target", "due", "owner", "", "still open")) or [
        say(Mark("dim", "no target is set; `assay target set data L2 --due DAY` sets one"))
    ]
    return Answer({"at": found.view.at, "targets": [document(found, each) for each in shown]}, lines)


def sign(
    context: Context,
    *,
    track: str,
    project: str | None = None,
    role: str | None = None,
    reason: str = "",
    yes: bool = False,
    key_file: str | None = None,
) -> Answer:
    """Sign the newest target of a track with the actor's own key, as one of leadership."""
    from app.actions import approvals

    found = evaluating.ground(context)
    home = evaluating.chosen(context, found, project)
    target = next((each for each in standing(found, home) if each.track == track), None)
    if target is None or target.request is None:
        raise InputError(f"{home} has no target for {track!r}; `assay target set {track} L2 --due DAY` sets one")
    return approvals.approve(context, request=str(target.request), role=role, reason=reason, yes=yes, key_file=key_file)


def standing(found: Ground, project: str) -> list[Target]:
    """The newest target of each track of a project, as of the moment."""
    newest: dict[str, Evidence] = {}
    for each in found.evaluation.index.in_project("target.set", project):
        newest[each.value["track"]] = each
    return [_target(found, project, newest[track]) for track in assessments.TRACKS if track in newest]


def _target(found: Ground, project: str, item: Evidence) -> Target:
    index, value = found.evaluation.index, item.value
    asked = index.grouped("approval.requested", "subject").get(item.subject, [])
    granted = index.grouped("approval.granted", "subject").get(item.subject, [])
    signed = next((each for each in granted if each.value["transition"] == TRANSITION), None)
    states = {each.criterion.id: each.state for each in _states(found, project, value.get("criteria", []))}
    return Target(
        seq=item.seq,
        t=item.t,
        ref=item.subject,
        project=project,
        track=value["track"],
        level=value["level"],
        due=value["due"],
        owner=value.get("owner") or "",
        criteria=tuple(value.get("criteria", ())),
        milestones=dict(value.get("milestones", {})),
        depends=tuple(value.get("depends", ())),
        request=asked[-1].seq if asked else None,
        signed=None if signed is None else signed.seq,
        signer=None if signed is None else signed.actor,
        open=tuple(name for name, word in states.items() if word in ("missing", "lapsed")),
    )


def _states(found: Ground, project: str, ids: Sequence[str]) -> list[Any]:
    criteria = [found.evaluation.model.criterion(each) for each in ids]
    return [found.evaluation.state(project, each, found.moment) for each in criteria if each is not None]


def document(found: Ground, target: Target) -> dict[str, Any]:
    """A target as JSON, with where its track stands."""
    from app.actions.maturity import level_word
    from ledger.rules.maturity.moments import text

    now = found.evaluation.levels(target.project, found.moment.t)[target.track]
    facts = {**target._asdict(), "level": f"L{target.level}", "now": level_word(now), "at": text(target.t)}
    del facts["t"]
    return facts


def _row(found: Ground, target: Target) -> tuple[Any, ...]:
    facts = document(found, target)
    signed = state("good", f"signed by {target.signer}") if target.signed is not None else state("open", "not signed")
    late = target.due < _today(found) and bool(target.open)
    due = Mark("bad", target.due) if late else target.due
    left = ", ".join(target.open[:6]) + ("…" if len(target.open) > 6 else "") or "nothing"
    return (target.project, target.track, facts["now"], facts["level"], due, target.owner or None, signed, left)


def _today(found: Ground) -> str:
    from ledger.rules.maturity.moments import text

    return text(found.moment.t)[:10]


def _day(said: str, what: str, *, after: str) -> str:
    try:
        day = date.fromisoformat(said).isoformat()
    except ValueError:
        raise InputError(f"{what} {said!r} is no day; write it as 2027-06-30") from None
    if day <= after:
        raise InputError(f"{what} {day} is not after {after}, the ledger's present day")
    return day


def _milestones(said: Sequence[str], level: int, due: str) -> dict[str, str]:
    """``L1=2027-03-01`` for levels below the target's, in order."""
    found: dict[str, str] = {}
    for each in said:
        name, _, day = each.partition("=")
        number = assessments.level_number(name)
        if number >= level:
            raise InputError(f"--milestone {each}: a level below the target's, L{level}")
        found[f"L{number}"] = _day(day, f"--milestone {each}:", after="")
    days = [found[name] for name in sorted(found)] + [due]
    if days != sorted(days):
        raise InputError(
            "the milestones' days do not follow the levels: a lower level comes first, and none after the target"
        )
    return found


def _criteria(found: Ground, track: str, level: int, said: Sequence[str]) -> list[str]:
    """The ids of the target's criteria: those named, else all of the track up to the level."""
    known = {each.id: each for each in found.evaluation.model.criteria if each.track == track}
    if not said:
        return [each.id for each in known.values() if each.level <= level]
    for each in said:
        if each not in known:
            raise InputError(
                f"nothing can measure {each!r}{nearest(each, list(known))}; a target's criteria are those of {track}: "
                f"{', '.join(known)}"
            )
    return list(dict.fromkeys(said))


def _measured(found: Ground, name: str) -> dict[str, str]:
    criterion = found.evaluation.model.criterion(name)
    assert criterion is not None
    return {"id": criterion.id, "need": criterion.need, "window": criterion.window.spelled}


def _leadership(found: Ground, project: str) -> list[str]:
    """The roles that may sign: those of leadership that somebody holds; all of them where nobody holds one."""
    from ledger.projections import people

    held = [role for role in LEADERSHIP if people.holders(found.view, role, project)]
    return held or list(LEADERSHIP)
