"""The duty of pipelines: whichever watches something that has changed is run, once for each change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from app.agent.duties import Troubled
from ledger.errors import AssayError

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.actions.plans import Ready
    from app.pipelines.declaration import Pipeline


def run(context: Context, now: datetime) -> list[str]:
    """Run every pipeline of the workspace that something triggers, in every environment that it names.

    A pipeline that runs at this moment is left to that; what it does not see yet has its run in the next round.

    Raises:
        Troubled: a pipeline cannot be read or planned; the others were run.
    """
    from app.actions.plans import planned
    from app.pipelines import declaration

    did: list[str] = []
    trouble: list[str] = []
    if context.workspace_or_none is None:
        return did
    for path in declaration.listed(context.workspace.root):
        try:
            declared = declaration.read(path)
            for environment in _environments(declared):
                did += _run(planned(context, declared, environment))
        except AssayError as error:
            trouble.append(str(error))
    if trouble:
        raise Troubled("; ".join(trouble), did)
    return did


def _environments(declared: Pipeline) -> Iterator[str | None]:
    """Where a pipeline's triggers run it: in each environment that it names, else in none."""
    if not declared.document.value.get("triggers"):
        return
    yield from declared.environments or (None,)


def _run(ready: Ready) -> list[str]:
    """Run one pipeline, where a change has had no run yet."""
    from app.actions.executions import summed
    from app.actions.pipelines import pool
    from app.pipelines import claims, engine, recovery, triggers
    from app.pipelines.outcome import Why

    plan, ledger = ready.plan, ready.ledger
    if claims.is_claimed(ledger.path, recovery.claim_of(plan.pipeline, plan.project, plan.environment)):
        return []
    recovery.close_abandoned(ledger, ready.context.actor)
    states = ready.states()
    fired = triggers.fired(ledger.view(), plan, states)
    if fired is None:
        return []
    seen = {each.key: each.state for each in states}
    with pool() as executor:
        (outcome,) = engine.run([ready.engine(executor, why=Why(fired.cause, fired.ref, seen, fired.seq))])
    if outcome.status == "interrupted":
        raise KeyboardInterrupt
    line = f"{summed(outcome)}, because of {fired.cause} ({fired.ref})"
    return [line]
