"""The beats of the story up to going live: data, model, approval. Each looks at the record first, and does what is not done."""

from __future__ import annotations

from typing import Any

from app.actions import approvals as approval_actions
from app.actions import deployments as deployment_actions
from app.actions import quality
from app.actions.retraining import succeeded
from app.demo import cast, setting
from app.demo.script import Script
from app.demo.stage import PROJECT, Stage
from app.pipelines import spec as specs
from ledger.errors import InputError
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

MODEL = f"model/{PROJECT}/fx-vol"
CRITERION = "beats-static-table"
"""What a version has to show out of time, set by the model's owner before anything is trained."""


def data(stage: Stage, script: Script) -> None:
    """The raw file is checked, a redenomination blocks it, the data's owner approves a mapping, and the panel is made."""
    raw = setting.register_data(stage)
    engineer = stage.as_(cast.ENGINEER)
    executed = [each for each in checks.executed(stage.view, raw.ref) if each.check == "redenominations"]
    if not executed:
        results = quality.checked(engineer, raw)
        _tell_checks(stage, results)
        executed = [each for each in checks.executed(stage.view, raw.ref) if each.check == "redenominations"]
    mapping = _mapping(stage, raw)
    if len(executed) < 2:
        results = quality.checked(engineer, raw, mapping)
        panel = _panel_columns(stage)
        stopped = [each.check for each in results if not each.about(panel).passed]
        if stopped:
            raise InputError(
                f"the panel's currencies are still stopped by {', '.join(stopped)}; see `assay show {raw.ref}`"
            )
        stage.say(f"with the mapping, nothing stops the {len(panel)} currencies of the panel")
    if not _ran(stage, "ingest"):
        made = succeeded(engineer, "specs/ingest.yaml", script.ingest, trigger="manual", cause=raw.seq)
        stage.say(f"ingested {made.metrics['days']:,.0f} days of {made.metrics['currencies']:.0f} currencies")


def model(stage: Stage, script: Script) -> None:
    """Criteria are set, the model is trained twice to one digest, judged out of time, and documented."""
    engineer = stage.as_(cast.ENGINEER)
    panel = _newest(stage, "dataset", "fx-panel")
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
        stage.say(
            f"trained {made.outputs['model']}: R² {made.metrics['r_squared']:.2f} on {made.metrics['rows']:,.0f} rows"
        )
    _compare_twins(stage, trained)
    for job, settings in (("evaluate", script.evaluate), ("reference", ()), ("mandates", ())):
        if not _ran(stage, job):
            succeeded(engineer, f"specs/{job}.yaml", settings, trigger="manual", cause=trained[0].seq)
    version = _newest(stage, "model", "fx-vol")
    judge(stage, version, _ran(stage, "evaluate")[0])
    describe(stage, version, _ran(stage, "train")[0])


def live(stage: Stage, script: Script, day: str) -> None:
    """Two people who did not train it sign; then, and not before, it can go live."""
    version = artifacts.get(stage.view, f"{MODEL}@1")
    assert version is not None
    request = ask(stage, version, "the first model: proposed for the hedging book")
    for member, reason in (
        (cast.RISK, "I have read the evaluation out of time and the model card with its limitations"),
        (cast.VALIDATOR, "trained twice; I compared the digests and the evaluation against the criterion set before"),
    ):
        sign(stage, request, member, reason)
    if deployments.live(stage.view, MODEL, "prod") is None:
        stage.at(day, "08:00:00")
        deployment_actions.deploy(stage.as_(cast.DEPLOYER), ref=version.ref, to="prod")
        stage.say(f"{version.ref} is live on {day}, with two signatures by people who did not train it")


def ask(stage: Stage, version: Artifact, note: str) -> Request:
    """The engineer's request that a version go to production, made once, with its evaluation as evidence."""
    made = approvals.requests(stage.view, subject=version.ref)
    if not made:
        reports = artifacts.versions(stage.view, kind="document", project=PROJECT, name="evaluation")
        approval_actions.request(
            stage.as_(cast.ENGINEER),
            ref=version.ref,
            to="prod",
            evidence=[reports[-1].ref],
            roles=cast.APPROVERS,
            note=note,
        )
        made = approvals.requests(stage.view, subject=version.ref)
    return made[-1]


def sign(stage: Stage, request: Request, member: cast.Member, reason: str) -> None:
    """A member's approval, signed with their key over what the ledger shows them."""
    now = approvals.get(stage.view, request.seq)
    assert now is not None
    if any(decision.signer == member.name for decision in now.decisions):
        return
    stage.ledger.checkpoint()
    approval_actions.approve(stage.as_(member), request=str(request.seq), reason=reason, yes=True)
    stage.say(f"{member.name} ({member.title}) signed for {request.subject}")


def judge(stage: Stage, version: Artifact, evaluation: Run) -> None:
    """Hold a version's evaluation against the criterion that was set before it: better than the table in use.

    The other benchmark, exponential weighting, is told beside it and decides nothing.
    """
    if checks.executed(stage.view, version.ref):
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
    stage.record(cast.ENGINEER, fact, subject=version.ref, cause=evaluation.ended_seq)
    stage.say(
        f"out of time: error {own:.2f} vol points, {'below' if passed else 'not below'} the static table's {table:.2f} "
        f"(exponential weighting {ewma:.2f}); bias {scores['bias']:+.3f}"
    )


def evaluate(stage: Stage, version: Artifact, *, since: str, until: str, training: Run) -> None:
    """Judge a version on days after its training window, with the data as they stand on ``until``."""
    if checks.executed(stage.view, version.ref):
        return
    engineer = stage.as_(cast.ENGINEER)
    first = specs.read(stage.root / "specs" / "features.yaml").config["since"]
    succeeded(engineer, "specs/ingest.yaml", [f"until={until}"], trigger="manual", cause=version.seq)
    succeeded(engineer, "specs/features.yaml", [f"since={first}"], trigger="manual", cause=version.seq)
    window = [f"window.first={since}", f"window.last={until}"]
    made = succeeded(engineer, "specs/evaluate.yaml", window, trigger="manual", cause=training.seq)
    judge(stage, version, _ended(stage, made.run))


def describe(stage: Stage, version: Artifact, training: Run) -> None:
    """A model card, attached to the version."""
    if documents.listed(stage.view, version.ref):
        return
    metrics = training.metrics
    text = (
        f"# {version.ref}\n\nForecasts each currency's volatility five days ahead, for hedge ratios and value-at-risk.\n"
        f"Pooled least squares on realised volatility over one, five and twenty-two days; {metrics['rows']:,.0f} rows, "
        f"R² {metrics['r_squared']:.3f}.\n\nLimitations: not for pegged currencies; trained on calm years, it is slow in a "
        "crisis, which is why its bias is watched. Source of the rates: ECB statistics.\n"
    )
    kept = stage.ledger.objects.put_bytes(text.encode())
    fact = DocumentAttached(doc_kind="model_card", sha256=kept.digest, title="Model card, with limitations")
    stage.record(cast.MODEL_OWNER, fact, subject=version.ref, cause=version.seq)


def _mapping(stage: Stage, raw: Artifact) -> Artifact:
    """The mappings of the ingestion, registered, and approved by the data's owner."""
    spec = specs.read(stage.root / "specs" / "ingest.yaml")
    made = artifacts.latest(stage.view, "config", PROJECT, "mappings")
    if made is None:
        mappings: list[Any] = [dict(each) for each in spec.config["mappings"]]
        kept = stage.ledger.objects.put_bytes(canonical.encode(mappings))
        fact = ArtifactRegistered("config", "mappings", 1, kept.digest, kept.size, media_type="application/json")
        stage.record_many([Entry(fact, actor=cast.ENGINEER.name, project=PROJECT, cause=raw.seq)])
        made = _newest(stage, "config", "mappings")
    found = approvals.requests(stage.view, subject=made.ref)
    if not found:
        stage.ledger.checkpoint()
        note = "TRY continues TRL at a millionth: the same money, six zeros fewer"
        from ledger.events.approvals import ApprovalRequested

        asked = ApprovalRequested(transition="mapping", roles=["data-owner"], sha256=made.digest, note=note)
        stage.record(cast.ENGINEER, asked, subject=made.ref, cause=made.seq)
        found = approvals.requests(stage.view, subject=made.ref)
    sign(stage, found[-1], cast.DATA_OWNER, "the redenomination of January 2005, as the central bank published it")
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


def _tell_checks(stage: Stage, results: Any) -> None:
    findings = [each for result in results for each in result.findings]
    counts = {verdict: sum(each.verdict == verdict for each in findings) for verdict in ("block", "quarantine", "flag")}
    stage.say(
        f"checked the raw file: {counts['block']} block, {counts['quarantine']} quarantined, {counts['flag']} flagged"
    )
    panel = _panel_columns(stage)
    blocking = [each for each in findings if each.verdict == "block" and set(each.columns) & set(panel)]
    for each in blocking:
        stage.say(f"blocked: {each.message}")


def _panel_columns(stage: Stage) -> list[str]:
    return list(specs.read(stage.root / "specs" / "ingest.yaml").config["currencies"])


def _ran(stage: Stage, job: str) -> list[Run]:
    """The runs of a job that ended well, oldest first."""
    return [each for each in runs.listed(stage.view, project=PROJECT, job=job) if each.status == "ok"]


def _ended(stage: Stage, run: str) -> Run:
    found = runs.get(stage.view, run)
    assert found is not None
    return found


def _newest(stage: Stage, kind: str, name: str) -> Artifact:
    found = artifacts.latest(stage.view, kind, PROJECT, name)
    if found is None:
        raise InputError(f"{kind}/{PROJECT}/{name} is not there, although its run ended well; run `assay verify`")
    return found
