"""Two JSON-like values against each other, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

MOST = 500
"""Differences that are named; weights of a model may have a million."""

_ABSENT: Any = object()


class Change(NamedTuple):
    """Where two values differ: a path such as ``model.window`` or ``weights[3]``; ``added`` and ``removed`` have one side."""

    path: str
    kind: str
    was: Any
    now: Any

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {"path": self.path, "kind": self.kind, "was": self.was, "now": self.now}


def changes(was: Any, now: Any) -> tuple[list[Change], int]:
    """The first differences in the order of the keys, and how many there are in all."""
    found: list[Change] = []
    count = 0
    for each in _walked("", was, now):
        count += 1
        if len(found) < MOST:
            found.append(each)
    return found, count


def _walked(start: str, before: Any, after: Any) -> Iterator[Change]:
    """Depth first with a stack of its own: a value may be nested deeper than Python's."""
    stack = [(start, before, after)]
    while stack:
        path, was, now = stack.pop()
        if isinstance(was, dict) and isinstance(now, dict):
            keys = sorted({*was, *now}, key=str)
            parts = [(_key(path, key), was.get(key, _ABSENT), now.get(key, _ABSENT)) for key in keys]
        elif isinstance(was, list) and isinstance(now, list):
            longest = max(len(was), len(now))
            parts = [(f"{path}[{n}]", _item(was, n), _item(now, n)) for n in range(longest)]
        else:
            if was is _ABSENT:
                yield Change(path, "added", None, now)
            elif now is _ABSENT:
                yield Change(path, "removed", was, None)
            elif was != now or isinstance(was, bool) is not isinstance(now, bool):
                yield Change(path or "(all of it)", "changed", was, now)
            continue
        stack += reversed(parts)


def _key(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _item(items: list[Any], place: int) -> Any:
    return items[place] if place < len(items) else _ABSENT
