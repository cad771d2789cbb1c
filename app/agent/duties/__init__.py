"""What the agent does by the clock: a duty is a function in a module of its own, imported when it is done.

A duty is ``f(context, now) -> list[str]``: it does what is due at ``now`` (aware, UTC; the ledger's own moment), and
returns one plain line for each thing that it did, none where nothing was due. It is idempotent: done twice, it does
nothing the second time. It may raise: the others are done all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import AssayError, InputError

if TYPE_CHECKING:
    from app.actions.context import Context

DUTIES: dict[str, str] = {
    "escalation": "app.agent.duties.escalation:escalate",
    "triggers": "app.agent.duties.triggers:run",
    "features": "app.agent.duties.features:refresh",
    "monitors": "app.agent.duties.monitors:watch",
    "rollouts": "app.agent.duties.monitors:roll",
    "retraining": "app.agent.duties.retraining:retrain",
}
"""The duties in the order in which they are done: name → ``module:function``."""


class Troubled(AssayError):
    """A duty that was done in part: what it did before and beside the trouble counts."""

    def __init__(self, message: str, did: list[str]) -> None:
        super().__init__(message)
        self.did = did


class Duty(NamedTuple):
    """One duty, imported."""

    name: str
    function: Callable[[Context, datetime], list[str]]


def chosen(names: list[str] | tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names of all duties, or of those that are asked for, in their order.

    Raises:
        InputError: one is not known.
    """
    for name in names:
        if name not in DUTIES:
            raise InputError(f"there is no duty {name!r}; the duties are {', '.join(DUTIES) or 'none'}")
    return tuple(name for name in DUTIES if not names or name in names)


def load(name: str) -> Duty:
    """Import a duty."""
    module, _, function = DUTIES[name].partition(":")
    return Duty(name, getattr(import_module(module), function))
