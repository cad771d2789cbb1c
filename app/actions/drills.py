"""Drills: does the alarm ring, and does the way back work? On a copy of the real stream, marked to the end of its chain."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import deployments as shown
from app.actions import events
from app.actions.answers import Answer, counted, number, say, state, table
from ledger.errors import AssayError, InputError
from ledger.projections import alerts, artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.watching import Watch
    from app.monitoring.injection import Result, Scenario
    from ledger.projections.deployments import Deployment
    from ledger.store.journal import Recorded

VALID = 90
"""After so many days a drill proves nothing any more."""
_STATES = {"raised": "good", "silent": "bad", "breached before": "warn", "inconclusive": "warn"}


def drift(context: Context, *, strength: float = 3.0, days: int | None = None, valid: int = VALID) -> Answer:
    """Move the inputs of a copy of the real stream, and see whether the declared monitors raise an alert.

    The copy ends with the newest day on which they are quiet: where they ring already, a drill would prove nothing.
    """
    return _injected(context, "drift", strength, days, valid)


def quality(context: Context, *, strength: float = 0.3, days: int | None = None, valid: int = VALID) -> Answer:
    """Take values out of a copy of the real stream, and see whether the declared monitors raise an alert."""
    return _injected(context, "quality", strength, days, valid)


def rollback(context: Context, *, deployment: str | None = None, valid: int = VALID) -> Answer:
    """Walk the way back from a deployment without ending it: the version before is whole, loads, scores and is routed to."""
    from app.actions.rollbacks import chosen, predecessor
    from ledger.events.deployments import DeploymentRolledBack
    from ledger.ledger import Entry

    found = _serving(context) if deployment is None else chosen(context, deployment)
    before = predecessor(context.view, found)
    checks = _walked(context, before)
    passed = all(ok for _, ok, _ in checks)
    expires = _expiry(context, valid)
    value = {name: "ok" if ok else why for name, ok, why in checks}
    entries = [_evidence(context, "rollback", found.subject, passed, value, {"expires": expires}, found.project)]
    if passed:
        fact = DeploymentRolledBack(found.deployment, before.subject, drill=True, cause="drill")
        entries.append(Entry(fact, found.subject, context.actor, found.project, found.ended_seq or found.seq))
    recorded = context.ledger.record_many(entries)
    lines = [
        say(state("good" if passed else "bad", "the way back works" if passed else "the way back is blocked")),
        *(say("  ", state("good" if ok else "bad", name), f"  {why}" if why else "") for name, ok, why in checks),
        say(f"  {found.subject} goes on serving; this proves nothing after {expires}"),
    ]
    document = {
        "scenario": "rollback",
        "deployment": shown.document(found),
        "to_version": before.subject,
        "passed": passed,
        "checks": [{"name": name, "passed": ok, "detail": why} for name, ok, why in checks],
        "expires": expires,
        "events": [events.described(each) for each in recorded],
    }
    return Answer(document, [*lines, *events.listing(recorded, indent="  ")], 0 if passed else 1)


def _serving(context: Context) -> Deployment:
    """The deployment that serves in production, whose way back is what counts; a canary goes back by itself.

    Raises:
        InputError: nothing is live in production, or several models are.
    """
    from app.actions.rollbacks import chosen

    live = [each for each in shown.serving(context.view) if each.status == "ok" and each.environment == "prod"]
    return live[0] if len(live) == 1 else chosen(context, None)


def _injected(context: Context, scenario: Scenario, strength: float, days: int | None, valid: int) -> Answer:
    from app.actions.delivering import told
    from app.actions.serving import declared
    from app.actions.watching import Watch, source
    from app.monitoring import injection

    if valid < 1 or (days is not None and days < 1):
        raise InputError("a drill alters one day at least, and its evidence is valid for a day at least")
    serving = declared(context)
    with source(context, serving) as scoring:
        watch = Watch(context, serving, scoring)
        stream = watch.series.arrays()
        if not len(watch.series):
            raise InputError("no day has been watched yet; `assay monitor run` looks at those that have come")
        names = injection.names_of(watch.monitors, stream, scenario)
        until = injection.calm_until(watch.monitors, stream, len(watch.series), scenario)
        stream = {name: values[:until] for name, values in stream.items()}
        length = days or max((watch.monitors[n].declaration.window for n in _meant(watch, scenario)), default=1)
        copy = injection.altered(stream, names, scenario, strength=strength, days=length) if names else {}
        results = injection.run(watch.monitors, stream, copy) if names else []
        today = watch.series.days[until - 1]
        settings = {
            "strength": strength,
            "until": today,
            "days": length,
            "series": names,
            "copy": injection.digest(copy),
        }
        recorded = _recorded(context, watch, scenario, today, results, settings, _expiry(context, valid))
    raised = [each.event.value["alert"] for each in recorded if each.event.type == "alert.raised"]
    deliveries = told(context, raised)
    return _told(scenario, settings, results, recorded, raised, deliveries, watch.refused)


def _meant(watch: Watch, scenario: Scenario) -> list[str]:
    from app.monitoring.injection import MEANT

    return [name for name, each in watch.monitors.items() if each.declaration.kind in MEANT[scenario]]


def _recorded(
    context: Context,
    watch: Watch,
    scenario: Scenario,
    day: str,
    results: list[Result],
    settings: dict[str, Any],
    expires: str,
) -> list[Recorded]:
    """The drill's outcome as a check's, then the alerts that the monitors raised, caused by it and marked as injected."""
    from app.actions.watching import watched, words
    from ledger.events.alerts import AlertRaised
    from ledger.ledger import Entry

    rang = [each for each in results if each.outcome == "raised"]
    meant = set(_meant(watch, scenario))
    passed = any(each.monitor in meant for each in rang)
    value = {each.monitor: each.document() for each in results}
    inputs = {**settings, "expires": expires, "injected": True}
    project = watch.model.project
    (check,) = context.ledger.record_many(
        [_evidence(context, scenario, watch.model.ref, passed, value, inputs, project)]
    )
    taken = {each.alert for each in alerts.listed(context.ledger.view())}
    entries = []
    for each in rang:
        rule = watch.monitors[each.monitor].declaration
        name, count = f"drill-{each.monitor}-{day}", 1
        while name in taken:
            count += 1
            name = f"drill-{each.monitor}-{day}-{count}"
        fact = AlertRaised(
            alert=name,
            monitor=each.monitor,
            severity=rule.severity,
            message=words(each.after),
            injected=True,
            value=each.after.value,
            threshold=each.after.threshold,
            day=day,
            series=watched(rule, each.after),
            expires=expires,
        )
        entries.append(Entry(fact, watch.model.ref, context.actor, project, cause=check.seq))
    return [check, *(context.ledger.record_many(entries) if entries else [])]


def _evidence(
    context: Context,
    scenario: str,
    subject: str,
    passed: bool,
    value: dict[str, Any],
    inputs: dict[str, Any],
    project: str | None,
) -> Any:
    from ledger.events.checks import CheckExecuted
    from ledger.ledger import Entry

    fact = CheckExecuted(
        check=f"drill-{scenario}",
        kind="drill",
        passed=passed,
        value=value,
        threshold=None,
        verdict="pass" if passed else "flag",
        inputs=inputs,
    )
    return Entry(fact, subject, context.actor, project)


def _told(
    scenario: Scenario,
    settings: dict[str, Any],
    results: list[Result],
    recorded: list[Recorded],
    raised: list[str],
    deliveries: list[Any],
    refused: dict[str, str],
) -> Answer:
    from app.monitoring import injection

    meant = injection.MEANT[scenario]
    passed = bool(recorded[0].event.value["passed"])
    altered = counted(len(settings["series"]), "series", "series")
    what = (
        f"{counted(len(raised), 'alert')} from {settings['days']} days up to {settings['until']}, altered in {altered}"
    )
    rows = [
        (
            state(_STATES[each.outcome] if each.kind in meant else "quiet", each.outcome),
            each.monitor,
            each.kind,
            each.before.value,
            each.after.value,
            each.after.threshold,
            "" if each.missing is None else f"silent by {number(each.missing)}",
        )
        for each in results
    ]
    lines: list[str] = [
        say(state("good" if passed else "bad", "the alarm rings" if passed else "silence"), f"  {what}")
    ]
    if not results:
        lines.append(say(f"  no accepted monitor looks for {scenario}: monitors.yaml declares none"))
    lines += table(rows, ("outcome", "monitor", "kind", "before", "after", "threshold", ""), indent="  ")
    lines += [say("  ", state("warn", "refused"), f"  {why}") for why in refused.values()]
    lines += events.listing(recorded, indent="  ")
    document = {
        "scenario": scenario,
        "passed": passed,
        "settings": settings,
        "monitors": [each.document() for each in results],
        "refused": refused,
        "alerts": raised,
        "expires": recorded[0].event.value["inputs"]["expires"],
        "told": [each.document() for each in deliveries],
        "events": [events.described(each) for each in recorded],
    }
    return Answer(document, lines, 0 if passed else 1)


def _walked(context: Context, before: Deployment) -> list[tuple[str, bool, str]]:
    """The steps of the way back to what served before, each with whether it can be walked, and why not.

    Going back asks no new approval: those that it went live with have to hold, and none may be revoked since.
    """
    from app.actions.serving import Scoring, declared
    from ledger.rules import gates

    ref, environment = before.subject, before.environment
    artifact = artifacts.get(context.view, ref)
    assert artifact is not None
    checks: list[tuple[str, bool, str]] = []
    try:
        context.ledger.objects.read(artifact.digest)
        checks.append(("its bytes are whole", True, ref))
    except (AssayError, OSError) as error:
        checks.append(("its bytes are whole", False, str(error)))
    lacking = gates.missing(context.ledger.view(), ref, environment, now=before.ended_at or before.at)
    checks.append(("its approvals hold", not lacking, "; ".join(each.what for each in lacking)))
    if not checks[0][1]:
        return checks
    checks.append(_routable(ref, artifact.base, environment))
    try:
        serving = declared(context)
    except InputError:
        return checks
    if serving.source or serving.environment != environment:
        return checks
    try:
        with Scoring(context, serving) as scoring:
            answer = scoring.score(scoring.days[-1], [scoring.load(artifact)])
        scored = bool(answer["models"][artifact.ref]["prediction"])
        checks.append(("it loads and scores the newest day", scored, "" if scored else "it gave no prediction"))
    except (AssayError, KeyError, OSError) as error:
        checks.append(("it loads and scores the newest day", False, str(error)))
    return checks


def _routable(ref: str, model: str, environment: str) -> tuple[str, bool, str]:
    """Whether a router that follows a table with this version as champion sends accounts to it."""
    from app.rollout.router import Router, Table, write

    with tempfile.TemporaryDirectory(prefix="assay-drill-") as folder:
        path = Path(folder) / "routes.json"
        write(Table(model, environment, 0, ref), path)
        served = set(Router(path).route_many(f"account-{n}" for n in range(1000)))
    return "a router sends every account to it", served == {ref}, ""


def _expiry(context: Context, valid: int) -> str:
    return (date.fromisoformat(context.ledger.now()[:10]) + timedelta(valid)).isoformat()
