"""What is wrong, what waits, what is live, what happened last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.tui.draw.refs import short
from app.tui.queries.log import Entry
from app.tui.queries.tally import Tally

if TYPE_CHECKING:
    from ledger.projections.view import View

NEWEST = 8
CONSIDERED = 60
"""Requests that are looked at: the newest, as in the inbox."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that is open, and whether it waits for the one who looks."""

    seq: int
    subject: str
    transition: str
    actor: str
    at: str
    have: int
    mine: bool
    due: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An alert that nobody has resolved."""

    alert: str
    severity: str
    state: str
    day: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An exception that nobody has closed: a version that passes without what its policy demands."""

    seq: int
    exception: str
    state: str
    subject: str
    transition: str
    expires: str
    reason: str


@dataclass(frozen=True, slots=True)
class Live:
    """What serves, or is under way, in an environment."""

    deployment: str
    subject: str
    environment: str
    strategy: str
    slice: float
    status: str
    since: str
    again: str = ""
    """Why it serves again, where what had taken its place was rolled back."""


@dataclass(frozen=True, slots=True)
class Project:
    """One project in a line."""

    name: str
    live: str
    alerts: int
    requests: int
    versions: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The page."""

    troubles: tuple[Trouble, ...]
    waiting: tuple[Waiting, ...]
    live: tuple[Live, ...]
    projects: tuple[Project, ...]
    counts: tuple[tuple[str, int], ...]
    newest: tuple[Entry, ...]
    since_checkpoint: int | None
    exceptions: tuple[Broken, ...] = ()
    now: str = field(default="", compare=False)
    """The ledger's time at the moment shown: what is due by then is overdue."""
    drills: tuple[Trouble, ...] = ()
    """Alerts of drills that nobody has resolved: no trouble, and not counted as such."""


def load(view: View, me: str | None, tally: Tally | None = None) -> Overview:
    """All of it as of the view; ``me`` is who looks, ``tally`` what was counted for moments near by."""
    from app.actions import moments
    from app.tui.queries.log import entry

    signed = view.row("SELECT max(size) FROM checkpoints WHERE size <= :at + 1")
    tally = tally or Tally()
    live, waiting, troubles, counts = _live(view), _waiting(view, me), _troubles(view), _counts(view, tally)
    return Overview(
        troubles=troubles,
        waiting=waiting,
        live=live,
        projects=_projects(counts, view, live, waiting),
        counts=_kinds(counts, tally.runs(view)),
        newest=tuple(entry(view, seq) for seq in range(view.at, max(-1, view.at - NEWEST), -1)),
        since_checkpoint=None if signed is None or signed[0] is None else view.at + 1 - signed[0],
        exceptions=_exceptions(view),
        drills=_troubles(view, drills=True),
        now=moments.present(view),
    )


def _exceptions(view: View) -> tuple[Broken, ...]:
    from app.actions import moments
    from ledger.projections import exceptions

    now = moments.present(view)
    return tuple(
        Broken(each.seq, each.exception, each.state(now), each.subject, each.transition, each.expires, each.reason)
        for each in exceptions.unclosed(view)
    )


def _troubles(view: View, *, drills: bool = False) -> tuple[Trouble, ...]:
    """Alerts that nobody has resolved; those that drills raised alone, or all others."""
    from ledger.projections import alerts

    names = view.rows(
        "SELECT alert FROM alerts a WHERE seq <= :at AND injected = :drills AND NOT EXISTS (SELECT 1 FROM alert_changes c "
        "WHERE c.alert = a.alert AND c.state = 'resolved' AND c.seq <= :at) ORDER BY seq DESC LIMIT 50",
        {"drills": int(drills)},
    )
    found = [each for each in (alerts.get(view, row[0]) for row in names) if each is not None]
    found.sort(key=lambda each: (each.state != "raised", each.severity != "high"))
    return tuple(
        Trouble(each.alert, each.severity, each.state, each.day or each.at[:10], each.subject, each.message)
        for each in found
    )


def _waiting(view: View, me: str | None) -> tuple[Waiting, ...]:
    from app.actions import approvals as acting
    from ledger.projections import approvals, people
    from ledger.rules import gates

    waiting = []
    newest = view.rows("SELECT seq FROM requests WHERE seq <= :at ORDER BY seq DESC LIMIT :n", {"n": CONSIDERED})
    for (seq,) in reversed(newest):
        request = approvals.get(view, seq)
        if request is None or acting.standing(view, request) != "open":
            continue
        held = people.roles(view, me, request.project) if me else ()
        mine = me is not None and any(gates.barred(view, request, me, role) is None for role in held)
        waiting.append(
            Waiting(
                request.seq,
                request.subject,
                request.transition,
                request.actor,
                request.at,
                len(request.approvals),
                mine,
                request.due or "",
            )
        )
    return tuple(sorted(waiting, key=lambda each: not each.mine))


def _live(view: View) -> tuple[Live, ...]:
    from app.actions.comebacks import comeback
    from app.actions.deployments import serving

    found = []
    for each in serving(view):
        back = comeback(view, each) if each.status == "ok" else None
        found.append(
            Live(
                each.deployment,
                each.subject,
                each.environment,
                each.strategy,
                each.slice,
                each.status,
                (back.at if back else each.ended_at or each.at)[:10],
                f"{short(back.subject)} rolled back by {back.actor}: {back.reason}" if back else "",
            )
        )
    return tuple(found)


def _projects(
    counts: list[tuple[str, str | None, int]], view: View, live: tuple[Live, ...], waiting: tuple[Waiting, ...]
) -> tuple[Project, ...]:
    open_alerts = view.rows(
        "SELECT project, count(*) FROM alerts a WHERE seq <= :at AND NOT injected "
        "AND NOT EXISTS (SELECT 1 FROM alert_changes c WHERE c.alert = a.alert AND c.state = 'resolved' AND c.seq <= :at) "
        "GROUP BY project"
    )
    versions: dict[str, int] = {}
    for _, project, count in counts:
        if project is not None:
            versions[project] = versions.get(project, 0) + count
    counted = {row[0]: row[1] for row in open_alerts}

    def within(ref: str, project: str) -> bool:
        return ref.split("/")[1:2] == [project]

    return tuple(
        Project(
            name,
            ", ".join(short(each.subject) for each in live if within(each.subject, name) and each.status == "ok"),
            counted.get(name, 0),
            sum(1 for each in waiting if within(each.subject, name)),
            versions[name],
        )
        for name in sorted(versions)
    )


def _counts(view: View, tally: Tally) -> list[tuple[str, str | None, int]]:
    """How many versions there are, by kind and project."""
    found: dict[tuple[str, str | None], int] = {}
    for (kind, project, _), count in tally.versions(view).items():
        found[kind, project] = found.get((kind, project), 0) + count
    return [(kind, project, count) for (kind, project), count in found.items()]


def _kinds(counts: list[tuple[str, str | None, int]], runs: int) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for kind, _, count in counts:
        found[kind] = found.get(kind, 0) + count
    return (*sorted(found.items()), ("run", runs))
