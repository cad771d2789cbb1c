"""How the guide's items are judged, beyond the criteria of the maturity model."""

from __future__ import annotations

from collections.abc import Callable

from app.guide import failures
from app.guide.facts import FUNCTIONS, MAP, Facts, Found
from ledger.rules.maturity.pieces import Evidence

Judge = Callable[[Facts], Found]

YEAR = 365


def criteria(*ids: str) -> Judge:
    """Judged by these criteria alone."""
    return lambda facts: facts.all_of(*ids)


def both(*judges: Judge) -> Judge:
    """Judged by all of several; the first that is not met speaks."""

    def judge(facts: Facts) -> Found:
        found = [each(facts) for each in judges]
        for each in found:
            if not each.met:
                return each
        seqs = sorted({seq for each in found for seq in each.evidence})
        return Found(True, "; ".join(each.text for each in found), tuple(seqs))

    return judge


def recorded(type_: str, text: str, fix: str, **fields: object) -> Judge:
    """Judged by there being an event of this type with these fields in the last year."""

    def judge(facts: Facts) -> Found:
        found = facts.events(type_, days=YEAR, shared=True, **fields)
        if not found:
            return Found(False, f"no {text} in the last year", (), fix)
        return Found(True, f"{text} in the last year: {len(found)}", (found[-1].seq,))

    return judge


def charter(facts: Facts) -> Found:
    """A sponsor's charter, signed, and people of each function enrolled."""
    signed = facts.events("charter.signed")
    if not signed:
        return Found(False, "no sponsor has signed a charter", (), "assay people charter FILE")
    return Found(True, f"{signed[-1].actor} signed the charter", (signed[-1].seq,))


def functions(facts: Facts) -> Found:
    """Somebody holds a role of each function."""
    granted = {each.value["role"]: each for each in facts.events("access.granted", shared=True)}
    missing = [each for each in FUNCTIONS if each not in granted]
    if missing:
        return Found(False, f"nobody holds the role {missing[0]}", (), f"assay people grant NAME --role {missing[0]}")
    return Found(True, "each function has somebody", tuple(sorted(granted[each].seq for each in FUNCTIONS)))


def standards(facts: Facts) -> Found:
    """Every used dataset has its quality standard documented."""
    seqs = []
    used = facts.members("used_datasets")
    for version in used:
        kinds = [
            each for each in facts.about(version, "document.attached") if each.value["doc_kind"] == "quality_standard"
        ]
        if not kinds:
            fix = f"assay artifact attach {version} FILE --kind quality_standard"
            return Found(False, f"{version} has no quality standard", (), fix)
        seqs.append(kinds[-1].seq)
    if not used:
        return Found(False, "no training run uses a dataset yet", (), "assay run TRAIN.yaml")
    return Found(True, "every used dataset has its quality standard", tuple(sorted(set(seqs))))


def signed_map(facts: Facts) -> Found:
    """The newest maturity map is signed by each function, and less than a year old."""
    asked = [each for each in facts.events("approval.requested", days=YEAR) if each.value["transition"] == MAP]
    if not asked:
        return Found(False, "no maturity map was frozen in the last year", (), "assay assess map")
    newest = asked[-1].subject
    requests = {role: each.seq for each in asked if each.subject == newest for role in each.value["roles"]}
    granted = facts.index.grouped("approval.granted", "subject").get(newest, [])
    gone = facts.index.superseded("approval.granted")
    by_role: dict[str, Evidence] = {each.value["role"]: each for each in granted if each.seq not in gone}
    missing = [each for each in FUNCTIONS if each not in by_role]
    if missing:
        text = f"{newest} is not signed by {', '.join(missing)}"
        seq = requests.get(missing[0], asked[-1].seq)
        return Found(False, text, (seq,), f"assay approve {seq}")
    seqs = {*requests.values(), *(by_role[each].seq for each in FUNCTIONS)}
    return Found(True, "the map is signed by data science, engineering and operations", tuple(sorted(seqs)))


def owned_risks(facts: Facts) -> Found:
    """Risks are recorded, and each has a capability and an owner."""
    alive = failures.standing_risks(facts)
    if not alive:
        return Found(False, "no risk is recorded", (), "assay risk add NAME --capability … --owner …")
    for each in alive:
        if not each.value.get("owner"):
            fix = f"assay risk add {each.value['risk']} --owner NAME"
            return Found(False, f"the risk {each.value['risk']} has no owner (event {each.seq})", (each.seq,), fix)
        if not each.value.get("capability"):
            fix = f"assay risk add {each.value['risk']} --capability NAME"
            return Found(
                False, f"no capability answers the risk {each.value['risk']} (event {each.seq})", (each.seq,), fix
            )
    return Found(True, f"risks with a capability and an owner: {len(alive)}", tuple(each.seq for each in alive))


def reproduced(facts: Facts) -> Found:
    """Whatever was reproduced came out equal, when it last was; where not, what differed."""
    found = facts.repeated()
    if not found:
        return Found(False, "no run was ever reproduced", (), "assay reproduce RUN")
    newest = next((each for each in reversed(found) if not each.value["equal"]), found[-1])
    if newest.value["equal"]:
        return Found(True, f"run/{newest.value['of_run']} was reproduced with equal results", (newest.seq,))
    culprits = ", ".join(newest.value.get("culprits", ())) or "an unknown cause"
    differing = newest.value.get("differing") or [{}]
    first = " at ".join(str(differing[0][key]) for key in ("name", "where") if differing[0].get(key))
    where = f"; first {first}" if first else ""
    of_run = newest.value["of_run"]
    text = f"run/{of_run} came out differently because of {culprits}{where} (event {newest.seq})"
    return Found(False, text, (newest.seq,), f"mend {culprits}, then `assay reproduce run/{of_run}`")


def promoted(facts: Facts) -> Found:
    """A change triggers a pipeline, and what it makes is promoted; where not, what blocks."""
    denied = [each for each in facts.events("gate.evaluated") if each.value["decision"] == "deny"]
    moved = facts.events("promotion.recorded", days=YEAR)
    pushed = [each for each in facts.events("pipeline.completed", days=YEAR) if each.value["cause"] == "push"]
    if denied and (not moved or denied[-1].seq > moved[-1].seq):
        newest = denied[-1]
        why = "; ".join(newest.value.get("reasons", ())) or "its policy"
        text = f"{newest.subject} was denied {newest.value['transition']}: {why} (event {newest.seq})"
        return Found(False, text, (newest.seq,), f"assay gate {newest.subject} --to {newest.value['transition']}")
    ok = [each for each in pushed if each.value["status"] == "ok"]
    if not ok:
        seqs = (pushed[-1].seq,) if pushed else ()
        return Found(False, "no pipeline that a change triggered has completed", seqs, "assay pipeline run PIPELINE")
    if not moved:
        return Found(False, "nothing was promoted in the last year", (), "assay gate REF --to prod")
    return Found(True, "a change triggers the pipeline, and versions are promoted", (ok[-1].seq, moved[-1].seq))


def drilled(facts: Facts) -> Found:
    """The newest drill raised an alert that somebody acknowledged."""
    raised = facts.events("alert.raised", injected=True)
    if not raised:
        return Found(False, "no drift or bad batch was ever injected", (), "assay drill drift")
    newest = raised[-1]
    seen = facts.index.grouped("alert.acknowledged", "value.alert").get(newest.value["alert"], [])
    if not seen:
        text = f"the drill's alert {newest.value['alert']} (event {newest.seq}) was never acknowledged"
        return Found(False, text, (newest.seq,), f"assay alerts ack {newest.value['alert']}")
    return Found(
        True, f"the drill {newest.value['alert']} raised its alert, and it was seen", (newest.seq, seen[0].seq)
    )


def approved(facts: Facts) -> Found:
    """Every production deployment of the last 180 days had its approvals before it."""
    seqs: list[int] = []
    found = facts.events("deployment.started", days=180, environment="prod")
    for each in found:
        granted = facts.index.grouped("approval.granted", "subject").get(each.subject, [])
        ended = [
            e
            for e in facts.index.grouped("deployment.completed", "value.deployment").get(each.value["deployment"], [])
            if e.value["status"] == "ok"
        ]
        limit = ended[0].seq if ended else each.seq
        before = [a for a in granted if a.seq < limit]
        if ended and not before:
            text = f"{each.subject} went live (event {ended[0].seq}) with no approval before it"
            return Found(False, text, (ended[0].seq,), f"assay request {each.subject} --to prod")
        seqs += [a.seq for a in before] + [e.seq for e in ended[:1]]
    if not found:
        return Found(False, "no deployment to production in the last 180 days", (), "assay deploy REF --to prod")
    return Found(True, "every recent deployment has its approvals", tuple(sorted(set(seqs))))


def scales(facts: Facts) -> Found:
    """Runs that were repeated in another environment gave equal results."""
    runs = [
        each for each in facts.events("run.reproduced", days=YEAR) if {*each.value.get("swapped", ())} <= {"runtime"}
    ]
    unequal = [each for each in runs if not each.value["equal"]]
    if unequal and unequal[-1].seq == runs[-1].seq:
        newest = unequal[-1]
        text = f"run/{newest.value['run']} and run/{newest.value['of_run']} differ (event {newest.seq})"
        return Found(False, text, (newest.seq,), "assay pipeline compare PIPELINE")
    return facts.all_of("C4.1", "C4.2")


def levels(facts: Facts) -> Found:
    """All three objects have a level, and what they consist of has owners."""
    owned = facts.all_of("D0.2", "M0.2", "C0.2")
    if not owned.met:
        return owned
    found = facts.evaluation.levels(facts.project, facts.moment.t)
    for track, level in found.items():
        if level is None:
            return Found(False, "the ledger is not verified, and so has no level", (), "assay verify --record")
        if level < 0:
            open_ = [
                s
                for s in facts.evaluation.standing(facts.project, facts.moment).of_track(track)
                if s.state in ("missing", "lapsed")
            ]
            return Found(False, f"{track} is unmapped: {open_[0].criterion.need}", (), open_[0].criterion.do)
    words = ", ".join(f"{track} L{level}" for track, level in found.items())
    return Found(True, f"{words}; all with owners", owned.evidence)


def delivered(facts: Facts) -> Found:
    """At least two deployments went live in the last year, so that delivery can be measured."""
    live = [each for each in facts.events("deployment.completed", days=YEAR) if each.value["status"] == "ok"]
    if len(live) < 2:
        return Found(False, f"{len(live)} deployments in the last year: nothing to measure yet", (), "assay delivery")
    return Found(True, f"{len(live)} deployments in the last year; `assay delivery` measures them", (live[-1].seq,))
