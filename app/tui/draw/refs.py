"""References as people read them where the column tells the rest."""

from __future__ import annotations


def short(ref: str) -> str:
    """``fx-vol v3`` of ``model/fx-hedging/fx-vol@3``; other references without their kind."""
    base, _, version = ref.rpartition("/")[2].rpartition("@")
    return f"{base} v{version}" if base else ref.partition("/")[2] or ref


def before(ref: str) -> str:
    """The version before a version; empty where it is the first, or no version."""
    base, _, version = ref.rpartition("@")
    return f"{base}@{int(version) - 1}" if base and version.isdecimal() and int(version) > 1 else ""
