"""The duty of features: declared views are computed when their time has come, and the online store gets what is new."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from app.agent.duties import Troubled
from ledger.errors import AssayError, InputError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.features import Registered
    from app.features.view import View
    from ledger.projections.runs import Run

SCHEDULE = "schedule"


def refresh(context: Context, now: datetime) -> list[str]:
    """Materialise every view of the workspace whose schedule is due, and push those that are served.

    A view is computed once for each time that its schedule names, if the view or one of its sources has a newer version
    than its last whole materialisation; a run that failed is tried again at the next time.

    Raises:
        Troubled: a view cannot be read, computed or pushed; the others were looked at.
    """
    from app.actions.features import declaration
    from app.features.view import FOLDER

    did: list[str] = []
    trouble: list[str] = []
    if context.workspace_or_none is None:
        return did
    for path in sorted((context.workspace.root / FOLDER).glob("*.yaml")):
        try:
            declared = declaration(context, str(path))
            if declared.schedule is not None:
                _refresh(context, declared, declared.schedule, now, did)
        except AssayError as error:
            trouble.append(str(error))
    if trouble:
        raise Troubled("; ".join(trouble), did)
    return did


def _refresh(context: Context, declared: View, schedule: str, now: datetime, did: list[str]) -> None:
    """Do for one view what is due; ``did`` gets a line for each thing that was done, also where another fails then."""
    from app.actions import features, materializing

    view, home = context.ledger.view(), context.workspace.project(None)
    try:
        registered = features.find(context.ledger, view, f"{features.KIND}/{home}/{declared.name}")
    except InputError:
        name = declared.name
        message = f"{name} is not registered in {home}, so its schedule does nothing; `assay feature register {name}`"
        raise declared.error((SCHEDULE,), message) from None
    if _due(context, registered, schedule, now):
        made = materializing.materialized(context, registered, {}, trigger=SCHEDULE)
        if made.status == "interrupted":
            raise KeyboardInterrupt
        if made.dataset is None:
            raise InputError(f"run/{made.run} of {registered.ref} {made.status}: {made.reason or ''}")
        did.append(f"computed {registered.ref} as {made.dataset.ref}, run/{made.run}")
    if declared.online:
        _push(context, registered, did)


def _due(context: Context, registered: Registered, schedule: str, now: datetime) -> bool:
    """Whether a time of the schedule has passed since the view was registered and last tried, and something is new."""
    from app.actions import materializing
    from app.pipelines.schedule import parse
    from ledger.format.times import format_time
    from ledger.projections import runs

    due = parse(schedule).last_due(now)
    if due is None:
        return False
    artifact = registered.artifact
    mine = runs.listed(context.ledger.view(), project=artifact.project, job=materializing.job(registered))
    tried = [each.started_at for each in mine if each.trigger == SCHEDULE]
    if format_time(due) <= max([artifact.at, *tried]):
        return False
    wanted = {registered.ref, *(each.ref for each in materializing.given(context, registered).values())}
    last = _last(mine, f"dataset/{artifact.project}/{registered.document['dataset']}@")
    return last is None or {ref for ref, _ in last.inputs} != wanted


def _last(mine: list[Run], features: str) -> Run | None:
    """The newest run that computed all of a view's features; a part has another name."""
    whole = (run for run in reversed(mine) if any(ref.startswith(features) for ref, _ in run.outputs))
    return next((run for run in whole if run.status == "ok"), None)


def _push(context: Context, registered: Registered, did: list[str]) -> None:
    """Write what was materialised last to the online store, unless it was: also where that was cut off before."""
    from app.actions import events, offline, pushing

    view = context.ledger.view()
    if not offline.materializations(view, registered):
        return
    written = [each.event for each in events.history(view, registered.ref) if each.event.type == "feature.materialized"]
    online = [each.value["dataset"] for each in written if each.value["store"] == "online"]
    newest = offline.materializations(view, registered)[-1].dataset
    if online and online[-1] == newest.ref:
        return
    pushed = pushing.pushed(context, registered, offline.found(context, registered))
    did.append(f"pushed {newest.ref} to the online store")
    if pushed.code:
        raise InputError(f"the online store is unlike {newest.ref}; `assay feature parity {registered.artifact.name}`")
