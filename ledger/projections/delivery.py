"""How well teams deliver, as of a moment: lead time, frequency, failure rate and time to restore, from what was recorded.

The four measures are those of Forsgren, Humble and Kim, *Accelerate* (2018); what each is here, :func:`measured` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from statistics import median
from typing import NamedTuple

from ledger.format import times
from ledger.projections import alerts, artifacts, deployments, people
from ledger.projections.deployments import Deployment
from ledger.projections.view import View


class Delivered(NamedTuple):
    """One deployment that came to its end: whose it was, and what is measured of it; times in seconds.

    ``lead`` is ``None`` where nothing says what made the version; ``restore`` is of a failure alone.
    """

    deployment: str
    subject: str
    team: str
    ended_at: str
    live: bool
    failed: bool
    lead: float | None
    restore: float | None


class Delivery(NamedTuple):
    """A team's delivery in a window of ``days``; medians in seconds, ``None`` where there is nothing to measure.

    ``deployments`` went live, ``failures`` of ``changes`` were taken back; ``pipelines`` ended, ``pipelines_ok`` of them well.
    """

    team: str
    days: int
    deployments: int
    per_week: float
    lead: float | None
    changes: int
    failures: int
    failure_rate: float | None
    restore: float | None
    pipelines: int
    pipelines_ok: int


def measured(view: View, *, environment: str = "prod", days: int = 90, team: str | None = None) -> list[Delivery]:
    """The delivery of each team, or of one, in the ``days`` before the view's last event.

    - *Frequency*: deployments to ``environment`` that went live (``deployment.completed`` with ``ok``), by the week.
    - *Lead time*: from the beginning of the pipeline that made the version (of the run that did, where there was no
      pipeline) until it was live; the median.
    - *Failure rate*: of the deployments that ended, the share that was taken back, by whatever means; drills aside.
    - *Time to restore*: of those that were taken back, from the first alert on the version since it went there (from the
      moment that it was live, or its beginning, where there was none) until it was taken back; the median.

    A deployment is the team's whose run made the version; else the team's that owns it; else the project's.
    """
    until = _now(view)
    if until is None:
        return []
    since = times.format_time(times.parse_time(until) - timedelta(days=days))
    found = [each for each in delivered(view, environment=environment) if each.ended_at >= since]
    ended = _pipelines(view, since)
    teams = sorted({each.team for each in found} | ended.keys())
    return [
        _summed(name, days, [each for each in found if each.team == name], ended.get(name, (0, 0)))
        for name in teams
        if team in (None, name)
    ]


def delivered(view: View, *, environment: str = "prod") -> list[Delivered]:
    """The deployments to an environment that came to their end, in the order in which they began."""
    lived = _lived(view)
    found = []
    for each in deployments.listed(view, environment=environment):
        if each.ended_at is None or each.status not in ("ok", "rolled_back", "inconclusive"):
            continue
        went_live = lived.get(each.deployment)
        failed = each.status == "rolled_back"
        found.append(
            Delivered(
                deployment=each.deployment,
                subject=each.subject,
                team=_team(view, each),
                ended_at=each.ended_at,
                live=went_live is not None,
                failed=failed,
                lead=_between(_made_from(view, each.subject), went_live),
                restore=_between(_known_from(view, each, went_live), each.ended_at) if failed else None,
            )
        )
    return found


def _summed(team: str, days: int, found: list[Delivered], pipelines: tuple[int, int]) -> Delivery:
    live = [each for each in found if each.live]
    failures = [each for each in found if each.failed]
    return Delivery(
        team=team,
        days=days,
        deployments=len(live),
        per_week=len(live) * 7 / days,
        lead=_median(each.lead for each in live),
        changes=len(found),
        failures=len(failures),
        failure_rate=len(failures) / len(found) if found else None,
        restore=_median(each.restore for each in failures),
        pipelines=pipelines[0],
        pipelines_ok=pipelines[1],
    )


def _now(view: View) -> str | None:
    row = view.row("SELECT at FROM events WHERE seq = :at")
    return None if row is None else str(row[0])


def _lived(view: View) -> dict[str, str]:
    """By deployment, when it first went live."""
    rows = view.rows(
        "SELECT deployment, min(at) FROM deployment_ends WHERE status = 'ok' AND seq <= :at GROUP BY deployment"
    )
    return {row[0]: row[1] for row in rows}


def _made_from(view: View, subject: str) -> str | None:
    """When the work on a version began: its pipeline's beginning, or its run's."""
    artifact = artifacts.get(view, subject)
    if artifact is None or artifact.run is None:
        return None
    row = view.row(
        "SELECT coalesce((SELECT p.at FROM pipeline_steps s JOIN pipelines p ON p.name = s.pipeline "
        "AND p.execution = s.execution AND p.noun = 'triggered' AND p.seq <= :at WHERE s.seq = r.seq), r.at) "
        "FROM runs r WHERE r.run = :run AND r.seq <= :at",
        {"run": artifact.run},
    )
    return None if row is None else str(row[0])


def _known_from(view: View, deployment: Deployment, went_live: str | None) -> str:
    """From when it was known that a deployment fails."""
    raised = [
        each.at
        for each in alerts.listed(view)
        if each.subject == deployment.subject
        and not each.injected
        and deployment.at <= each.at <= (deployment.ended_at or each.at)
    ]
    return min(raised, default=went_live or deployment.at)


def _team(view: View, deployment: Deployment) -> str:
    artifact = artifacts.get(view, deployment.subject)
    if artifact is not None and artifact.run is not None:
        row = view.row(
            "SELECT json_extract(facts, '$.team') FROM runs WHERE run = :run AND seq <= :at", {"run": artifact.run}
        )
        if row is not None and isinstance(row[0], str):
            return row[0]
    base = deployment.subject.rpartition("@")[0]
    owners = [*people.owners(view, deployment.subject), *people.owners(view, base)]
    return next((each.team for each in owners if each.team), None) or deployment.project or "no team"


def _pipelines(view: View, since: str) -> Mapping[str, tuple[int, int]]:
    """By team, how many executions ended since a moment, and how many of them well."""
    rows = view.rows(
        "SELECT coalesce(json_extract(facts, '$.team'), project, 'no team'), count(*), "
        "sum(json_extract(facts, '$.status') = 'ok') FROM pipelines "
        "WHERE noun = 'completed' AND at >= :since AND seq <= :at GROUP BY 1",
        {"since": since},
    )
    return {str(row[0]): (row[1], row[2]) for row in rows}


def _between(since: str | None, until: str | None) -> float | None:
    if since is None or until is None:
        return None
    return (times.parse_time(until) - times.parse_time(since)).total_seconds()


def _median(values: Iterable[float | None]) -> float | None:
    found = [each for each in values if each is not None]
    return median(found) if found else None
