"""Conditions whose answer is plain to see: kinds, texts and truths, and whether something is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def kinds(where: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The kinds that conditions name outright; ``None`` where they name none, or not so."""
    wanted = where.get("kind")
    named = tuple(wanted) if isinstance(wanted, list) else (wanted,)
    plain = all(isinstance(each, str) and not each.startswith("$") and not each.endswith("*") for each in named)
    return named if plain else None


def simple(wanted: Any) -> bool:
    """Whether a condition is that something is there, or that it is a certain text or truth."""
    return isinstance(wanted, bool) or (isinstance(wanted, str) and (wanted == "$present" or wanted[:1] != "$"))


def fits(value: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """Whether simple conditions hold of what an event says."""
    for name, wanted in where.items():
        found = value.get(name)
        if wanted == "$present":
            if found is None or found in ("", [], {}):
                return False
        elif isinstance(wanted, str) and wanted.endswith("*"):
            if not isinstance(found, str) or not found.startswith(wanted[:-1]):
                return False
        elif type(found) is not type(wanted) or found != wanted:
            return False
    return True
