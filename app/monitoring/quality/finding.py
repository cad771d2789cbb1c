"""What a check found, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["pass", "flag", "quarantine", "block"]
WORST: tuple[Verdict, ...] = ("pass", "flag", "quarantine", "block")
"""From mildest to gravest. *flag*: keep, and say so. *quarantine*: hold the rows back and ask. *block*: do not go on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found.

    Attributes:
        verdict: flag, quarantine or block.
        columns: the series that it concerns.
        first, last: the days that it spans.
        value, threshold: what was measured, and against what.
        message: what it is and what to do, in one line.
    """

    verdict: Verdict
    columns: tuple[str, ...]
    first: str
    last: str
    value: float | None
    threshold: float | None
    message: str

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "verdict": self.verdict,
            "columns": list(self.columns),
            "first": self.first,
            "last": self.last,
            "value": self.value,
            "threshold": self.threshold,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """A check's outcome. ``value`` counts the findings; ``inputs`` says which bytes and which settings it rests on."""

    check: str
    kind: str
    findings: tuple[Finding, ...]
    inputs: dict[str, Any]

    @property
    def verdict(self) -> Verdict:
        """The gravest of the findings' verdicts."""
        return worst(self.findings)

    @property
    def passed(self) -> bool:
        """Whether work may go on with what was checked: flags are kept, and do not stop it."""
        return self.verdict in ("pass", "flag")

    @property
    def value(self) -> float:
        """How many findings there are."""
        return float(len(self.findings))

    def about(self, columns: Iterable[str], since: str = "") -> Result:
        """The same result with only the findings on some columns (or the whole table) that reach to ``since`` or later."""
        wanted = set(columns)
        kept = tuple(
            each for each in self.findings if (not each.columns or wanted & set(each.columns)) and each.last >= since
        )
        return Result(self.check, self.kind, kept, self.inputs)

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "check": self.check,
            "kind": self.kind,
            "passed": self.passed,
            "verdict": self.verdict,
            "value": self.value,
            "threshold": 0.0,
            "findings": [each.document() for each in self.findings],
            "inputs": self.inputs,
        }


def worst(findings: Iterable[Finding]) -> Verdict:
    """The gravest verdict of some findings; ``pass`` where there are none."""
    return max((each.verdict for each in findings), key=WORST.index, default="pass")
