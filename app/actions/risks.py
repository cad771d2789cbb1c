"""Risks: what could go wrong, what answers it, who owns it; a risk whose answer's evidence has lapsed rises by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import evaluating, events
from app.actions.answers import Answer, Mark, fields, say, state, table
from app.workspace import nearest
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.evaluating import Ground
    from ledger.rules.maturity.pieces import Evidence

AREAS = ("data-quality", "lineage", "reproducibility", "governance", "deployment", "monitoring")
MOST = 5
MIDDLE = 3


class Risk(NamedTuple):
    """A risk as it stands. ``likelihood`` is as recorded, ``raised`` one more where a criterion of its capability lapsed.

    ``flags`` says in words what is wrong with it; ``lapsed`` names the criteria.
    """

    risk: str
    project: str
    title: str
    area: str
    likelihood: int
    impact: int
    raised: int
    capability: str
    owner: str
    depends: tuple[str, ...]
    objects: tuple[str, ...]
    lapsed: tuple[str, ...]
    flags: tuple[str, ...]
    seq: int
    at: str
    closed: str | None

    @property
    def priority(self) -> int:
        """Likelihood as it stands now, times impact."""
        return self.raised * self.impact


def add(
    context: Context,
    *,
    risk: str,
    title: str | None = None,
    area: str | None = None,
    likelihood: int | None = None,
    impact: int | None = None,
    capability: str | None = None,
    owner: str | None = None,
    depends: Sequence[str] = (),
    objects: Sequence[str] = (),
    project: str | None = None,
) -> Answer:
    """Record a risk, or how it is seen from now on; what is not said again of a known risk stays as it was."""
    from ledger.events.risks import RiskRecorded
    from ledger.format.names import check_name

    check_name(risk, "a risk's name")
    home = context.workspace.project(project)
    found = evaluating.ground(context)
    others = {each.risk: each for each in standing(found, home)}
    known_as = others.get(risk)
    if likelihood is None:
        likelihood = known_as.likelihood if known_as else MIDDLE
    if impact is None:
        impact = known_as.impact if known_as else MIDDLE
    area = area or (known_as.area if known_as else "governance")
    capability = known_as.capability if capability is None and known_as else capability or ""
    owner = known_as.owner if owner is None and known_as else owner or ""
    title = title or (known_as.title or None if known_as else None)
    depends = depends or (known_as.depends if known_as else ())
    objects = objects or (known_as.objects if known_as else ())
    _require_known(found, area, capability, likelihood=likelihood, impact=impact)
    _require_order(risk, depends, others, home)
    fact = RiskRecorded(
        risk=risk,
        capability=capability,
        priority=likelihood * impact,
        owner=owner,
        title=title,
        area=area,
        likelihood=likelihood,
        impact=impact,
        depends=list(depends),
        objects=list(objects),
    )
    recorded = context.ledger.record(fact, actor=context.actor, project=home)
    made = _again(context, home, risk)
    document_ = {"risk": document(made), "event": events.described(recorded)}
    return Answer(document_, [*events.listing([recorded]), *_flags(made)])


def _require_order(risk: str, depends: Sequence[str], others: dict[str, Risk], home: str) -> None:
    """What a risk depends on is there, and does not depend on it in turn."""
    for name in depends:
        if name not in others:
            raise InputError(f"there is no risk {name!r} in {home}{nearest(name, list(others))}")
        if name == risk or risk in _reached(others, name):
            raise InputError(f"{risk} would depend on itself, through {name}")


def _require_known(found: Ground, area: str, capability: str, **numbers: int) -> None:
    """Likelihood and impact lie on their scale, and area and capability are ones that there are."""
    for name, number in numbers.items():
        if not 1 <= number <= MOST:
            raise InputError(f"--{name} {number}: a number from 1 to {MOST}")
    if area not in AREAS:
        raise InputError(f"there is no area {area!r}{nearest(area, AREAS)}; they are {', '.join(AREAS)}")
    known = found.evaluation.model.capabilities
    if capability and capability not in known:
        raise InputError(
            f"there is no capability {capability!r}{nearest(capability, list(known))}; see `assay risk matrix`"
        )


def close(context: Context, *, risk: str, outcome: str, project: str | None = None) -> Answer:
    """Record that a risk no longer stands."""
    from ledger.events.risks import RiskClosed

    home = context.workspace.project(project)
    found = evaluating.ground(context)
    one = _one(found, home, risk)
    if one.closed is not None:
        raise InputError(f"the risk {risk} is closed: {one.closed}")
    recorded = context.ledger.record(RiskClosed(risk, outcome), actor=context.actor, project=home, cause=one.seq)
    after = _again(context, home, risk)
    return Answer({"risk": document(after), "event": events.described(recorded)}, events.listing([recorded]))


def list_risks(context: Context, *, project: str | None = None, every: bool = False) -> Answer:
    """The risks that stand, the gravest first."""
    found = evaluating.ground(context)
    names = [evaluating.chosen(context, found, project)] if project else evaluating.projects(context, found)
    shown = [each for name in names for each in standing(found, name) if every or each.closed is None]
    shown.sort(key=lambda each: (each.closed is not None, -each.priority, each.project, each.risk))
    lines = table([_row(each) for each in shown], ("", "risk", "", "area", "answered by", "owner", "project"))
    for each in shown:
        lines += _flags(each)
    lines = lines or [
        say(Mark("dim", "no risk is recorded; `assay risk add NAME --capability … --owner …` records one"))
    ]
    return Answer({"at": found.view.at, "risks": [document(each) for each in shown]}, lines)


def matrix(context: Context, *, project: str | None = None) -> Answer:
    """Areas against capabilities, with how grave the risks in each cell are, and who owns them."""
    found = evaluating.ground(context)
    home = evaluating.chosen(context, found, project)
    alive = [each for each in standing(found, home) if each.closed is None]
    cells: dict[tuple[str, str], list[Risk]] = {}
    for each in alive:
        cells.setdefault((each.area, each.capability or "(none)"), []).append(each)
    columns = sorted({capability for _, capability in cells})
    rows = [
        (area, *(_cell(cells.get((area, capability), [])) for capability in columns))
        for area in (*AREAS, *sorted({each.area for each in alive} - {*AREAS}))
    ]
    lines: list[str] = [say(Mark("title", f"{home}: risks by area and by the capability that answers them"))]
    lines += table(rows, ("", *columns))
    for each in sorted(alive, key=lambda one: -one.priority):
        lines += _flags(each)
    known = found.evaluation.model.capabilities
    lines += ["", say(Mark("dim", f"capabilities: {', '.join(known)}"))]
    document_ = {
        "at": found.view.at,
        "project": home,
        "areas": list(AREAS),
        "capabilities": {name: list(ids) for name, ids in known.items()},
        "risks": [document(each) for each in sorted(alive, key=lambda one: -one.priority)],
    }
    return Answer(document_, lines)


def show(context: Context, *, risk: str, project: str | None = None) -> Answer:
    """One risk: how it stands, why, and its history."""
    found = evaluating.ground(context)
    home = evaluating.chosen(context, found, project)
    one = _one(found, home, risk)
    past = events.history(found.view, f"risk/{home}/{risk}")
    rows: list[tuple[str, Any]] = [
        ("title", one.title or None),
        ("area", one.area),
        ("likelihood", one.likelihood if one.raised == one.likelihood else f"{one.likelihood}, raised to {one.raised}"),
        ("impact", one.impact),
        ("priority", one.priority),
        ("answered by", one.capability or None),
        ("lapsed", ", ".join(one.lapsed) or None),
        ("owner", one.owner or None),
        ("depends on", ", ".join(one.depends) or None),
        ("of", ", ".join(one.objects) or None),
        ("closed", one.closed),
    ]
    lines = [say(Mark("title", f"risk/{home}/{risk}")), *fields(rows), *_flags(one), "", *events.listing(past)]
    history = [events.described(each) for each in past]
    return Answer({"at": found.view.at, "risk": document(one), "history": history}, lines)


def standing(found: Ground, project: str) -> list[Risk]:
    """Every risk of a project as of the moment, in the order of their names."""
    index = found.evaluation.index
    newest: dict[str, Evidence] = {}
    for each in index.in_project("risk.recorded", project):
        newest[each.value["risk"]] = each
    closed = {each.value["risk"]: each for each in index.in_project("risk.closed", project)}
    return [_risk(found, project, each, closed.get(name), newest) for name, each in sorted(newest.items())]


def _risk(found: Ground, project: str, item: Evidence, end: Evidence | None, others: dict[str, Evidence]) -> Risk:
    from ledger.rules.maturity.moments import text

    value = item.value
    over = end is not None and end.seq > item.seq
    capability, owner = value.get("capability", ""), value.get("owner", "")
    lapsed = _lapsed(found, project, capability)
    likelihood = value.get("likelihood") or max(1, min(MOST, round(value["priority"] ** 0.5)))
    flags = []
    if not capability:
        flags.append("no capability answers it")
    elif capability not in found.evaluation.model.capabilities:
        flags.append(f"the model knows no capability {capability}")
    if not owner:
        flags.append("nobody owns it")
    if lapsed:
        flags.append(f"raised: {', '.join(lapsed)} lapsed, which {capability} stands on")
    flags += [f"depends on {each}, which is not recorded" for each in value.get("depends", []) if each not in others]
    return Risk(
        risk=value["risk"],
        project=project,
        title=value.get("title") or "",
        area=value.get("area") or "governance",
        likelihood=likelihood,
        impact=value.get("impact") or max(1, value["priority"] // likelihood),
        raised=min(MOST, likelihood + 1) if lapsed else likelihood,
        capability=capability,
        owner=owner,
        depends=tuple(value.get("depends", ())),
        objects=tuple(value.get("objects", ())),
        lapsed=lapsed,
        flags=tuple(flags),
        seq=item.seq,
        at=text(item.t),
        closed=str(end.value["outcome"]) if over and end is not None else None,
    )


def _lapsed(found: Ground, project: str, capability: str) -> tuple[str, ...]:
    model = found.evaluation.model
    criteria = [model.criterion(name) for name in model.capabilities.get(capability, ())]
    states = [found.evaluation.state(project, each, found.moment) for each in criteria if each is not None]
    return tuple(each.criterion.id for each in states if each.state == "lapsed")


def _reached(risks: dict[str, Risk], name: str) -> set[str]:
    """All that a risk depends on, directly or not."""
    found: set[str] = set()
    frontier = [name]
    while frontier:
        for each in risks[frontier.pop()].depends:
            if each not in found and each in risks:
                found.add(each)
                frontier.append(each)
    return found


def _one(found: Ground, project: str, risk: str) -> Risk:
    known = {each.risk: each for each in standing(found, project)}
    name = risk.removeprefix(f"risk/{project}/")
    if name not in known:
        raise InputError(f"there is no risk {name!r} in {project}{nearest(name, list(known))}; `assay risk list --all`")
    return known[name]


def _again(context: Context, project: str, risk: str) -> Risk:
    from ledger.rules.maturity.sparing import Sparing
    from ledger.rules.maturity.standing import Evaluation

    view = context.ledger.view()
    model = evaluating.model_of(context)
    after = evaluating.Ground(Evaluation(Sparing(view), model), evaluating.moment(context, view), view, None)
    return _one(after, project, risk)


def document(risk: Risk) -> dict[str, Any]:
    """A risk as JSON."""
    return {**risk._asdict(), "priority": risk.priority}


def _row(risk: Risk) -> tuple[Any, ...]:
    mark = state("quiet", "closed") if risk.closed is not None else _grave(risk.priority)
    return (mark, risk.risk, risk.title or None, risk.area, risk.capability or None, risk.owner or None, risk.project)


def _grave(priority: int) -> Mark:
    role = "bad" if priority >= 15 else "warn" if priority >= 8 else "open"
    return state(role, f"{priority:>2}")


def _cell(risks: Sequence[Risk]) -> Any:
    if not risks:
        return Mark("dim", "·")
    gravest = max(risks, key=lambda each: each.priority)
    more = f" +{len(risks) - 1}" if len(risks) > 1 else ""
    mark = _grave(gravest.priority)
    return Mark(mark.role, f"{mark.text} {gravest.risk}{more} ({gravest.owner or 'nobody'})")


def _flags(risk: Risk) -> list[str]:
    if risk.closed is not None:
        return []
    return [say("  ", state("warn", risk.risk), f"  {flag}") for flag in risk.flags]
