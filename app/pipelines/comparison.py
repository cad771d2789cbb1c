"""Whether two runs gave the same: every output and every metric, byte for byte or within a tolerance, and where they part."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ledger.events.runs import Difference
from ledger.format.hashes import ManifestEntry
from ledger.lifecycle import Status, one_line
from ledger.store.objects import Objects

_NUMBER = re.compile(rb"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_INEXACT = re.compile(rb"[.eE]")


@dataclass(frozen=True, slots=True)
class Results:
    """What a run gave: how it ended, its outputs' digests and its metrics, by name; ``reason`` why it is not ``ok``."""

    status: Status
    outputs: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str | None = None

    def names(self) -> list[str]:
        """What there is to compare: its outputs, then its metrics."""
        return [*self.outputs, *(f"metric {name}" for name in sorted(self.metrics))]


def differences(objects: Objects, want: Results, got: Results, tolerance: float | None = None) -> list[Difference]:
    """What differs between two results; nothing where they are the same.

    Args:
        objects: where the outputs' bytes are.
        want: what is expected.
        got: what is held against it.
        tolerance: how far numbers may be off, relative or absolute, whichever allows more. It holds for metrics and for
            numbers with a point or an exponent in outputs that are text; all other bytes must be the same.

    Raises:
        LedgerError: bytes that must be looked at are not in the store.
    """
    if want.status != got.status:
        return [Difference("status", want.status, got.status, got.reason or want.reason)]
    found = []
    for name in sorted({*want.outputs, *got.outputs}):
        one, other = want.outputs.get(name), got.outputs.get(name)
        if one == other:
            continue
        where = _part(objects, one, other, tolerance) if one and other else None
        if where is not None or not (one and other):
            found.append(Difference(name, one, other, where))
    for name in sorted({*want.metrics, *got.metrics}):
        first, second = want.metrics.get(name), got.metrics.get(name)
        if first is None or second is None or not _close(first, second, tolerance):
            found.append(Difference(f"metric {name}", _spelled(first), _spelled(second)))
    return found


def _spelled(value: float | None) -> str | None:
    return None if value is None else repr(float(value))


def _close(one: float, other: float, tolerance: float | None) -> bool:
    return one == other or (tolerance is not None and math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance))


def _part(objects: Objects, one: str, other: str, tolerance: float | None) -> str | None:
    """Where two stored objects part, in words; ``None`` where they are the same within the tolerance."""
    if not (objects.is_directory(one) and objects.is_directory(other)):
        return _apart(objects, one, other, tolerance)
    before, after = _by_name(objects, one), _by_name(objects, other)
    for name in sorted({*before, *after}):
        if name not in before or name not in after:
            return one_line(f"{name} is in {'the first' if name in before else 'the second'} alone")
        if before[name].digest == after[name].digest:
            continue
        where = _apart(objects, before[name].digest, after[name].digest, tolerance)
        if where is not None:
            return one_line(f"{name}, {where}")
    return None


def _by_name(objects: Objects, digest: str) -> dict[str, ManifestEntry]:
    return {entry.name: entry for entry in objects.entries(digest)}


def _apart(objects: Objects, one: str, other: str, tolerance: float | None) -> str | None:
    if tolerance is not None and _agree(objects.read(one), objects.read(other), tolerance):
        return None
    for line, (first, second) in enumerate(_lines(objects, one, other), 1):
        if first != second:
            return f"line {line}" if _is_text(first) and _is_text(second) else f"byte {_offset(objects, one, other)}"
    return "their lengths"


def _lines(objects: Objects, one: str, other: str) -> Iterator[tuple[bytes, bytes]]:
    """The lines of two objects side by side, in pieces of bounded size; empty where one has ended."""
    with objects.open(one) as first, objects.open(other) as second:
        while (pair := (first.readline(1 << 20), second.readline(1 << 20))) != (b"", b""):
            yield pair


def _offset(objects: Objects, one: str, other: str) -> int:
    """The first byte at which two objects differ, counted from 0."""
    before = 0
    for first, second in _lines(objects, one, other):
        if first != second:
            shorter = min(len(first), len(second))
            return before + next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), shorter)
        before += len(first)
    return before


def _is_text(line: bytes) -> bool:
    try:
        return "\0" not in line.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _agree(one: bytes, other: bytes, tolerance: float) -> bool:
    """Whether two texts are the same but for numbers with a point or an exponent, and these within the tolerance."""
    if not (_is_text(one) and _is_text(other)):
        return False
    if _NUMBER.split(one) != _NUMBER.split(other):
        return False
    return all(_equal(a, b, tolerance) for a, b in zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=True))


def _equal(one: bytes, other: bytes, tolerance: float) -> bool:
    """Two numbers as written. A whole number is a count, a date's part or a name: it has no tolerance."""
    if one == other:
        return True
    inexact = _INEXACT.search(one) and _INEXACT.search(other)
    return bool(inexact) and _close(float(one), float(other), tolerance)
