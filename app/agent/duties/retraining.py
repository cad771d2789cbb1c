"""Retraining by the clock: what the declared rules call for is trained, and starts as a canary."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from app.actions import retraining, retrainrules

if TYPE_CHECKING:
    from app.actions.context import Context


def retrain(context: Context, now: datetime) -> list[str]:
    """Do what the rules of ``retraining.yaml`` call for, once; nothing where there is no such file."""
    if not (context.workspace.root / retrainrules.FILE).is_file():
        return []
    found = retraining.by_rule(context).document
    if found["model"] is None:
        return []
    return [f"trained {found['model']} by the rule {found['rule']}, because of {found['because']}; {found['canary']}"]
