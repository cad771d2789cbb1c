"""The story, from an empty folder to the last request: each part looks at the record and does what is not done yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.actions.retraining import TRIGGERED
from app.actions.serving import Scoring, declared
from app.demo import beats, cast, ending, house, script, setting
from app.demo.crisis import Crisis
from app.demo.days import Days
from app.demo.pandemic import Pandemic
from app.demo.stage import PROJECT, Narrator, Stage
from app.workspace import FOLDER, LEDGER
from ledger import lifecycle
from ledger.audit.report import Report
from ledger.projections import artifacts
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
        quick: leave out half a year of calm, and the second chapter; a story that was begun goes on as what it was begun as.

    Raises:
        InputError: ``root`` is something else, or another telling is at work there.
    """
    with setting.laid_out(root):
        begun = setting.begun(root)
        if begun is not None:
            narrator.say("an unfinished demo is here; going on where it stopped")
        plan = script.read(root, quick=quick, begun=begun)
        stage = Stage(root, setting.opened(root, plan.begins), narrator)
        try:
            return _tell(stage, plan)
        finally:
            stage.ledger.close()


def finished(root: Path) -> bool:
    """Whether the story in ``root`` was told to its end: verified, and that signed."""
    import ledger.ledger as ledgers

    if not setting.is_demo(root) or not (root / FOLDER / LEDGER).is_file():
        return False
    with ledgers.open(root / FOLDER / LEDGER, read_only=True) as ledger:
        row = ledger.connection.execute(
            "SELECT 1 FROM events WHERE type = 'ledger.verified' AND seq < (SELECT max(size) FROM checkpoints) AND seq > "
            "(SELECT max(seq) FROM events WHERE type = :type AND json_extract(body, '$.value.cause') = :why) LIMIT 1",
            {"type": TRIGGERED, "why": ending.WHY},
        ).fetchone()
    return row is not None


def _tell(stage: Stage, plan: script.Script) -> Told:
    stage.at(stage.today)
    for run in lifecycle.close_abandoned(stage.ledger, actor=cast.ENGINEER.name):
        stage.say(f"{run.event.subject} had been cut off; it is recorded as interrupted")
    stage.progress("people, roles and keys", 0.02)
    setting.enrol(stage)
    house.founded(stage)
    stage.progress("the ECB's file", 0.04)
    beats.data(stage, plan)
    stage.progress("features and the first model", 0.11)
    beats.model(stage, plan)
    stage.progress("two signatures", 0.32)
    serving = declared(stage.as_(cast.MONITOR))
    with Scoring(stage.as_(cast.MONITOR), serving) as scoring:
        beats.live(stage, _first_day(stage, scoring))
        stage.progress("the days go by", 0.37)
        days = Days(stage, serving, scoring)
        Crisis(days).play(0.87 if plan.later is None else 0.6, plan.usual_days)
        if plan.later is not None:
            Pandemic(days, plan.later).play(0.9, plan.usual_days)
    stage.progress("the refresh", 0.91)
    request = ending.open_request(stage)
    stage.progress("verifying the chain", 0.98)
    report = ending.prove(stage, request)
    touched, tampered = ending.tamper(stage)
    stage.progress("done", 1.0)
    return Told(request, report, tampered, touched)


def _first_day(stage: Stage, scoring: Scoring) -> str:
    """The first fixing after the data that the first model was judged on."""
    panel = artifacts.get(stage.view, f"dataset/{PROJECT}/fx-panel@1")
    assert panel is not None
    last = stage.ledger.objects.read(panel.digest).decode().rstrip().rpartition("\n")[2].partition(",")[0]
    return scoring.after(last)[0]
