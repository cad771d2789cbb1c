"""The Basel traffic light: how often a 99 % value-at-risk was exceeded in 250 days (Basel Committee 1996, table 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.monitoring import calibration
from app.monitoring.declaration import Declaration
from app.monitoring.observation import Observation, Verdict
from ledger.errors import Refused

RULE = "basel/exceptions/1"
DAYS = 250
LEVEL = 0.99
ZONES = {"green": 0, "yellow": 5, "red": 10}
"""The fewest exceptions of each zone."""
PLUS = (0.0, 0.0, 0.0, 0.0, 0.0, 0.40, 0.50, 0.65, 0.75, 0.85, 1.0)
"""Increase of the capital multiplier by exceptions; the last holds from ten on."""
_OPTIONS = ("series", "level", "zone")


def zone(exceptions: int) -> str:
    """The zone of a number of exceptions."""
    return "red" if exceptions >= ZONES["red"] else "yellow" if exceptions >= ZONES["yellow"] else "green"


def plus(exceptions: int) -> float:
    """What the exceptions add to the capital multiplier."""
    return PLUS[min(exceptions, len(PLUS) - 1)]


@dataclass(frozen=True, slots=True)
class BaselMonitor:
    """Counts exceptions, and alarms in the declared zone or a worse one."""

    declaration: Declaration
    series: str
    level: float
    zone: str

    @property
    def threshold(self) -> float:
        """The number of exceptions at which it alarms."""
        return float(ZONES[self.zone])

    def document(self) -> dict[str, Any]:
        """The rule and what it counts."""
        return {
            "rule": RULE,
            "series": self.series,
            "window": self.declaration.window,
            "level": self.level,
            "zone": self.zone,
            "threshold": self.threshold,
        }

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Count the exceptions of the last 250 days.

        Args:
            series: the declared series, shape (days,): 1 on a day with an exception, 0 on one without, NaN unknown.

        With fewer days than the window, enough exceptions are a breach; too few are inconclusive, not a pass.

        Raises:
            InputError: the series is not given.
        """
        if self.series not in series:
            raise self.declaration.error(f"there is no series {self.series}; there are {', '.join(series) or 'none'}")
        last = np.asarray(series[self.series], dtype=np.float64).reshape(-1)[-self.declaration.window :]
        known = last[np.isfinite(last)]
        count = int((known > 0).sum())
        verdict: Verdict = "breached" if count >= self.threshold else "quiet"
        detail: dict[str, Any] = {"exceptions": count, "days": len(known), "zone": zone(count), "plus": plus(count)}
        if verdict == "quiet" and len(known) < self.declaration.window:
            verdict = "inconclusive"
            detail["reason"] = f"{len(known)} of {self.declaration.window} days are known"
        inputs = calibration.digest({self.series: last})
        return Observation(
            self.declaration.monitor,
            self.declaration.kind,
            float(count),
            self.threshold,
            verdict,
            len(known),
            detail,
            inputs,
        )


def configure(declaration: Declaration, reference: Mapping[str, npt.ArrayLike]) -> BaselMonitor:
    """Set up a declared exception counter; its zones are the Basel Committee's and need no reference.

    Args:
        declaration: of kind ``business`` (or ``basel``), with ``series``, ``level`` and ``zone`` (yellow or red).
        reference: not used; every kind is configured alike.

    Raises:
        InputError: the declaration is malformed.
        Refused: the table does not hold for the declared window or level.
    """
    declaration.only(_OPTIONS)
    level = declaration.number("level", low=0, high=1)
    zone_name = declaration.text("zone")
    if zone_name not in ("yellow", "red"):
        raise declaration.error(f"zone is yellow or red, not {zone_name!r}", "zone")
    if declaration.window != DAYS or level != LEVEL:
        raise Refused(
            f"monitor {declaration.monitor}: the zones hold for a {LEVEL:.0%} value-at-risk over {DAYS} days, "
            f"not {level:g} over {declaration.window}"
        )
    return BaselMonitor(declaration, declaration.text("series"), level, zone_name)
