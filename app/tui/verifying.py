"""A verification that the audit has begun: how far it is, whether it waits, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

PAUSED_SECONDS = 0.05
"""How often a paused verification asks whether it may go on."""


@dataclass
class Run:
    """A verification under way or done."""

    began: float = field(default_factory=monotonic)
    ended: float = 0.0
    left: bool = False
    paused: bool = False
    failed: str = ""
    stages: dict[str, tuple[int, int]] = field(default_factory=dict)
    document: dict[str, Any] | None = None

    def halted(self) -> bool:
        """Asked by the worker now and then: waits while it is paused; whether it was left."""
        while self.paused and not self.left:
            sleep(PAUSED_SECONDS)
        return self.left

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (self.ended or monotonic()) - self.began
