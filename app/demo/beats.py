"""The beats of the story up to going live: data, model, approval. Each looks at the record first, and does what is not done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.actions import approvals as approval_actions
from app.actions import deployments as deployment_actions
from app.actions import exceptions, quality
from app.actions.retraining import once, succeeded
from app.demo import cast, setting
from app.demo.script import Script
from app.demo.stage import PROJECT, Stage
from app.pipelines import spec as specs
from app.pipelines import yamltext
from ledger.errors import InputError
from ledger.events.approvals import ApprovalRequested
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.checks import CheckConfigured, CheckExecuted
from ledger.events.documents import DocumentAttached
from ledger.events.runs import RunReproduced
from ledger.format import canonical
from ledger.ledger import Entry
from ledger.projections import approvals, artifacts, checks, deployments, documents, runs
from ledger.projections.approvals import Request
from ledger.projections.artifacts import Artifact
from ledger.projections.runs import Run
from ledger.rules import gates

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.monitoring.quality.finding import Result
    from ledger.projections.checks import Check

MODEL = f"model/{PROJECT}/fx-vol"
REBASING = "redenominations"
"""The check that knows of mappings."""
_STOPPING = ("block", "quarantine")
PAPERS = {
    "runbook": ("runbook.md", "Runbook: what to do when it fails"),
    "transformation": ("panel.md", "How the panel is made"),
}
"""The documents in the project's folder, by their kind: the file, and its title."""
PRIVACY = "no-persons"
REPORT = "validation_report"
GROUPS = "groups-alike"
_ALIKE = 0.1
"""How far the mean errors of the two groups of currencies may lie apart."""
CRITERION = "beats-static-table"
"""What a version has to show out of time, set by the model's owner before anything is trained."""


def data(stage: Stage, script: Script) -> None:
    """The raw file is checked, a redenomination blocks it, the data's owner approves a mapping, and the panel is made."""
    raw = setting.register_data(stage)
    privacy(stage, raw)
    engineer = stage.as_(cast.ENGINEER)
    panel = _panel_columns(stage)
    if not _rebasing(stage, raw):
        _tell_checks(stage, quality.checked(engineer, raw), panel)
    mapping = _mapping(stage, raw)
    if len(_rebasing(stage, raw)) < 2:
        quality.checked(engineer, raw, mapping)
    if not _ran(stage, "ingest"):
        stopping = _stopping(stage, raw, panel, script.judged["last"])
        if stopping:
            raise InputError(f"{len(stopping)} findings still stop the panel's currencies: {stopping[0]['message']}")
        stage.say(f"with the mapping, nothing stops the {len(panel)} currencies of the panel")
        made = succeeded(engineer, "specs/ingest.yaml", script.ingest, trigger="manual", cause=raw.seq)
        stage.say(f"ingested {made.metrics['days']:,.0f} days of {made.metrics['currencies']:.0f} currencies")


def model(stage: Stage, script: Script) -> None:
    """Criteria are set, the model is trained twice to one digest, judged out of time, and documented."""
    engineer = stage.as_(cast.ENGINEER)
    panel = _newest(stage, "dataset", "fx-panel")
    inspect(stage, panel)
    attach(stage, panel.ref, "transformation", cast.DATA_OWNER)
    if not checks.configured(stage.view, MODEL):
        expected = {"error_points": "below the static table's", "window": script.judged}
        stage.record(cast.MODEL_OWNER, CheckConfigured(CRITERION, "baseline", expected), subject=MODEL)
    if not _ran(stage, "features"):
        succeeded(engineer, "specs/features.yaml", (), trigger="manual", cause=panel.seq)
        stage.say("features made: one definition for training and for serving")
    trained = _ran(stage, "train")
    while len(trained) < 2:
        made = succeeded(engineer, "specs/train.yaml", (), trigger="manual", cause=panel.seq)
        trained = _ran(stage, "train")
        ref = next(ref for ref, _ in made.outputs)
        stage.say(f"trained {ref}: R² {made.metrics['r_squared']:.2f} on {made.metrics['rows']:,.0f} rows")
    _compare_twins(stage, trained)
    for job, settings in (("evaluate", script.evaluate), ("reference", ()), ("mandates", ())):
        if not _ran(stage, job):
            succeeded(engineer, f"specs/{job}.yaml", settings, trigger="manual", cause=trained[0].seq)
    first = version(stage, f"{MODEL}@1")
    judge(stage, first, _ran(stage, "evaluate")[0])
    describe(stage, first)


def live(stage: Stage, day: str) -> None:
    """Two people who did not train it sign; then, and not before, it can go live."""
    first = version(stage, f"{MODEL}@1")
    validate(stage, first)
    attach(stage, first.ref, "runbook", cast.ENGINEER)
    request = ask(stage, first, "the first model: proposed for the hedging book")
    for member, reason in (
        (cast.RISK, "I have read the evaluation out of time and the model card with its limitations"),
        (cast.VALIDATOR, "trained twice; I compared the digests and the evaluation against the criterion set before"),
    ):
        sign(stage, request, member, reason)
    if deployments.live(stage.view, MODEL, "prod") is None:
        stage.at(day, "08:00:00")
        waive(stage, first)
        deployment_actions.deploy(stage.as_(cast.DEPLOYER), ref=first.ref, to="prod")
        stage.say(f"{first.ref} is live on {day}, with two signatures by people who did not train it")


def attach(stage: Stage, subject: str, kind: str, member: cast.Member, *, anew: bool = False) -> None:
    """A document of the project's folder, attached to a version where it is not, or anew."""
    file, title = PAPERS[kind]
    if anew or kind not in {each.doc_kind for each in documents.listed(stage.view, subject)}:
        kept = stage.ledger.objects.put_file(stage.root / "docs" / file)
        stage.record(member, DocumentAttached(doc_kind=kind, sha256=kept.digest, title=title), subject=subject)


def panel(stage: Stage, context: Context, *, cause: int, reason: str, until: str) -> None:
    """The panel up to a day, made because of an event and looked at before anything is trained on it."""
    made = once(context, "specs/ingest.yaml", [f"until={until}"], trigger=reason, cause=cause)
    inspect(stage, version(stage, made.outputs[0][0]))


def inspect(stage: Stage, table: Artifact) -> None:
    """The declared checks of a version of the panel, and that it holds fixings and nothing about persons."""
    done = {each.check for each in checks.executed(stage.view, table.ref)}
    if not done:
        quality.checked(stage.as_(cast.ENGINEER), table)
    privacy(stage, table)


def privacy(stage: Stage, table: Artifact, *, anew: bool = False) -> None:
    """That a table holds nothing about persons, by its data owner's check of that kind."""
    from app.monitoring.quality import check

    if anew or all(each.check != PRIVACY for each in checks.executed(stage.view, table.ref)):
        owner = stage.as_(cast.DATA_OWNER)
        if table.digest not in stage.private:
            wanted = check.read({"checks": [{"check": PRIVACY, "kind": "privacy", "subject": table.base}]}, PRIVACY)
            (stage.private[table.digest],) = quality.examined(owner, table, wanted)
        fact = quality.execution(owner, stage.private[table.digest])
        stage.record(cast.DATA_OWNER, fact, subject=table.ref, cause=table.seq)


def validate(stage: Stage, artifact: Artifact) -> None:
    """The validator's own report on a version, attached to it; beside it whether its errors differ between groups."""
    judged = [each for each in checks.executed(stage.view, artifact.ref) if each.check == CRITERION]
    known = {each.doc_kind for each in documents.listed(stage.view, artifact.ref)}
    if not judged or REPORT in known:
        return
    last, words = judged[-1], ("passed" if judged[-1].passed else "missed")
    scores = last.value if isinstance(last.value, dict) else {}
    text = (
        f"# Validation of {artifact.ref}\n\nThe evaluation out of time {words} the criterion that was set before it.\n\n"
        + "".join(f"- {name}: {value:.3f}\n" for name, value in sorted(scores.items()))
        + "\nThe training was read, its inputs compared by digest. By somebody who did not make it.\n"
    )
    kept = stage.ledger.objects.put_bytes(text.encode())
    fact = DocumentAttached(doc_kind=REPORT, sha256=kept.digest, title="Independent validation")
    stage.record(cast.VALIDATOR, fact, subject=artifact.ref, cause=last.seq)


def waive(stage: Stage, artifact: Artifact) -> None:
    """Where the policy lacks more than signatures can give, the model's owner answers for it, openly and for a day."""
    lacking = gates.missing(stage.view, artifact.ref, "prod", now=stage.ledger.now())
    if lacking:
        reason = "; ".join(each.what for each in lacking)
        exceptions.record(stage.as_(cast.MODEL_OWNER), ref=artifact.ref, reason=reason, until="24h")
        stage.say(f"{cast.MODEL_OWNER.name} breaks the glass for {artifact.ref}: {reason}")


def ask(stage: Stage, artifact: Artifact, note: str) -> Request:
    """The engineer's request that a version go to production, made once, with its evaluation as evidence."""
    made = approvals.requests(stage.view, subject=artifact.ref)
    if not made:
        reports = artifacts.versions(stage.view, kind="document", project=PROJECT, name="evaluation")
        approval_actions.request(
            stage.as_(cast.ENGINEER),
            ref=artifact.ref,
            to="prod",
            evidence=[reports[-1].ref],
            roles=cast.APPROVERS,
            note=note,
        )
        made = approvals.requests(stage.view, subject=artifact.ref)
    return made[-1]


def sign(stage: Stage, request: Request, member: cast.Member, reason: str) -> None:
    """A member's approval, signed with their key over what the ledger shows them."""
    now = approvals.get(stage.view, request.seq)
    assert now is not None
    if any(decision.signer == member.name for decision in now.decisions):
        return
    missed = [
        each for each in checks.executed(stage.view, request.subject) if each.check == CRITERION and not each.passed
    ]
    if missed:
        reason = f"{reason}; it missed the criterion out of time, which I accept with open eyes"
    stage.ledger.checkpoint()
    approval_actions.approve(stage.as_(member), request=str(request.seq), reason=reason, yes=True)
    stage.say(f"{member.name} ({member.title}) signed for {request.subject}")


def judge(stage: Stage, artifact: Artifact, evaluation: Run) -> None:
    """Hold a version's evaluation against the criterion that was set before it: better than the table in use.

    The other benchmark, exponential weighting, is told beside it and decides nothing.
    """
    if checks.executed(stage.view, artifact.ref):
        return
    scores = evaluation.metrics
    own, table, ewma = (scores[f"{name}_error_points"] for name in ("model", "static", "ewma"))
    passed = own < table
    fact = CheckExecuted(
        check=CRITERION,
        kind="baseline",
        passed=passed,
        value={"error_points": own, "bias": scores["bias"], "ewma_error_points": ewma},
        threshold={"error_points": table},
        verdict="pass" if passed else "block",
        inputs={"run": evaluation.ref, "report": evaluation.outputs[0][0]},
    )
    stage.record(cast.ENGINEER, fact, subject=artifact.ref, cause=evaluation.ended_seq)
    _compare_groups(stage, artifact, evaluation)
    stage.say(
        f"out of time: error {own:.2f} vol points, {'below' if passed else 'not below'} the static table's {table:.2f} "
        f"(exponential weighting {ewma:.2f}); bias {scores['bias']:+.3f}"
    )


def _compare_groups(stage: Stage, artifact: Artifact, evaluation: Run) -> None:
    """Whether the two groups of currencies that the bias monitor knows are forecast alike."""
    report = json.loads(stage.ledger.objects.read(evaluation.outputs[0][1]))["by_currency"]
    declared = yamltext.load((stage.root / "monitors.yaml").read_text(encoding="utf-8"), "monitors.yaml").value
    groups = next(each["groups"] for each in declared["monitors"] if each["kind"] == "bias")
    means = {name: sum(report[code]["bias"] for code in codes) / len(codes) for name, codes in groups.items()}
    gap = max(means.values()) - min(means.values())
    fact = CheckExecuted(GROUPS, "bias", gap <= _ALIKE, {"gap": gap, **means}, _ALIKE, inputs={"run": evaluation.ref})
    stage.record(cast.ENGINEER, fact, subject=artifact.ref, cause=evaluation.ended_seq)


def evaluate(stage: Stage, artifact: Artifact, *, since: str, until: str, trained_on: str = "") -> None:
    """Judge a version on days after its training window, with the data as they stand on ``until``.

    Where it was trained on data up to that day (``trained_on``), its own panel and features serve.
    """
    if checks.executed(stage.view, artifact.ref):
        return
    engineer = stage.as_(cast.ENGINEER)
    if trained_on != until:
        once(engineer, "specs/ingest.yaml", [f"until={until}"], trigger="manual", cause=artifact.seq)
        once(engineer, "specs/features.yaml", [f"since={since}"], trigger="manual", cause=artifact.seq)
    window = [f"window.first={since}", f"window.last={until}"]
    judge(stage, artifact, once(engineer, "specs/evaluate.yaml", window, trigger="manual", cause=artifact.seq))


def describe(stage: Stage, artifact: Artifact) -> None:
    """A model card, attached to the version, where it has none."""
    if "model_card" not in {each.doc_kind for each in documents.listed(stage.view, artifact.ref)}:
        card(stage, artifact)


def card(stage: Stage, artifact: Artifact) -> None:
    """A model card as its training gives it, attached to the version."""
    training = runs.get(stage.view, artifact.run or "")
    assert training is not None
    metrics = training.metrics
    text = (
        f"# {artifact.ref}\n\nForecasts each currency's volatility five days ahead, for hedge ratios and value-at-risk.\n"
        f"Pooled least squares on realised volatility over one, five and twenty-two days; {metrics['rows']:,.0f} rows, "
        f"R² {metrics['r_squared']:.3f}.\n\nLimitations: not for pegged currencies; slow where a crisis goes "
        "beyond what it was trained on, which is why its bias is watched. Source of the rates: ECB statistics.\n"
    )
    kept = stage.ledger.objects.put_bytes(text.encode())
    fact = DocumentAttached(doc_kind="model_card", sha256=kept.digest, title="Model card, with limitations")
    stage.record(cast.MODEL_OWNER, fact, subject=artifact.ref, cause=artifact.seq)


def version(stage: Stage, ref: str) -> Artifact:
    """The registered version with this reference."""
    found = artifacts.get(stage.view, ref)
    assert found is not None, ref
    return found


def _mapping(stage: Stage, raw: Artifact) -> Artifact:
    """The mappings of the ingestion, registered, and approved by the data's owner."""
    spec = specs.read(stage.root / "specs" / "ingest.yaml")
    mappings: list[dict[str, Any]] = [dict(each) for each in spec.config["mappings"]]
    made = artifacts.latest(stage.view, "config", PROJECT, "mappings")
    if made is None:
        kept = stage.ledger.objects.put_bytes(canonical.encode(mappings))
        fact = ArtifactRegistered("config", "mappings", 1, kept.digest, kept.size, media_type="application/json")
        stage.record_many([Entry(fact, actor=cast.ENGINEER.name, project=PROJECT, cause=raw.seq)])
        made = _newest(stage, "config", "mappings")
    found = approvals.requests(stage.view, subject=made.ref)
    if not found:
        stage.ledger.checkpoint()
        note = "; ".join(
            f"{each['target']} continues {each['source']} at {each['factor']:g} of it: the same money in another unit"
            for each in mappings
        )
        asked = ApprovalRequested(transition=quality.TRANSITION, roles=["data-owner"], sha256=made.digest, note=note)
        stage.record(cast.ENGINEER, asked, subject=made.ref, cause=made.seq)
        found = approvals.requests(stage.view, subject=made.ref)
    since = ", ".join(str(each["before"]) for each in mappings)
    sign(stage, found[-1], cast.DATA_OWNER, f"the redenomination of {since}, as the central bank published it")
    return made


def _compare_twins(stage: Stage, trained: list[Run]) -> None:
    first, second = trained[:2]
    equal = first.outputs == second.outputs
    done = stage.view.row("SELECT 1 FROM events WHERE type = 'run.reproduced' AND subject = :ref", {"ref": first.ref})
    if done is None:
        fact = RunReproduced(run=second.run, of_run=first.run, equal=equal, compared=[ref for ref, _ in first.outputs])
        stage.record(cast.ENGINEER, fact, cause=second.ended_seq)
        words = f"one digest, {first.outputs[0][1][7:19]}…" if equal else "two different digests"
        stage.say(f"the two trainings gave {words}")


def _rebasing(stage: Stage, raw: Artifact) -> list[Check]:
    """The recorded looks for redenominations: one before the mapping, one with it."""
    return [each for each in checks.executed(stage.view, raw.ref) if each.check == REBASING]


def _tell_checks(stage: Stage, results: Sequence[Result], panel: Sequence[str]) -> None:
    findings = [each for result in results for each in result.findings]
    counts = {verdict: sum(each.verdict == verdict for each in findings) for verdict in ("block", "quarantine", "flag")}
    stage.say(
        f"checked the ECB's file: {counts['block']} findings block, {counts['quarantine']} set values aside, "
        f"{counts['flag']} are flagged"
    )
    for each in (each for result in results for each in result.about(panel).findings if each.verdict == "block"):
        stage.say(f"blocked: {each.message}")


def _stopping(stage: Stage, raw: Artifact, panel: Sequence[str], until: str) -> list[dict[str, Any]]:
    """What the newest run of each check found on the panel's currencies, up to a day, that work must not go on with."""
    newest = {each.check: each for each in checks.executed(stage.view, raw.ref)}
    return [
        finding
        for each in newest.values()
        for finding in each.findings
        if finding["verdict"] in _STOPPING
        and finding["first"] <= until
        and (not finding["columns"] or set(finding["columns"]) & set(panel))
    ]


def _panel_columns(stage: Stage) -> list[str]:
    return list(specs.read(stage.root / "specs" / "ingest.yaml").config["currencies"])


def _ran(stage: Stage, job: str) -> list[Run]:
    """The runs of a job that ended well, oldest first."""
    return [each for each in runs.listed(stage.view, project=PROJECT, job=job) if each.status == "ok"]


def _newest(stage: Stage, kind: str, name: str) -> Artifact:
    found = artifacts.latest(stage.view, kind, PROJECT, name)
    if found is None:
        raise InputError(f"{kind}/{PROJECT}/{name} is not there, although its run ended well; run `assay verify`")
    return found
