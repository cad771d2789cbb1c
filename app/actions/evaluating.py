"""What every question about maturity stands on: the model in force, the evidence as of a moment, and a verified chain."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import InputError
from ledger.format import canonical
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.ledger import Ledger
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View
    from ledger.rules.maturity.index import Index
    from ledger.rules.maturity.model import Model
    from ledger.rules.maturity.standing import Evaluation, Moment, Verification

FILE = "maturity.yaml"
ARTIFACT = "maturity-model"


class Ground(NamedTuple):
    """An evaluation, and the moment that is asked about. ``trouble`` is what a verification now found, in words."""

    evaluation: Evaluation
    moment: Moment
    view: View
    trouble: str | None


def ground(
    context: Context, *, verify: bool = False, evidence: Callable[[View, Moment], Index] | None = None
) -> Ground:
    """The evidence as of the context's moment, judged by the model in force.

    Args:
        context: whose question it is, and as of when.
        verify: verify the chain now, rather than go by what was recorded.
        evidence: where it comes from; read from the ledger where ``None``.

    Raises:
        InputError: the workspace's own model cannot be read.
    """
    from ledger.rules.maturity.standing import Evaluation

    model = model_of(context)
    view = context.view
    trouble, verification = _verified(context) if verify else (None, _recorded(context.ledger))
    when = moment(context, view)
    index = (evidence or _read)(view, when)
    return Ground(Evaluation(index, model, verification), when, view, trouble)


def _read(view: View, when: Moment) -> Index:
    from ledger.rules.maturity.sparing import Sparing

    return Sparing(view)


def moment(context: Context, view: View) -> Moment:
    """The moment that is asked about: a past event's ``at``, the time that was named, or now."""
    from app.actions.moments import present
    from ledger.rules.maturity.moments import micros
    from ledger.rules.maturity.standing import Moment

    said = context.at.removeprefix("seq:") if context.at is not None else None
    last = micros(present(view) if said is None else _at(view)) if view.at >= 0 else 0
    if said is not None and not said.isdecimal():
        with suppress(ValueError):
            last = max(last, micros(said))
    return Moment(view.at, last)


def model_of(context: Context) -> Model:
    """The workspace's own model where it has one, else the shipped one.

    Raises:
        InputError: it names what does not exist; with the line and the reason.
    """
    from ledger.rules.maturity import reading

    workspace = context.workspace_or_none
    file = None if workspace is None else workspace.root / FILE
    if file is None or not file.is_file():
        return reading.shipped()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    return reading.read(text, FILE)


def adopted(view: View, model: Model) -> Artifact | None:
    """The version under which the model in force was adopted, or ``None``."""
    found = [each for each in artifacts.by_digest(view, model.digest) if each.name == ARTIFACT]
    return found[-1] if found else None


def content(model: Model) -> bytes:
    """The model's bytes, whose digest names it."""
    return canonical.encode(model.document)


def projects(context: Context, found: Ground) -> list[str]:
    """The projects to speak of: those that the workspace declares, and those that events name."""
    workspace = context.workspace_or_none
    declared = list(workspace.config.projects) if workspace is not None else []
    return list(dict.fromkeys([*declared, *found.evaluation.index.projects()]))


def chosen(context: Context, found: Ground, project: str | None) -> str:
    """One project: the one named, the workspace's, or the only one.

    Raises:
        InputError: there is no such project, or several and none named.
    """
    known = projects(context, found)
    if project is None and len(known) == 1:
        return known[0]
    name = context.workspace.project(project) if project is None else project
    if name not in known:
        from app.workspace import nearest

        raise InputError(
            f"no event and no setting names a project {name!r}{nearest(name, known)}; there is {', '.join(known) or 'none'}"
        )
    return name


def team_of(context: Context, project: str) -> str:
    """The project's team, as the workspace declares it; empty where it does not."""
    workspace = context.workspace_or_none
    declared = workspace.config.projects.get(project) if workspace is not None else None
    return declared.team if declared is not None else ""


def _at(view: View) -> str:
    return str(view.row("SELECT at FROM events WHERE seq = :at")[0])


def _verified(context: Context) -> tuple[str | None, Verification | None]:
    from ledger.audit.verification import verify
    from ledger.rules.maturity.standing import Verification

    report = verify(context.ledger_path, progress=lambda what, done, total: context.progress(done, total, what))
    if report.findings:
        return f"{len(report.findings)} findings; `assay verify` tells them", None
    return None, Verification(report.size, not report.incomplete)


def _recorded(ledger: Ledger) -> Verification | None:
    """The last verification that was recorded: what it covered was intact, and stays known to have been."""
    from ledger.rules import recorded
    from ledger.rules.maturity.moments import micros
    from ledger.rules.maturity.spans import BEGIN
    from ledger.rules.maturity.standing import Verification

    view = ledger.view()
    last = recorded.newest(view, "ledger.verified")
    if last is None or last.value.get("ok") is not True:
        return None
    size = int(last.value["size"])
    behind = view.row("SELECT at FROM events WHERE seq = :size", {"size": size})
    until = BEGIN if behind is None else micros(str(behind[0]))
    return Verification(size, last.value.get("complete") is True, until)


def criterion_document(state: Any) -> dict[str, Any]:
    """A criterion's state as JSON."""
    from ledger.rules.maturity import standing, verdicts
    from ledger.rules.maturity.moments import text
    from ledger.rules.maturity.spans import BEGIN

    def time(moment: int | None) -> str | None:
        return None if moment is None or moment <= BEGIN or moment >= -BEGIN else text(moment)

    criterion = state.criterion
    return {
        "id": criterion.id,
        "track": criterion.track,
        "level": f"L{criterion.level}",
        "need": criterion.need,
        "state": state.state,
        "grade": state.grade,
        "automated": criterion.automated,
        "window": criterion.window.spelled,
        "evidence": state.seqs,
        "done": state.shown.done,
        "total": state.shown.total,
        "lacking": [verdicts.label(each) for each in state.shown.lacking],
        "against": [each.seq for each in state.shown.against],
        "gained": time(state.gained),
        "lost": time(state.lost),
        "lapses": time(state.lapses),
        "next": None if state.state in ("held", "inapplicable") else standing.advice(state),
        "reason": standing.unset_words(state) or None,
        "src": list(criterion.src),
    }
