"""The steps' common failures, detected: each names the event that shows it."""

from __future__ import annotations

from app.guide.facts import MAP, Facts, Found
from ledger.rules.maturity import lineage
from ledger.rules.maturity.pieces import Evidence, refs

MONTH = 30
QUARTER = 90
NONE = Found(True, "not found")


def standing_risks(facts: Facts) -> list[Evidence]:
    """The risks that stand: the newest event of each, unless it was closed since."""
    return list(facts.newest_each("risk.recorded"))


def skipped(facts: Facts) -> Found:
    """Levels are claimed, or targets set, and no map was ever frozen."""
    asked = [each for each in facts.events("approval.requested") if each.value["transition"] == MAP]
    claimed = [*facts.events("assessment.recorded"), *facts.events("target.set")]
    early = [each for each in claimed if not asked or each.seq < asked[0].seq]
    if asked or not early:
        return NONE
    what = "a level was claimed" if early[-1].type == "assessment.recorded" else "a target was set"
    return Found(
        False, f"{what} (event {early[-1].seq}) and no map was ever frozen", (early[-1].seq,), "assay assess map"
    )


def unmapped(facts: Facts) -> Found:
    """A risk that no capability answers."""
    for each in standing_risks(facts):
        if not each.value.get("capability"):
            fix = f"assay risk add {each.value['risk']} --capability NAME"
            return Found(False, f"no capability answers {each.value['risk']} (event {each.seq})", (each.seq,), fix)
    return NONE


def vague(facts: Facts) -> Found:
    """The newest target of a track names no criteria."""
    newest = {each.value["track"]: each for each in facts.events("target.set")}
    for track, each in newest.items():
        if not each.value.get("criteria"):
            text = f"the target for {track} (event {each.seq}) names no criterion that could be measured"
            return Found(False, text, (each.seq,), f"assay target set {track} L{each.value['level']} --due DAY")
    return NONE


def unconnected(facts: Facts) -> Found:
    """A training run of the last quarter that ended well without metrics, or without inputs that are registered."""
    for each in reversed(facts.events("run.completed", days=QUARTER, status="ok")):
        run = lineage.started(facts.index, each.value["run"])
        if run is None or run.value.get("job_type") != "training":
            continue
        if not each.value.get("metrics"):
            text = f"run/{each.value['run']} ended without a metric (event {each.seq})"
            return Found(False, text, (each.seq,), "name the metrics in the run's specification")
        if not refs(run.value.get("inputs")):
            text = f"run/{each.value['run']} names no input (event {run.seq})"
            return Found(False, text, (run.seq,), "name registered versions as inputs in the specification")
    return NONE


def by_hand(facts: Facts) -> Found:
    """The newest pipeline was started by hand, or ran without tests."""
    found = facts.events("pipeline.completed", days=MONTH)
    if not found:
        return NONE
    newest = found[-1]
    name = newest.value["pipeline"]
    if newest.value["cause"] == "manual":
        return Found(
            False, f"{name} was started by hand (event {newest.seq})", (newest.seq,), "let `assay agent` start it"
        )
    if "test" not in newest.value.get("stages", ()):
        return Found(
            False, f"{name} ran without tests (event {newest.seq})", (newest.seq,), "add a test step to the pipeline"
        )
    return NONE


def unwatched(facts: Facts) -> Found:
    """A version that serves in production and that no monitor has looked at since it does."""
    for version in facts.live():
        ended = [
            e
            for e in facts.index.grouped("deployment.completed", "subject").get(version, [])
            if e.value["status"] == "ok"
        ]
        seen = [e for e in facts.about(version, "monitor.observed") if ended and e.seq > ended[-1].seq]
        if ended and not seen:
            text = f"{version} is live (event {ended[-1].seq}), and no monitor has looked at it since"
            return Found(False, text, (ended[-1].seq,), "assay monitor run")
    return NONE


def untracked(facts: Facts) -> Found:
    """A deployment of what is not registered, or of what nobody had approved."""
    for each in reversed(facts.events("deployment.completed", status="ok", environment="prod")):
        made = lineage.registration(facts.index, each.subject)
        if made is None or made.seq > each.seq:
            text = f"{each.subject} went live and is not registered (event {each.seq})"
            return Found(False, text, (each.seq,), "assay artifact register FILE --kind model")
        granted = facts.index.grouped("approval.granted", "subject").get(each.subject, [])
        if not any(a.seq < each.seq for a in granted):
            text = f"{each.subject} went live and nobody had approved it (event {each.seq})"
            return Found(False, text, (each.seq,), f"assay request {each.subject} --to prod")
    return NONE


def unplanned(facts: Facts) -> Found:
    """Pipelines run for a second team or in a second environment, and no target for Code is signed."""
    seen: dict[str, set[str]] = {"team": set(), "environment": set()}
    signed = facts.criterion("C1.5").state == "held"
    for each in facts.events("pipeline.completed"):
        for field, values in seen.items():
            value = each.value.get(field)
            if value and values and value not in values and not signed:
                name = each.value["pipeline"]
                text = f"{name} runs for the {field} {value} (event {each.seq}), and no target for Code is signed"
                return Found(False, text, (each.seq,), "assay target set code L4 --due DAY")
            if value:
                values.add(value)
    return NONE
