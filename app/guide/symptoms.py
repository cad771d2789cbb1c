"""The eight symptoms: for each the causes that the ledger shows, the events that show them, and what mends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from app.guide.facts import Facts
from ledger.rules.maturity import lineage
from ledger.rules.maturity.moments import DAY, Window, micros, window
from ledger.rules.maturity.pieces import Evidence, name_of

STALLED = 14
"""Days after which a deployment that says nothing has stalled."""
TOLD = 90
"""Days for which a canary that is over and was not promoted is still told of."""
DELAYED = Window("time", 5 * DAY, "P5D")
"""How long a request may wait where no SLA says otherwise."""
REPORTS = Window("business", 2, "P2B")
ENDS = ("approval.rejected", "approval.changes_requested", "approval.withdrawn", "approval.expired")
"""What ends a request, whatever it still lacks."""
TOLERANCE = 0.2
"""How far a realised slice may lie from the intended one, as a share of it."""


class Cause(NamedTuple):
    """A cause that was found: in words, by which events, and the command that mends it."""

    text: str
    evidence: tuple[int, ...]
    fix: str


class Symptom(NamedTuple):
    """A symptom, and how its causes are looked for."""

    id: str
    title: str
    remedy: str
    find: Callable[[Facts], Iterator[Cause]]


def stalls(facts: Facts) -> Iterator[Cause]:
    """Gates that deny, pipelines that failed last, deployments that went quiet."""
    newest: dict[str, Evidence] = {each.subject: each for each in facts.events("gate.evaluated")}
    for each in newest.values():
        if each.value["decision"] == "deny":
            why = "; ".join(each.value.get("reasons", ())) or "the policy"
            yield Cause(
                f"{each.subject} is denied {each.value['transition']}: {why}",
                (each.seq,),
                f"assay gate {each.subject} --to {each.value['transition']}",
            )
    pipelines = {each.value["pipeline"]: each for each in facts.events("pipeline.completed")}
    for name, each in pipelines.items():
        if each.value["status"] == "failed":
            why = f": {each.value['reason']}" if each.value.get("reason") else ""
            yield Cause(
                f"the pipeline {name} failed last{why}", (each.seq,), f"assay pipeline why STEP --pipeline {name}"
            )
    ended = facts.index.grouped("deployment.completed", "value.deployment")
    for each in facts.events("deployment.started"):
        name = each.value["deployment"]
        steps = facts.index.grouped("deployment.step", "value.deployment").get(name, [])
        last = steps[-1] if steps else each
        if name not in ended and facts.moment.t - last.t > STALLED * DAY:
            days = (facts.moment.t - last.t) // DAY
            yield Cause(
                f"the deployment {name} of {each.subject} has said nothing for {days} days",
                (last.seq,),
                f"assay show deployment/{name}",
            )


def silent(facts: Facts) -> Iterator[Cause]:
    """Live models without a drift monitor, monitors that were refused or no longer report, without an alert route."""
    for version in facts.live():
        configured = facts.about(version, "monitor.configured")
        if not any(each.value.get("kind") == "drift" for each in configured):
            live = facts.index.grouped("deployment.completed", "subject").get(version, [])
            yield Cause(
                f"no drift monitor watches {version}",
                tuple(e.seq for e in live[-1:]),
                "declare one in monitors.yaml, then `assay monitor run`",
            )
        newest = {each.value.get("monitor"): each for each in facts.about(version, "monitor.observed")}
        for each in configured:
            name = each.value["monitor"]
            seen = newest.get(name)
            if not each.value.get("route"):
                yield Cause(
                    f"the monitor {name} has no route: its alerts reach nobody",
                    (each.seq,),
                    "name a route in monitors.yaml",
                )
            if seen is not None and not facts.fresh(seen, REPORTS):
                yield Cause(
                    f"the monitor {name} has been silent since event {seen.seq}", (seen.seq,), "assay monitor run"
                )
    accepted = {each.value["monitor"]: each.seq for each in facts.events("monitor.configured")}
    for each in facts.events("monitor.refused"):
        if accepted.get(each.value["monitor"], -1) < each.seq:
            yield Cause(
                f"the monitor {each.value['monitor']} was refused: {each.value['reason']}",
                (each.seq,),
                "mend its threshold in monitors.yaml, then `assay monitor run`",
            )


def bare(facts: Facts) -> Iterator[Cause]:
    """Live versions that are not registered, have no run behind them, or no approval before them; runs without code."""
    for version in facts.live():
        live = facts.index.grouped("deployment.completed", "subject").get(version, [])
        seqs = tuple(e.seq for e in live[-1:])
        if lineage.registration(facts.index, version) is None:
            yield Cause(f"{version} is live and not registered", seqs, "assay artifact register FILE --kind model")
            continue
        if lineage.origin(facts.index, version) is None:
            yield Cause(f"nothing says which run made {version}", seqs, "train it by `assay run`")
        granted = facts.index.grouped("approval.granted", "subject").get(version, [])
        if live and not any(a.seq < live[-1].seq for a in granted):
            yield Cause(f"{version} went live with no approval before it", seqs, f"assay request {version} --to prod")
    for each in facts.events("run.started", days=90, job_type="training"):
        if not each.value.get("code"):
            yield Cause(f"{each.subject} names no code", (each.seq,), "run it by `assay run`, which registers its code")


def canaries(facts: Facts) -> Iterator[Cause]:
    """Canaries without a baseline, with gates that fail, or whose slice is not what was meant."""
    ended = facts.index.grouped("deployment.completed", "value.deployment")
    for each in facts.events("deployment.started"):
        if each.value.get("strategy") not in ("canary", "shadow"):
            continue
        name, plan = each.value["deployment"], each.value.get("plan") or {}
        checked = facts.index.about("check.executed", each.subject)
        over = name in ended
        if not over and not any(c.value.get("kind") in ("baseline", "performance") for c in checked):
            yield Cause(
                f"the canary {name} has no baseline to beat",
                (each.seq,),
                f"assay criteria set {each.name} 'METRIC <= X'",
            )
        realised = _realised(plan)
        intended = plan.get("intended") or plan.get("realised", {}).get("fraction") or each.value.get("slice")
        if not over and realised is not None and intended and abs(realised - intended) > TOLERANCE * intended:
            yield Cause(
                f"the canary {name} reached {realised:.1%} of the accounts, not {intended:.1%}",
                (each.seq,),
                f"assay show deployment/{name}",
            )
        steps = facts.index.grouped("deployment.step", "value.deployment").get(name, [])
        settled = over and (ended[name][-1].value["status"] == "ok" or facts.moment.t - ended[name][-1].t > TOLD * DAY)
        if steps and not settled:
            last = steps[-1]
            failing = [str(c.get("name")) for c in last.value.get("checks", ()) if c.get("passed") is False]
            if last.value["decision"] in ("hold", "roll_back", "inconclusive") and failing:
                yield Cause(
                    f"the canary {name} says {last.value['decision'].replace('_', ' ')}: {', '.join(failing)}",
                    (last.seq,),
                    f"assay show deployment/{name}",
                )


def _realised(plan: dict[str, Any]) -> float | None:
    found = (plan.get("realised") or {}).get("account_share")
    return float(found) if isinstance(found, int | float) else None


def varies(facts: Facts) -> Iterator[Cause]:
    """Reproductions that differed, free seeds, configuration outside version control, uncommitted code."""
    for each in facts.repeated():
        if not each.value["equal"]:
            culprits = ", ".join(each.value.get("culprits", ())) or "an unknown cause"
            yield Cause(
                f"run/{each.value['of_run']} came out differently because of {culprits}",
                (each.seq,),
                f"assay reproduce run/{each.value['of_run']}",
            )
    for each in facts.events("run.started", days=90, job_type="training"):
        for field, text, fix in (
            ("seed", "has no fixed seed", "name a seed in its specification"),
            ("config", "has a configuration that is not kept", "run it by `assay run SPEC.yaml`"),
            ("runtime", "ran in an environment that is not named", "name an image, or run it by `assay run`"),
        ):
            if each.value.get(field) is None:
                yield Cause(f"{each.subject} {text}", (each.seq,), fix)
        if each.value.get("dirty"):
            yield Cause(f"{each.subject} ran uncommitted code", (each.seq,), "commit before you train")


def skews(facts: Facts) -> Iterator[Cause]:
    """Parity that failed last, retrievals that the gate refused."""
    for each in facts.newest_each("check.executed"):
        if each.value.get("kind") in ("parity", "skew") and each.value.get("passed") is False:
            again = f"parity {each.subject}" if each.value["kind"] == "parity" else f"skew {each.subject} --served FILE"
            yield Cause(
                f"the {each.value['kind']} check of {each.subject} failed", (each.seq,), f"assay feature {again}"
            )
    for each in facts.newest_each("feature.retrieved"):
        if each.value.get("gate_passed") is False:
            reasons = ", ".join(each.value.get("reasons") or ())
            why = f": {reasons}" if reasons else ""
            yield Cause(
                f"a retrieval of {each.subject} did not pass its gate{why}",
                (each.seq,),
                f"assay feature materialize {each.name} --online",
            )


def delayed(facts: Facts) -> Iterator[Cause]:
    """Requests that wait longer than their SLA, or than five days where there is none; models that nobody answers for."""
    ended = {request for type_ in ENDS for request in facts.index.grouped(type_, "value.request")}
    slas = {each.value["transition"]: each for each in facts.events("sla.set", shared=True)}
    for each in facts.events("approval.requested"):
        sla = slas.get(each.value["transition"])
        limit = (window(str(sla.value["within"])) if sla else None) or DELAYED
        expires = each.value.get("expires")
        over = expires is not None and micros(expires) <= facts.moment.t
        if each.seq in ended or over or facts.fresh(each, limit):
            continue
        lacking = facts.waits_for(each.seq)
        if lacking:
            days = (facts.moment.t - each.t) // DAY
            said = f"its SLA of {limit.spelled}" if sla else "five days, and no SLA is set"
            who = f" (may sign: {lacking[0].who})" if lacking[0].who else ""
            yield Cause(
                f"request {each.seq} on {each.subject} has waited {days} days, longer than {said}: {lacking[0].what}{who}",
                (each.seq,),
                f"assay {lacking[0].action or f'show seq:{each.seq}'}",
            )
    for name in dict.fromkeys(map(name_of, facts.members("models"))):
        owners = [o for o in facts.about(name, "owner.assigned") if o.value.get("role") == "accountable"]
        made = facts.about(name, "artifact.registered")
        if not owners and made:
            yield Cause(f"nobody answers for {name}", (made[-1].seq,), f"assay people raci {name} --accountable NAME")


def spikes(facts: Facts) -> Iterator[Cause]:
    """Monitors of latency or cost that are breached, with the deployment after which they first were."""
    for each in facts.newest_each("monitor.observed"):
        if each.value.get("kind") not in ("latency", "cost") or not each.value.get("breached"):
            continue
        series = [
            o for o in facts.about(each.subject, "monitor.observed") if o.value.get("monitor") == each.value["monitor"]
        ]
        calm = [o.seq for o in series if not o.value.get("breached")]
        first = next(o for o in series if o.seq > max(calm, default=-1))
        moved = [d for d in facts.events("deployment.completed", status="ok") if d.seq < first.seq]
        after = f", first after {moved[-1].subject} went live (event {moved[-1].seq})" if moved else ""
        seqs = (*(d.seq for d in moved[-1:]), first.seq, *((each.seq,) if each.seq != first.seq else ()))
        fix = (
            f"assay artifact diff {moved[-2].subject} {moved[-1].subject}"
            if len(moved) > 1
            else f"assay show {each.subject}"
        )
        yield Cause(f"{each.value['monitor']} of {each.subject} is breached{after}", seqs, fix)


SYMPTOMS = (
    Symptom(
        "T1", "deployment fails or stalls in CI/CD", "access by role, a dry-run checklist, pinned versions", stalls
    ),
    Symptom(
        "T2",
        "drift is not detected, alerts are silent",
        "continuous checks with explicit thresholds, alert routes; a drill proves them",
        silent,
    ),
    Symptom(
        "T3",
        "no audit trail or lineage for data, code, models",
        "registries enforced, approvals inside the deployment process",
        bare,
    ),
    Symptom(
        "T4",
        "a canary shows no improvement or degrades",
        "explicit canary metrics, baselines, the realised slice against the intended one",
        canaries,
    ),
    Symptom(
        "T5",
        "training varies across runs",
        "fixed seeds, containers, locked dependencies; the reproduction names the culprit",
        varies,
    ),
    Symptom(
        "T6",
        "serving features diverge from training features",
        "versioned features, parity after each write, a gate at retrieval",
        skews,
    ),
    Symptom(
        "T7",
        "promotions and approvals are delayed",
        "RACI, SLAs with escalation, automatic approval where the policy allows it",
        delayed,
    ),
    Symptom(
        "T8",
        "latency or cost spikes in inference",
        "to weigh: autoscaling, a leaner runtime or model, caching, warm-up",
        spikes,
    ),
)
