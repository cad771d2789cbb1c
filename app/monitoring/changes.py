"""Change in the level of a loss: Page's and Hinkley's test on the days' mean loss, in deviations of the reference.

With x the standardised loss, m the running mean of all x so far, and S ← αS + (x − m − δ), the statistic is S less its smallest
value so far (Page 1954, Hinkley 1971; as ``river`` computes it). A lasting rise lets it grow without bound; δ is the drift that
is borne each day. It remembers the whole window, so that a slow rise is seen that a mean of the last days hides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.monitoring import calibration
from app.monitoring.declaration import Declaration
from app.monitoring.observation import Observation, Verdict
from app.monitoring.performance import closed
from ledger.errors import Refused

RULE = "change/page-hinkley/1"
LEAST = 30
"""Days before the test says anything, of the window and of the reference."""
FORGETTING = 0.9999
_OPTIONS = ("series", "delta", "limit")
Floats = npt.NDArray[np.float64]


def page_hinkley(values: npt.ArrayLike, delta: float) -> tuple[Floats, Floats]:
    """The statistics of each step, towards a rise and towards a fall, shape as of ``values`` (steps,)."""
    up, down = [], []
    mean = rise = fall = 0.0
    least = most = 0.0
    for number, value in enumerate(np.asarray(values, dtype=np.float64).tolist(), start=1):
        mean += (value - mean) / number
        rise = FORGETTING * rise + value - mean - delta
        fall = FORGETTING * fall + value - mean + delta
        least, most = (rise, fall) if number == 1 else (min(least, rise), max(most, fall))
        up.append(rise - least)
        down.append(most - fall)
    return np.array(up), np.array(down)


@dataclass(frozen=True, slots=True)
class ChangeMonitor:
    """Alarms where the loss has risen for so long that the statistic is above the limit."""

    declaration: Declaration
    series: str
    delta: float
    limit: float
    mean: float
    deviation: float
    reference: str

    @property
    def threshold(self) -> float:
        """What the statistic is held against."""
        return self.limit

    def document(self) -> dict[str, Any]:
        """The rule, its settings, and what the loss is standardised by."""
        return {
            "rule": RULE,
            "series": self.series,
            "window": self.declaration.window,
            "delta": self.delta,
            "threshold": self.limit,
            "mean": self.mean,
            "deviation": self.deviation,
            "reference": self.reference,
        }

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Look at the closed days of the window; an open label is no day.

        Raises:
            InputError: the series is not given.
        """
        days = closed(self.declaration, self.series, series)[-self.declaration.window :]
        inputs = calibration.digest({self.series: days})
        name = self.declaration.monitor
        if len(days) < LEAST:
            detail = {"reason": f"{len(days)} days have closed labels; {LEAST} are needed"}
            return Observation(name, "change", None, self.limit, "inconclusive", days.size, detail, inputs)
        standard = (days.mean(axis=1) - self.mean) / self.deviation
        value = float(page_hinkley(standard, self.delta)[0][-1])
        verdict: Verdict = "breached" if value > self.limit else "quiet"
        return Observation(name, "change", value, self.limit, verdict, days.size, {"days": len(days)}, inputs)


def configure(declaration: Declaration, reference: Mapping[str, npt.ArrayLike]) -> ChangeMonitor:
    """Set up a declared change monitor.

    Args:
        declaration: of kind ``change``, with ``series``, and perhaps ``delta`` (1) and ``limit`` (20), in deviations.
        reference: the declared series over the reference's days.

    Raises:
        InputError: the declaration is malformed, or the reference lacks the series.
        Refused: the window or the reference is too short, or the reference does not vary.
    """
    declaration.only(_OPTIONS)
    name = declaration.text("series")
    days = closed(declaration, name, reference)
    if len(days) < LEAST or declaration.window < LEAST:
        raise Refused(f"monitor {declaration.monitor}: window and reference need {LEAST} closed days at least")
    daily = days.mean(axis=1)
    deviation = float(daily.std())
    if deviation <= 0:
        raise Refused(f"monitor {declaration.monitor}: the reference of {name} never varies")
    delta = declaration.number("delta", low=0, high=100, default=1.0)
    limit = declaration.number("limit", low=0, high=1e6, default=20.0)
    return ChangeMonitor(
        declaration, name, delta, limit, float(daily.mean()), deviation, calibration.digest({name: days})
    )
