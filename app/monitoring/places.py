"""Where the parts of a declaration's file stand, for errors."""

from __future__ import annotations

from collections.abc import Callable

Place = tuple[str | int, ...]
"""Where a value stands in a file: the keys and indices that lead to it."""
Where = Callable[[Place], str]
"""Gives the file and the line of a place, in words."""


def within(where: Where, *outer: str | int) -> Where:
    """The same for places that are counted from ``outer`` on."""
    return lambda place: where((*outer, *place))
