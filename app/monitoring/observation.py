"""What a monitor saw in one window, with everything that the verdict rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["quiet", "breached", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Observation:
    """One look of one monitor.

    Attributes:
        monitor, kind: which rule looked.
        value: the statistic, or ``None`` where it could not be computed.
        threshold: what it is held against.
        verdict: ``breached``, ``quiet``, or ``inconclusive`` where data are missing: missing data never pass.
        n: how many rows the value rests on.
        detail: the parts that the value is made of, and the reason of an inconclusive verdict.
        inputs: digest of the window's values.
    """

    monitor: str
    kind: str
    value: float | None
    threshold: float
    verdict: Verdict
    n: int
    detail: Mapping[str, Any] = field(default_factory=dict)
    inputs: str = ""

    @property
    def breached(self) -> bool:
        """Whether the threshold was passed; an inconclusive look is no breach, and no pass either."""
        return self.verdict == "breached"

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "value": self.value,
            "threshold": self.threshold,
            "verdict": self.verdict,
            "breached": self.breached,
            "n": self.n,
            "detail": dict(self.detail),
            "inputs": self.inputs,
        }
