"""Retraining: because of an alert, on newer data, by the same specifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.actions.answers import Answer, say
from ledger.errors import InputError
from ledger.projections import alerts, artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.runner import RunResult


def retrain(context: Context, *, because: str, first: str, last: str) -> Answer:
    """Train a new version on the window ``first`` to ``last``, because of an alert."""
    found = alerts.get(context.view, because)
    if found is None:
        raise InputError(f"there is no alert {because}; `assay alerts` lists them")
    ref = retrained(
        context, cause=found.seq, reason=found.monitor, because=f"alert/{found.alert}", first=first, last=last
    )
    made = artifacts.get(context.ledger.view(), ref)
    assert made is not None
    seq = made.seq
    return Answer(
        {"model": ref, "because": f"alert/{found.alert}", "seq": seq}, [say(f"trained {ref}, because of {found.alert}")]
    )


def retrained(context: Context, *, cause: int, reason: str, because: str, first: str, last: str) -> str:
    """Run the specifications on newer data and return the reference of the version that they make.

    Args:
        context: whose doing it is.
        cause: the seq of the event that led to it.
        reason: why, in a word: the monitor that raised the alert.
        because: the reference of what led to it.
        first, last: the training window, ISO dates; the data end with it.

    Raises:
        InputError: a run failed; the record says which.
    """
    from app.actions.serving import declared
    from ledger.events.deployments import RetrainingTriggered

    serving = declared(context)
    before = artifacts.resolve(context.view, serving.model)
    fact = RetrainingTriggered(cause=reason, ref=because)
    trigger = context.ledger.record(fact, subject=before.ref, actor=context.actor, project=before.project, cause=cause)
    seq = trigger.seq
    succeeded(context, "specs/ingest.yaml", [f"until={last}"], trigger=reason, cause=seq)
    succeeded(context, "specs/features.yaml", [f"since={first}"], trigger=reason, cause=seq)
    window = [f"window.first={first}", f"window.last={last}"]
    made = succeeded(context, "specs/train.yaml", window, trigger=reason, cause=seq)
    return made.outputs["model"]


def succeeded(context: Context, spec: str, settings: Sequence[str] = (), *, trigger: str, cause: int) -> RunResult:
    """Run a specification of the workspace, where anything but success is an error.

    Raises:
        InputError: it failed or was interrupted; the record says so too.
    """
    from app.pipelines import spec as specs
    from app.pipelines.runner import run_spec

    workspace = context.workspace
    result = run_spec(
        context.ledger,
        workspace,
        specs.read(workspace.inside(spec), settings),
        actor=context.actor,
        project=workspace.project(None),
        trigger=trigger,
        cause=cause,
    )
    if result.status != "ok":
        raise InputError(f"{result.ref} of {spec} {result.status}: {result.reason}")
    return result
