"""Random histories: any facts in any order, appended by the journal without rules."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from hypothesis import strategies as st

from ledger.events import Fact
from ledger.format.event import ZERO_PREV, Event
from ledger.projections import (
    View,
    alerts,
    approvals,
    artifacts,
    checks,
    criteria,
    delegations,
    delivery,
    deployments,
    documents,
    exceptions,
    folding,
    lineage,
    monitors,
    people,
    pipelines,
    policies,
    runs,
    vouchers,
)
from ledger.store.journal import Draft
from tests.ledger.events.facts import DIGESTS, NAMES, REFS, any_fact

SUBJECTS = [*REFS, "project/fx", "project/all", "person/a", "alert/a"]
PROJECTS = ["fx", "other", None]


def drafts(max_size: int = 25) -> st.SearchStrategy[list[Draft]]:
    """Facts of every type, about few things, by few people, so that they meet."""
    return st.lists(
        st.builds(_draft, any_fact(), *map(st.sampled_from, (SUBJECTS, PROJECTS, NAMES))), max_size=max_size
    )


def _draft(fact: Fact, subject: str, project: str | None, actor: str) -> Draft:
    return Draft(fact.TYPE, fact.about(project) or subject, project, actor, fact.to_value())


def placed(told: Sequence[Draft]) -> list[Event]:
    """The drafts as events, a second apart; not chained, which no fold looks at."""
    return [
        Event(
            n, d.type, d.subject, d.project, d.actor, f"2026-01-02T03:04:{n % 60:02}.000000Z", None, ZERO_PREV, d.value
        )
        for n, d in enumerate(told)
    ]


@cache
def _empty() -> bytes:
    with sqlite3.connect(":memory:") as made:
        for statement in folding.STATEMENTS:
            made.execute(statement)
        made.commit()
        return made.serialize()


@contextmanager
def projections() -> Iterator[sqlite3.Connection]:
    """A database in memory with the projections' tables, empty."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(_empty())
    try:
        yield connection
    finally:
        connection.close()


def _each(query: Callable[..., Any], *arguments: Sequence[Any], **more: Any) -> Callable[[View], Any]:
    """A query asked with each of the arguments in turn."""
    if not arguments:
        return lambda view: query(view, **more)
    return lambda view: [query(view, each, **more) for each in arguments[0]]


BASES = ["dataset/fx/a", "model/fx/b", "model/other/b"]

QUERIES: dict[str, Callable[[View], Any]] = {
    "alerts.listed": _each(alerts.listed),
    "alerts.listed of fx": _each(alerts.listed, project="fx"),
    "alerts.listed open": _each(alerts.listed, state="raised"),
    "alerts.get": _each(alerts.get, NAMES),
    "approvals.requests": _each(approvals.requests),
    "approvals.requests on": _each(lambda view, subject: approvals.requests(view, subject=subject), REFS),
    "approvals.get": _each(approvals.get, range(25)),
    "approvals.changes": _each(approvals.changes, range(25)),
    "approvals.decisions": _each(approvals.decisions, range(25)),
    "approvals.gates": _each(approvals.gates, REFS),
    "approvals.promotions": _each(approvals.promotions),
    "approvals.stage": _each(approvals.stage, REFS),
    "artifacts.versions": _each(artifacts.versions),
    "artifacts.versions of fx": _each(artifacts.versions, project="fx", kind="model"),
    "artifacts.versions newest": _each(artifacts.versions, project="fx", newest=2),
    "artifacts.count": _each(artifacts.count),
    "artifacts.count of fx": _each(artifacts.count, project="fx", kind="model"),
    "artifacts.kinds": _each(artifacts.kinds),
    "artifacts.bases": _each(artifacts.bases),
    "artifacts.get": _each(artifacts.get, REFS),
    "artifacts.latest": lambda view: [artifacts.latest(view, "model", p, n) for p in PROJECTS for n in NAMES],
    "artifacts.by_digest": _each(artifacts.by_digest, DIGESTS),
    "artifacts.aliases": _each(artifacts.aliases),
    "artifacts.aliased": lambda view: [artifacts.aliased(view, b, n) for b in BASES for n in NAMES],
    "artifacts.retirements": _each(artifacts.retirements),
    "artifacts.retired": _each(artifacts.retired, REFS),
    "checks.configured": _each(checks.configured),
    "checks.configured for": _each(checks.configured, REFS),
    "checks.executed": _each(checks.executed),
    "checks.executed on": _each(checks.executed, REFS),
    "criteria.listed": _each(criteria.listed),
    "criteria.listed of": _each(lambda view, subject: criteria.listed(view, subject=subject, project="fx"), REFS),
    "criteria.before": lambda view: [criteria.before(view, r, n) for r in REFS for n in (3, 20)],
    "delegations.listed": _each(delegations.listed),
    "delegations.listed of fx": _each(delegations.listed, project="fx"),
    "delegations.get": _each(delegations.get, NAMES),
    "delivery.delivered": _each(lambda view, name: delivery.delivered(view, environment=name), NAMES),
    "deployments.listed": _each(deployments.listed),
    "deployments.listed in": _each(deployments.listed, environment="a", project="fx"),
    "deployments.get": _each(deployments.get, NAMES),
    "deployments.live": lambda view: [deployments.live(view, b, n) for b in BASES for n in NAMES],
    "deployments.steps": _each(deployments.steps, NAMES),
    "documents.listed": _each(documents.listed),
    "documents.listed on": _each(documents.listed, REFS),
    "exceptions.listed": _each(exceptions.listed),
    "exceptions.listed of": _each(lambda view, subject: exceptions.listed(view, subject=subject, project="fx"), REFS),
    "exceptions.get": _each(exceptions.get, NAMES),
    "exceptions.unclosed": _each(exceptions.unclosed),
    "lineage.graph": _each(lineage.graph, [*REFS, "run/b"]),
    "lineage.graph near": _each(lineage.graph, REFS, up=1, down=1),
    "lineage.ancestors": _each(lineage.ancestors, REFS),
    "lineage.descendants": _each(lineage.descendants, REFS),
    "lineage.leads_to": lambda view: [lineage.leads_to(view, a, b) for a in REFS for b in REFS],
    "lineage.impact": _each(lineage.impact, REFS),
    "lineage.orphans": _each(lineage.orphans),
    "monitors.listed": _each(monitors.listed),
    "monitors.listed of fx": _each(monitors.listed, project="fx"),
    "monitors.observations": _each(monitors.observations, NAMES),
    "monitors.observations newest": _each(lambda view, name: monitors.observations(view, name, newest=2), NAMES),
    "monitors.looks": _each(monitors.looks),
    "people.listed": _each(people.listed),
    "people.get": _each(people.get, NAMES),
    "people.keys": _each(people.keys, NAMES),
    "people.is_administrator": _each(people.is_administrator, NAMES),
    "people.roles": lambda view: [people.roles(view, n, p) for n in NAMES for p in PROJECTS],
    "people.holders": lambda view: [people.holders(view, n, p) for n in NAMES for p in PROJECTS],
    "people.grants": _each(people.grants),
    "people.grants of": lambda view: [people.grants(view, n, f"project/{p}") for n in NAMES for p in PROJECTS],
    "people.teams": _each(people.teams, NAMES),
    "people.members": _each(people.members, NAMES),
    "people.owners": _each(people.owners, REFS),
    "pipelines.executions": _each(pipelines.executions),
    "pipelines.executions of": _each(lambda view, name: pipelines.executions(view, pipeline=name, project="fx"), NAMES),
    "pipelines.unfinished": _each(pipelines.unfinished),
    "pipelines.step_runs": _each(pipelines.step_runs, NAMES),
    "pipelines.step_runs in": _each(lambda view, name: pipelines.step_runs(view, name, "a", environment=""), NAMES),
    "pipelines.adoptions": _each(pipelines.adoptions),
    "pipelines.adoptions of": _each(pipelines.adoptions, NAMES),
    "policies.adopted": _each(policies.adopted, PROJECTS),
    "policies.listed": _each(policies.listed),
    "policies.listed of": _each(policies.listed, PROJECTS),
    "policies.by_digest": _each(policies.by_digest, DIGESTS),
    "runs.listed": _each(runs.listed),
    "runs.listed of fx": _each(runs.listed, project="fx", job="a"),
    "runs.listed newest": _each(runs.listed, newest=1),
    "runs.count": _each(runs.count, project="fx"),
    "runs.count by": _each(lambda view, name: runs.count(view, actor=name, job="a"), NAMES),
    "runs.metrics_of": lambda view: [runs.metrics_of(view, "model", p, n) for p in PROJECTS for n in NAMES],
    "runs.get": _each(runs.get, NAMES),
    "runs.unfinished": _each(runs.unfinished),
    "vouchers.listed": _each(vouchers.listed),
    "vouchers.listed on": _each(vouchers.listed, REFS),
}
"""Every query of every projection, asked for all that a random history speaks of."""
