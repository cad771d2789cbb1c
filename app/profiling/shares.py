"""The most frequent values and their counts, mergeable, in bounded memory.

Misra and Gries' summary (1982), merged as Agarwal et al. show ("Mergeable summaries", 2012): of more values than fit, the
count of the first that does not fit is taken from all. A count is never too high, and too low by ``error`` at most.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

CAPACITY = 1024
"""Values kept: while they are no more, all counts are exact; beyond, ``error`` is at most a 1025th of the rows."""

LONGEST = 80
"""Characters of a value that is kept as it is; a longer one is shortened, with a digest of the whole."""


class Shares:
    """Counts by value. ``error``: how many rows of any value may be missing from its count; 0 says that all are exact."""

    __slots__ = ("counts", "error", "total")

    def __init__(self, counts: dict[str, int] | None = None, error: int = 0, total: int | None = None) -> None:
        self.counts = counts or {}
        self.error = error
        self.total = sum(self.counts.values()) if total is None else total

    def with_counts(self, counts: Iterable[tuple[str, int]]) -> Shares:
        """These as well."""
        made = dict(self.counts)
        total = self.total
        for value, count in counts:
            key = shortened(value)
            made[key] = made.get(key, 0) + count
            total += count
        return _trimmed(made, self.error, total)

    def merge(self, other: Shares) -> Shares:
        """Of both together."""
        made = dict(self.counts)
        for value, count in other.counts.items():
            made[value] = made.get(value, 0) + count
        return _trimmed(made, self.error + other.error, self.total + other.total)

    def top(self, count: int = 10) -> list[tuple[str, int]]:
        """The most frequent, the most frequent first, equal ones by name."""
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:count]

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {"total": self.total, "error": self.error, "counts": dict(sorted(self.counts.items()))}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Shares:
        """What ``to_json`` gave. Raises KeyError, TypeError or ValueError where it is none."""
        counts = {str(name): int(count) for name, count in data["counts"].items()}
        return cls(counts, int(data["error"]), int(data["total"]))


def shortened(value: str) -> str:
    """A value as it is kept."""
    if len(value) <= LONGEST:
        return value
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{value[: LONGEST - 10]}…{digest[:8]}"


def _trimmed(counts: dict[str, int], error: int, total: int) -> Shares:
    if len(counts) <= CAPACITY:
        return Shares(counts, error, total)
    least = sorted(counts.values(), reverse=True)[CAPACITY]
    kept = {value: count - least for value, count in counts.items() if count > least}
    return Shares(kept, error + least, total)
