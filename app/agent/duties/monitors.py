"""Monitors by the clock: new days are looked at as they arrive, alerts are told, and go further where nobody answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from app.actions import delivering

if TYPE_CHECKING:
    from app.actions.context import Context


def watch(context: Context, now: datetime) -> list[str]:
    """Look at every day that has come since the last look; tell of what was raised; escalate what nobody acknowledged."""
    done = _looked(context, now.date().isoformat())
    for each in delivering.told(context, delivering.untold(context)):
        done.append(f"{each.key} {'went' if each.ok else 'could not go'} to {each.route}: {each.detail}")
    return done + delivering.overdue(context, now)


def _looked(context: Context, today: str) -> list[str]:
    """The new days up to today, looked at; nothing where the workspace declares no monitors, or nothing is live."""
    from app.actions import monitoring, serving
    from ledger.projections import deployments

    if not (context.workspace.root / serving.FILE).is_file():
        return []
    declared = serving.declared(context)
    if deployments.live(context.ledger.view(), declared.model, declared.environment) is None:
        return []
    found = monitoring.run(context, until=today).document
    if not found["days"] and not found["alerts"]:
        return []
    raised = f"; raised {', '.join(found['alerts'])}" if found["alerts"] else ""
    return [f"looked at {found['days']} days, up to {found['last_day']}{raised}"]


def roll(context: Context, now: datetime) -> list[str]:
    """Evaluate every new day of the rollouts under way; a breach rolls back, and routers follow what is recorded."""
    from app.actions import canaries, routing, serving
    from ledger.projections import deployments

    done = []
    if (context.workspace.root / serving.FILE).is_file():
        for each in deployments.listed(context.ledger.view()):
            if each.status != "under way" or each.strategy not in ("canary", "shadow"):
                continue
            try:
                until = now.date().isoformat()
                found = canaries.run(context, until=until, deployment=each.deployment).document
            except canaries.NothingDue:
                continue
            done.append(f"{each.ref}: {found['days']} days, {found['last']['decision'].replace('_', ' ')}")
    routing.publish(context)
    return done
