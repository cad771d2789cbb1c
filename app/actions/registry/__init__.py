"""The one registry of actions: it feeds the command line, its help and completion, the palette, and the dashboard's keys.

Light data only: what an action imports is imported when it is run.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.actions.registry.loop import DEMO, LOOP
from app.actions.registry.proof import PROOF
from app.actions.registry.record import LOOK, PEOPLE, PROVE, START
from app.actions.registry.types import GROUP_TITLES, GROUPS, SCOPES, Action, Argument, Example
from app.actions.registry.work import DECIDE, MAKE, WATCH

ACTIONS: tuple[Action, ...] = (*START, *DEMO, *LOOK, *PROVE, *PROOF, *MAKE, *LOOP, *DECIDE, *WATCH, *PEOPLE)

_BY_NAME = {action.name: action for action in ACTIONS}

__all__ = [
    "ACTIONS",
    "GROUPS",
    "GROUP_TITLES",
    "SCOPES",
    "Action",
    "Argument",
    "Example",
    "family",
    "get",
    "grouped",
    "in_scope",
    "match",
]


def get(name: str) -> Action:
    """The action with this name. Raises KeyError where there is none."""
    return _BY_NAME[name]


def match(words: Sequence[str]) -> tuple[Action | None, int]:
    """The action that a command line's first words name, the longest name winning, and how many words it took."""
    for count in (2, 1):
        action = _BY_NAME.get(" ".join(words[:count])) if len(words) >= count else None
        if action is not None:
            return action, count
    return None, 0


def family(word: str) -> list[Action]:
    """The actions whose name begins with this word: ``artifact`` gives ``artifact list`` and its kin."""
    return [action for action in ACTIONS if action.words[0] == word]


def grouped(group: str) -> list[Action]:
    """The actions of a group, in the order of the help."""
    return [action for action in ACTIONS if action.group == group]


def in_scope(scope: str) -> list[Action]:
    """The actions whose key works in a place of the dashboard, those that work everywhere included."""
    return [action for action in ACTIONS if action.scope in (scope, "everywhere")]
