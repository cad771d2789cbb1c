"""The one registry of actions: it feeds the command line, its help and completion, the palette, and the dashboard's keys.

Light data only: what an action imports is imported when it is run, and a command line loads no more of the registry than
the part that its command stands in. A family of commands (``artifact …``) stands in one part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from app.actions.registry.types import GROUP_TITLES, GROUPS, SCOPES, Action, Argument, Example

if TYPE_CHECKING:
    ACTIONS: tuple[Action, ...]

_PARTS = {
    "record": ("START", "LOOK", "PROVE"),
    "proof": ("PROOF",),
    "artifacts": ("VERSIONS", "NAMES"),
    "work": ("MAKE", "DECIDE"),
    "alarms": ("ALERTS",),
    "features": ("FEATURES",),
    "loop": ("DEMO", "LOOP"),
    "rollouts": ("ROLLOUTS", "EXPERIMENTS", "DRILLS", "SERVING"),
    "witnesses": ("WITNESS",),
    "pipelines": ("PIPELINES", "AGENT", "GATE", "DELIVERY"),
    "governance": ("REQUESTS", "POLICIES", "EXCEPTIONS", "CRITERIA", "DELEGATIONS"),
    "maturity": ("LEVELS", "ASSESSMENTS", "GUIDE"),
    "targets": ("TARGETS", "RISKS", "INVENTORY"),
    "people": ("PEOPLE", "STANDING"),
    "keys": ("SIGNING", "KEYS", "SUCCESSION"),
}

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
    for part in _parts():
        for action in part:
            if action.name == name:
                return action
    raise KeyError(name)


def match(words: Sequence[str]) -> tuple[Action | None, int]:
    """The action that a command line's first words name, the longest name winning, and how many words it took."""
    for part in _parts():
        named = {action.name: action for action in part}
        for count in (2, 1):
            action = named.get(" ".join(words[:count])) if len(words) >= count else None
            if action is not None:
                return action, count
    return None, 0


def family(word: str) -> list[Action]:
    """The actions whose name begins with this word: ``artifact`` gives ``artifact list`` and its kin."""
    return [action for part in _parts() for action in part if action.words[0] == word]


def grouped(group: str) -> list[Action]:
    """The actions of a group, in the order of the help."""
    return [action for part in _parts() for action in part if action.group == group]


def in_scope(scope: str) -> list[Action]:
    """The actions whose key works in a place of the dashboard, those that work everywhere included."""
    return [action for part in _parts() for action in part if action.scope in (scope, "everywhere")]


def _parts() -> Iterator[tuple[Action, ...]]:
    """The registry part by part, each imported when it is reached."""
    for name, tuples in _PARTS.items():
        module = import_module(f"{__name__}.{name}")
        yield tuple(action for each in tuples for action in getattr(module, each))


def __getattr__(name: str) -> Any:
    if name == "ACTIONS":
        return tuple(action for part in _parts() for action in part)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
