"""Maturity: where data, models and code stand, why, since when, and what to do next (docs/maturity.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import evaluating, events
from app.actions.answers import Answer, Mark, counted, fields, moment, say, state, table
from app.actions.evaluating import Ground
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.rules.maturity.standing import Standing, State

TRACKS = ("data", "model", "code")
WEEK = 7 * 86_400_000_000
_ROLES = {"held": "good", "lapsed": "bad", "missing": "open", "inapplicable": "quiet"}
_WORDS = {"held": "held", "lapsed": "lapsed", "missing": "missing", "inapplicable": "not applicable"}
_SHOWN = 12


def maturity(
    context: Context,
    *,
    projects: Sequence[str] = (),
    why: str | None = None,
    history: bool = False,
    weeks: int = 52,
    every: bool = False,
    verify: bool = False,
) -> Answer:
    """The levels of projects side by side, of one in detail, one criterion of it, or the levels week by week."""
    found = evaluating.ground(context, verify=verify)
    known = evaluating.projects(context, found)
    names = [evaluating.chosen(context, found, name) for name in projects] or known
    if why is not None:
        name = names[0] if len(names) == 1 else evaluating.chosen(context, found, None)
        return _why(found, name, why)
    if history:
        return _history(context, found, names, weeks)
    detail = len(names) == 1
    standings = [found.evaluation.standing(name, found.moment, detail=detail) for name in names]
    lines = _chain(found, standings)
    if len(names) == 1:
        lines += _one(found, standings[0], every=every)
    else:
        lines += _side_by_side(context, standings)
    return Answer(document(context, found, standings), lines)


def adopt(context: Context, *, project: str | None = None) -> Answer:
    """Register the model in force as a policy, by its digest, so that it can be approved and named."""
    from ledger.events.artifacts import ArtifactRegistered
    from ledger.projections import artifacts

    model = evaluating.model_of(context)
    ledger, view = context.ledger, context.view
    home = context.workspace.project(project)
    versions = artifacts.versions(view, kind="policy", project=home, name=evaluating.ARTIFACT)
    same = next((each for each in versions if each.digest == model.digest), None)
    if same is not None:
        unchanged = [say(state("quiet", "unchanged"), f"  {same.ref} is this model since event {same.seq}")]
        return Answer({"ref": same.ref, "sha256": same.digest, "source": model.source, "event": None}, unchanged)
    stored = ledger.objects.put_bytes(evaluating.content(model))
    fact = ArtifactRegistered(
        kind="policy",
        name=evaluating.ARTIFACT,
        version=1 + max((each.version for each in versions), default=0),
        sha256=stored.digest,
        size=stored.size,
        media_type="application/json",
        summary={"schema": "assay/maturity-model/1", "source": model.source},
    )
    recorded = ledger.record(fact, actor=context.actor, project=home)
    document_ = {"ref": recorded.event.subject, "sha256": stored.digest, "source": model.source}
    lines: list[str] = [
        *events.listing([recorded]),
        say(f"`assay request {recorded.event.subject} --to policy --role ROLE` asks for its approval"),
    ]
    return Answer({**document_, "event": events.described(recorded)}, lines)


def document(context: Context, found: Ground, standings: Sequence[Standing]) -> dict[str, Any]:
    """Standings as JSON, with the model that they were judged by."""
    from ledger.rules.maturity.moments import text

    model = found.evaluation.model
    held = evaluating.adopted(found.view, model)
    return {
        "at": found.view.at,
        "time": text(found.moment.t),
        "model": {"sha256": model.digest, "source": model.source, "adopted": None if held is None else held.ref},
        "trouble": found.trouble,
        "projects": [standing_document(context, found, each) for each in standings],
        "teams": _teams(context, standings),
    }


def standing_document(context: Context, found: Ground, standing: Standing) -> dict[str, Any]:
    """Where one project stands, as JSON."""
    return {
        "project": standing.project,
        "team": evaluating.team_of(context, standing.project) or None,
        "verified": standing.verified,
        "levels": {track: _level(level) for track, level in standing.levels.items()},
        "overall": _level(standing.overall),
        "claims": _claims(found, standing.project),
        "criteria": [evaluating.criterion_document(each) for each in standing.states],
    }


def level_word(level: int | None) -> str:
    """A level as people read it."""
    from ledger.rules.maturity.standing import named

    return named(level)


def _level(level: int | None) -> str:
    return level_word(level)


def _teams(context: Context, standings: Sequence[Standing]) -> list[dict[str, Any]]:
    """For each team its lowest project, track by track."""
    by_team: dict[str, list[Standing]] = {}
    for each in standings:
        team = evaluating.team_of(context, each.project)
        if team:
            by_team.setdefault(team, []).append(each)
    return [
        {
            "team": team,
            "projects": [each.project for each in members],
            "levels": {track: _level(_lowest([each.levels[track] for each in members])) for track in TRACKS},
        }
        for team, members in sorted(by_team.items())
    ]


def _lowest(levels: Sequence[int | None]) -> int | None:
    known = [level for level in levels if level is not None]
    return min(known) if len(known) == len(levels) and known else None


def _claims(found: Ground, project: str) -> dict[str, Any]:
    """The newest claim of each track."""
    newest: dict[str, Any] = {}
    for each in found.evaluation.index.in_project("assessment.recorded", project):
        value = each.value
        newest[value["track"]] = {"level": f"L{value['level']}", "by": value["claimed_by"], "seq": each.seq}
    return newest


def _chain(found: Ground, standings: Sequence[Standing]) -> list[str]:
    if found.trouble is not None:
        return [say(state("bad", "not intact"), f"  a ledger with findings has no level: {found.trouble}"), ""]
    if standings and not standings[0].verified:
        head = state("warn", "unverified")
        return [
            say(head, "  a ledger that nobody has verified has no level"),
            say("  `assay verify --record` leaves evidence of it for 30 days; `assay maturity --verify` looks now"),
            "",
        ]
    return []


def _side_by_side(context: Context, standings: Sequence[Standing]) -> list[str]:
    if not standings:
        return [say(Mark("dim", "no event names a project yet"))]
    rows = []
    for each in standings:
        held = sum(one.state == "held" for one in each.states)
        lapsed = sum(one.state == "lapsed" for one in each.states)
        rows.append(
            (
                each.project,
                evaluating.team_of(context, each.project) or None,
                *(_mark(each.levels[track]) for track in TRACKS),
                _mark(each.overall),
                f"{held} of {len(each.states)} held",
                state("bad", f"{lapsed} lapsed") if lapsed else "",
            )
        )
    lines = table(rows, ("project", "team", *TRACKS, "overall", "", ""))
    teams = _teams(context, standings)
    if len(teams) > 1:
        lines += ["", *table([(t["team"], *t["levels"].values()) for t in teams], ("team", *TRACKS))]
    return lines


def _mark(level: int | None) -> Mark:
    role = "warn" if level is None else "bad" if level < 0 else "good" if level >= 3 else "live"
    return Mark(role, level_word(level))


def _one(found: Ground, standing: Standing, *, every: bool) -> list[str]:
    claims = _claims(found, standing.project)
    lines: list[str] = [say(Mark("title", standing.project), "  overall ", _mark(standing.overall)), ""]
    for track in TRACKS:
        level = standing.levels[track]
        claim = claims.get(track)
        beside = f"   {claim['by']} claims {claim['level']} (event {claim['seq']})" if claim else ""
        lines.append(say(Mark("title", track.capitalize()), "  ", _mark(level), Mark("dim", beside)))
        lines += _levels(standing.of_track(track), level, every=every)
        lines.append("")
    return lines[:-1]


def _levels(states: Sequence[State], level: int | None, *, every: bool) -> list[str]:
    lines: list[str] = []
    wanted = -1 if level is None else level
    for number in range(5):
        own = [each for each in states if each.criterion.level == number]
        lines.append(_summary(number, own, reached=number <= wanted))
        for each in own:
            open_ = each.state in ("missing", "lapsed")
            if every or each.state == "lapsed" or (open_ and number <= wanted + 1):
                lines += _criterion(each)
    return lines


def _summary(number: int, states: Sequence[State], *, reached: bool) -> str:
    count = {word: sum(each.state == word for each in states) for word in _ROLES}
    said = [f"{n} {_WORDS[word]}" for word, n in count.items() if n]
    return say("  ", state("good" if reached else "open", f"L{number}"), "  ", Mark("dim", ", ".join(said)))


def _criterion(found: State) -> list[str]:
    from ledger.rules.maturity.standing import advice, unset_words

    mark = state(_ROLES[found.state], f"{_WORDS[found.state]:<8}")
    share = "" if found.shown.total is None else f"  ({found.shown.done} of {found.shown.total})"
    lines: list[str] = [say("      ", mark, f" {found.criterion.id}  {found.criterion.need}{share}")]
    if found.unset:
        lines.append(say(Mark("dim", f"{'':>18}{unset_words(found)}")))
    if found.state in ("missing", "lapsed"):
        lines.append(say(Mark("dim", f"{'':>18}{found.criterion.id and ''}next: {advice(found)}")))
    return lines


def _why(found: Ground, project: str, name: str) -> Answer:
    from ledger.rules.maturity import verdicts
    from ledger.rules.maturity.standing import advice

    criterion = found.evaluation.model.criterion(name)
    if criterion is None:
        ids = ", ".join(each.id for each in found.evaluation.model.criteria)
        raise InputError(f"there is no criterion {name!r}; there are {ids}")
    held = found.evaluation.state(project, criterion, found.moment)
    facts = evaluating.criterion_document(held)
    rows: list[tuple[str, Any]] = [
        ("project", project),
        ("for", f"{criterion.track} L{criterion.level}"),
        ("evidence counts", _counts(found, criterion.window.spelled)),
        ("by", "automations alone" if criterion.automated else None),
        ("elements", None if held.shown.total is None else f"{held.shown.done} of {held.shown.total} have evidence"),
        ("grade", facts["grade"]),
        ("gained", facts["gained"] and moment(facts["gained"])),
        ("lost", facts["lost"] and moment(facts["lost"])),
        ("lapses", facts["lapses"] and f"{moment(facts['lapses'])}, if nothing more is recorded"),
        ("why", facts["reason"]),
        ("next", facts["next"]),
        ("from", ", ".join(criterion.src)),
    ]
    lines: list[str] = [
        say(Mark("title", f"{criterion.id}  {criterion.need}"), "  ", state(_ROLES[held.state], _WORDS[held.state])),
        *fields(rows),
    ]
    if held.state == "inapplicable":
        lines.append(say("  nothing here that it speaks of: it blocks no level, and proves nothing"))
    lines += _evidence(found, "proven by", [each.seq for each in held.shown.events])
    lines += _evidence(found, "against it", [each.seq for each in held.shown.against])
    lacking = [verdicts.label(each) for each in held.shown.lacking]
    if lacking:
        lines += ["", say(Mark("dim", "without evidence"))]
        lines += [say(f"  {each}") for each in lacking[:_SHOWN]]
        if len(lacking) > _SHOWN:
            lines.append(say(Mark("dim", f"  and {len(lacking) - _SHOWN} more; --json lists them")))
    if held.state in ("missing", "lapsed") and held.shown.lacking:
        assert advice(held)
    return Answer({"at": found.view.at, "project": project, "criterion": facts}, lines)


def _counts(found: Ground, spelled: str) -> str:
    tiers = found.evaluation.model.tiers
    if spelled == "tier":
        return "by materiality: " + ", ".join(f"{name} {window.spelled}" for name, window in tiers.items())
    return spelled if spelled == "ever" else f"for {spelled}"


def _evidence(found: Ground, head: str, seqs: Sequence[int]) -> list[str]:
    if not seqs:
        return []
    shown = [events.read(found.view, seq) for seq in seqs[-_SHOWN:]]
    more = [say(Mark("dim", f"  and {len(seqs) - _SHOWN} earlier"))] if len(seqs) > _SHOWN else []
    return ["", say(Mark("dim", head)), *events.listing(shown, indent="  "), *more]


def _history(context: Context, found: Ground, names: Sequence[str], weeks: int) -> Answer:
    from ledger.rules.maturity.moments import text

    if not 1 <= weeks <= 5_200:
        raise InputError(f"--weeks {weeks}: a number from 1 to 5,200")
    last = found.moment.t
    times = [last - WEEK * n for n in range(weeks - 1, -1, -1)]
    series = {name: found.evaluation.history(name, times) for name in names}
    document_ = {
        "at": found.view.at,
        "times": [text(t) for t in times],
        "projects": [
            {"project": name, "levels": [{track: _level(each[track]) for track in TRACKS} for each in levels]}
            for name, levels in series.items()
        ],
    }
    lines: list[str] = []
    for name, levels in series.items():
        lines.append(say(Mark("title", name), Mark("dim", f"  {counted(weeks, 'week')} to {text(last)[:10]}")))
        for track in TRACKS:
            strip = "".join(_digit(each[track]) for each in levels)
            lines.append(say(f"  {track:<6}{strip}"))
        rows: list[tuple[Any, ...]] = []
        for before, now, t in zip([None, *levels], levels, times, strict=False):
            if before != now:
                rows.append((text(t)[:10], *(_mark(now[track]) for track in TRACKS)))
        lines += [*table(rows, ("since", *TRACKS), indent="  "), ""]
    lines.append(say(Mark("dim", "0 to 4: the level; - unmapped; ? unverified")))
    return Answer(document_, lines)


def _digit(level: int | None) -> str:
    return "?" if level is None else "-" if level < 0 else str(level)
