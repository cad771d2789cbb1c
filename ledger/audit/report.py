"""What a verification says: findings, each of one kind at one place, and what was checked (FORMAT §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

KINDS = {
    "edited": "stored bytes no longer give the hash that is stored or that the next event or the tree fixes",
    "missing": "rows were removed",
    "reordered": "an event's own place or predecessor does not fit where it stands",
    "truncated": "the log is shorter than it was",
    "rewritten": "the log is consistent in itself, but not the one that a checkpoint was signed for",
    "forked": "two validly signed checkpoints that no one log can satisfy",
    "columns": "an indexed column differs from the event's bytes",
    "tree": "a stored inner node differs from the recomputed one",
    "projections": "a projection's rows differ from what the events give",
    "schema": "a table, an index or a guard differs from the expected one",
    "signature": "a signature fails, or its key was not valid there",
    "clock": "time runs backwards, or a decision lies outside the bounds that its checkpoint sets",
    "malformed": "not in the form that the format prescribes",
    "rule": "the history breaks a rule that was in force",
    "damaged": "the file cannot be read there",
}
"""Every kind of finding, in words."""


CHAINED_ANEW = "was changed and what follows chained anew"
"""What is said of an event from which on the stored tree speaks of other events."""


class Finding(NamedTuple):
    """One thing that is wrong. ``seq`` is the event that FORMAT §6 names for the kind, or ``None``."""

    kind: str
    seq: int | None
    detail: str

    def document(self) -> dict[str, Any]:
        """The finding as JSON data."""
        return {"kind": self.kind, "seq": self.seq, "detail": self.detail}


class Report:
    """What a verification found. ``root`` and ``head`` are in hex.

    ``incomplete`` lists what is known to be unrecorded, ``unchecked`` what nothing can be said of, or was not looked at.
    """

    def __init__(
        self,
        origin: str = "",
        size: int = 0,
        root: str = "",
        head: str = "",
        checked: Mapping[str, int] | None = None,
        findings: Iterable[Finding] = (),
        incomplete: Iterable[str] = (),
        unchecked: Iterable[str] = (),
    ) -> None:
        self.origin = origin
        self.size = size
        self.root = root
        self.head = head
        self.checked = dict(checked or {})
        self.findings = list(findings)
        self.incomplete = list(incomplete)
        self.unchecked = list(unchecked)

    @property
    def ok(self) -> bool:
        """Whether the record is intact: nothing was found."""
        return not self.findings

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be unrecorded; apart from being intact."""
        return not self.incomplete

    def document(self) -> dict[str, Any]:
        """The report in the shape of ``assay verify --json``."""
        return {
            "ok": self.ok,
            "size": self.size,
            "root": self.root,
            "head": self.head,
            "origin": self.origin,
            "checked": dict(self.checked),
            "findings": [each.document() for each in self.findings],
            "complete": self.complete,
            "incomplete": list(self.incomplete),
            "unchecked": list(self.unchecked),
        }


def unexplained(findings: Sequence[Finding], report: Report) -> list[Finding]:
    """Findings on what events mean that do not follow from what is told already.

    Rows of events beyond the log's end are what is left of those that are gone; what means nothing has none. Where
    the tree tells of one of two events that it was changed, what the bytes of one of them mean tells of which.
    """
    malformed = {each.seq for each in report.findings if each.kind == "malformed"}
    columns = {each.seq for each in report.findings if each.kind == "columns"}
    misshapen = malformed | {each.seq for each in findings if each.kind == "malformed"}
    end = min((each.seq or 0 for each in report.findings if each.kind == "truncated"), default=None)
    left: list[Finding] = []
    for each in findings:
        if (each.kind == "malformed" and each.seq in malformed) or (each.kind == "columns" and each.seq in columns):
            continue
        if each.kind == "projections" and (each.seq in misshapen or (end is not None and (each.seq or 0) >= end)):
            continue
        left.append(each)
    for n, history in enumerate(report.findings):
        pair = () if history.seq is None or CHAINED_ANEW not in history.detail else (history.seq, history.seq + 1)
        told = [each for each in left if each.seq in pair]
        if told:
            seq = min(each.seq or 0 for each in told)
            report.findings[n] = Finding("edited", seq, f"{history.detail}; {'; '.join(each.detail for each in told)}")
            left = [each for each in left if each not in told]
    return left


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Without repetitions, in the order of their places; what concerns the whole file comes last."""
    unique = list(dict.fromkeys(findings))
    return sorted(unique, key=lambda each: (each.seq is None, each.seq or 0))
