"""What starts a pipeline by itself: the state of all that it watches, held against the state that its last run saw.

A state is a text: a version, a digest, a moment, an alert. A run records those that it saw, so that each change has one
run, whoever looks how often; a run that was cut off does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from app.pipelines import code as codes
from app.pipelines import schedule
from app.pipelines.decision import Judge
from app.pipelines.declaration import Trigger
from app.pipelines.plan import Plan
from ledger.errors import InputError
from ledger.events.pipelines import Cause
from ledger.format import canonical, hashes, times
from ledger.ledger import Ledger
from ledger.projections import alerts, artifacts, monitors, pipelines
from ledger.projections.pipelines import Execution
from ledger.projections.view import View


class Fired(NamedTuple):
    """A change that wants a run: why, and what changed; ``seq`` is the event behind it, where there is one."""

    cause: Cause
    ref: str
    key: str
    seq: int | None = None


class State(NamedTuple):
    """What a trigger watches as it stands: its name, its state, and the change that a new state is."""

    key: str
    state: str
    fired: Fired


def states(
    ledger: Ledger, root: Path, plan: Plan, triggers: Sequence[Trigger], judge: Judge, now: datetime
) -> list[State]:
    """The state of all that a pipeline watches.

    Args:
        ledger: open; its store takes the code.
        root: the workspace's folder, which code folders are relative to.
        plan: the pipeline.
        triggers: what it watches.
        judge: who knows the steps' code.
        now: the moment, aware.

    Raises:
        InputError: a folder is absent, or a name means nothing.
    """
    view = ledger.view()
    watchers: dict[str, Callable[[Trigger], list[State]]] = {
        "data": lambda each: [found for ref in each.value if (found := _data(view, ref)) is not None],
        "code": lambda each: [_code(ledger, root, plan, each, judge)],
        "config": lambda each: [_digested("config", plan.digest())],
        "schedule": lambda each: [found for text in each.value if (found := _due(text, now)) is not None],
        "alert": lambda each: [found for found in [_alert(view, plan, each.value)] if found is not None],
    }
    return [state for each in triggers for state in watchers[each.kind](each)]


def fired(view: View, plan: Plan, found: Sequence[State]) -> Fired | None:
    """The first change that has had no run yet; ``None`` where all have had theirs."""
    before = last(view, plan)
    seen: Mapping[str, str] = {} if before is None or before.status == "interrupted" else before.seen
    return next((each.fired for each in found if seen.get(each.key) != each.state), None)


def last(view: View, plan: Plan) -> Execution | None:
    """The newest execution of a plan's pipeline in its environment."""
    found = [
        each
        for each in pipelines.executions(view, pipeline=plan.pipeline, project=plan.project)
        if each.environment == plan.environment
    ]
    return found[-1] if found else None


def _data(view: View, text: str) -> State | None:
    try:
        newest = artifacts.resolve(view, text)
    except artifacts.UnknownRef:
        return None  # nothing is registered under this name yet
    return State(f"data {text}", newest.ref, Fired("data", newest.ref, f"data {text}", newest.seq))


def _code(ledger: Ledger, root: Path, plan: Plan, trigger: Trigger, judge: Judge) -> State:
    if trigger.value is True:
        found = sorted({judge.code(step).digest for step in plan.steps if step.spec is not None})
        return _digested("code", hashes.digest(canonical.encode(found)))
    folders = [root / each for each in trigger.value]
    return _digested(f"code {' '.join(trigger.value)}", codes.capture(ledger.objects, folders).digest)


def _digested(key: str, digest: str) -> State:
    return State(key, digest, Fired("push", f"{key} {digest[:19]}…", key))


def _due(text: str, now: datetime) -> State | None:
    moment = schedule.parse(text).last_due(now)
    if moment is None:
        return None
    at = times.format_time(moment)
    return State(
        f"schedule {text}", at, Fired("schedule", f"{text}, due {at[:16].replace('T', ' ')}", f"schedule {text}")
    )


def _alert(view: View, plan: Plan, wanted: Mapping[str, str]) -> State | None:
    """The newest alert of a monitor or a severity."""
    found = [
        each
        for each in alerts.listed(view, project=plan.project)
        if wanted.get("monitor") in (None, each.monitor) and wanted.get("severity") in (None, each.severity)
    ]
    # An older one that is still open had its run when it was raised.
    if not found or found[-1].state == "resolved":
        return None
    newest = found[-1]
    kinds = {each.monitor: each.kind for each in monitors.listed(view, project=plan.project)}
    cause: Cause = "drift" if kinds.get(newest.monitor) == "drift" else "alert"
    key = "alert " + " ".join(f"{name}={wanted[name]}" for name in sorted(wanted))
    return State(key, newest.alert, Fired(cause, f"alert/{newest.alert}", key, newest.seq))


def require_known(environment: str | None, known: Sequence[str]) -> str | None:
    """An environment, where it is one that the workspace declares.

    Raises:
        InputError: it is not.
    """
    if environment is not None and environment not in known:
        raise InputError(f"there is no environment {environment!r}; assay.toml declares {', '.join(known)}")
    return environment
