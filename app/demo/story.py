"""The story, from an empty folder to the last request: each part looks at the record and does what is not done yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.actions.serving import Scoring, declared
from app.demo import beats, cast, ending, script, setting
from app.demo.crisis import Crisis
from app.demo.stage import PROJECT, Narrator, Stage
from ledger import lifecycle
from ledger.audit.report import Report
from ledger.projections import artifacts, deployments
from ledger.projections.approvals import Request


@dataclass(frozen=True, slots=True)
class Told:
    """What the story came to: the open request, the verification, and the one of the tampered copy with the byte's event."""

    request: Request
    report: Report
    tampered: Report
    touched: int


def tell(root: Path, narrator: Narrator, *, quick: bool) -> Told:
    """Tell the story in ``root``, from where it was left.

    Args:
        root: the workspace's folder, new or a demo's.
        narrator: told what happens.
        quick: leave out half a year of calm.

    Raises:
        InputError: ``root`` is something else.
    """
    project = setting.sample_data() / "project"
    plan = script.read(project, quick=quick)
    stage = setting.found(root, plan.begins, narrator)
    try:
        return _tell(stage, plan)
    finally:
        stage.ledger.close()


def finished(root: Path) -> bool:
    """Whether the story in ``root`` was told to its end."""
    import ledger.ledger as ledgers

    if not setting.is_demo(root) or not (root / ".assay" / "ledger.db").is_file():
        return False
    with ledgers.open(root / ".assay" / "ledger.db", read_only=True) as ledger:
        return ledger.view().row("SELECT 1 FROM events WHERE type = 'ledger.verified' LIMIT 1") is not None


def _tell(stage: Stage, plan: script.Script) -> Told:
    stage.at(stage.today)
    for run in lifecycle.close_abandoned(stage.ledger, actor=cast.ENGINEER.name):
        stage.say(f"{run.event.subject} had been cut off; it is recorded as interrupted")
    stage.progress("people, roles and keys", 0.01)
    setting.enrol(stage)
    stage.progress("the ECB's file", 0.03)
    beats.data(stage, plan)
    stage.progress("features and the first model", 0.08)
    beats.model(stage, plan)
    stage.progress("two signatures", 0.20)
    beats.live(stage, plan, _first_live_day(stage))
    stage.progress("the days go by", 0.22)
    Crisis.play(stage, until=0.92)
    stage.progress("the yearly refresh", 0.93)
    request = ending.open_request(stage)
    stage.progress("verifying the chain", 0.97)
    report = ending.prove(stage)
    touched, tampered = ending.tamper(stage)
    stage.progress("done", 1.0)
    return Told(request, report, tampered, touched)


def _first_live_day(stage: Stage) -> str:
    """The first fixing after the data that the model was judged on."""
    live = deployments.live(stage.view, beats.MODEL, "prod")
    if live is not None:
        return live.at[:10]
    panel = artifacts.latest(stage.view, "dataset", PROJECT, "fx-panel")
    assert panel is not None
    last = stage.ledger.objects.read(panel.digest).decode().rstrip().rpartition("\n")[2].partition(",")[0]
    context = stage.as_(cast.MONITOR)
    with Scoring(context, declared(context)) as scoring:
        return next(day for day in scoring.days if day > last)
