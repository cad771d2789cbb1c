"""Evidence that a model's value-at-risk is exceeded more often than it promises: an e-process that may be looked at daily.

A 99 % value-at-risk is exceeded on one day in a hundred. For an alternative rate q, the likelihood ratio of the days seen is a
product of q/p (exceeded) and (1−q)/(1−p) (not); while the true rate is at most p, each is a supermartingale that starts at 1,
and so is the mean of several. The chance that it *ever* reaches 1/α is then at most α (Ville 1939). The alternatives are the
rates of Basel's yellow and red zones, and a rate ten times the promised one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ledger.errors import InputError

RATES = (2.0, 4.0, 10.0)
"""The alternatives, as multiples of the promised rate."""


@dataclass(frozen=True, slots=True)
class ExceptionProcess:
    """Days and exceptions so far. ``rate``: the promised share of days with an exception, such as 0.01."""

    rate: float
    days: int = 0
    exceptions: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 0.1:
            raise InputError(f"a value-at-risk is exceeded on 0 to 10 % of the days, not on {self.rate!r}")

    @property
    def value(self) -> float:
        """The evidence: 1 at the start, 1/α where the promise is refuted."""
        return math.fsum(self._ratio(min(rate * self.rate, 0.99)) for rate in RATES) / len(RATES)

    def step(self, exceeded: bool) -> ExceptionProcess:
        """After one more day."""
        return replace(self, days=self.days + 1, exceptions=self.exceptions + bool(exceeded))

    def _ratio(self, other: float) -> float:
        hit, calm = math.log(other / self.rate), math.log((1 - other) / (1 - self.rate))
        return math.exp(min(self.exceptions * hit + (self.days - self.exceptions) * calm, 700.0))
