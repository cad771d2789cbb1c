"""Forecast bias: the mean log error of the last days, held against how it wandered within the reference."""

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

RULE = "performance/mean-log-error/1"
_OPTIONS = ("series", "calibration")


@dataclass(frozen=True, slots=True)
class PerformanceMonitor:
    """A calibrated bias monitor. It alarms when the mean log error exceeds the threshold: forecasts that are too low."""

    declaration: Declaration
    series: str
    limit: calibration.Threshold
    reference: str

    @property
    def threshold(self) -> float:
        """The mean log error above which it alarms."""
        return self.limit.value

    def document(self) -> dict[str, Any]:
        """The rule, its threshold, and the digest of the reference that it comes from."""
        return {
            "rule": RULE,
            "series": self.series,
            "window": self.declaration.window,
            "reference": self.reference,
        } | self.limit.document()

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Look at the last days whose labels have closed.

        Args:
            series: the declared series, shape (days,) or (days, units), NaN where a label is open: such days are not
                counted, and never taken for zero.

        Raises:
            InputError: the series is not given.
        """
        days = closed(self.declaration, self.series, series)
        length = self.declaration.window
        last = days[-length:]
        inputs = calibration.digest({self.series: last})
        name = self.declaration.monitor
        if len(last) < length:
            detail = {"reason": f"{len(last)} of {length} days have closed labels"}
            return Observation(name, "performance", None, self.threshold, "inconclusive", last.size, detail, inputs)
        value = float(last.mean())
        verdict: Verdict = "breached" if value > self.threshold else "quiet"
        return Observation(name, "performance", value, self.threshold, verdict, last.size, {"days": len(last)}, inputs)


def configure(declaration: Declaration, reference: Mapping[str, npt.ArrayLike]) -> PerformanceMonitor:
    """Calibrate a declared bias monitor on the errors of a reference.

    Args:
        declaration: of kind ``performance``, with ``series`` and ``calibration``.
        reference: the declared series over the reference's days.

    Raises:
        InputError: the declaration is malformed, or the reference lacks the series.
        Refused: the reference has too few windows of closed labels.
    """
    declaration.only(_OPTIONS)
    name = declaration.text("series")
    rule = calibration.read_rule(declaration.options.get("calibration"), declaration.named("calibration"))
    days = closed(declaration, name, reference)
    if not len(days):
        raise Refused(f"monitor {declaration.monitor}: no label of the reference's {name} has closed")
    means = [float(days[span].mean()) for span in rule.spans(len(days), declaration.window)]
    limit = calibration.threshold(means, rule, f"monitor {declaration.monitor}")
    return PerformanceMonitor(declaration, name, limit, calibration.digest({name: days}))


def closed(declaration: Declaration, name: str, series: Mapping[str, npt.ArrayLike]) -> npt.NDArray[np.float64]:
    """The days of a series on which every unit has a finite value, shape (days, units).

    Raises:
        InputError: the series is not given.
    """
    if name not in series:
        raise declaration.error(f"there is no series {name}; there are {', '.join(series) or 'none'}")
    values = np.asarray(series[name], dtype=np.float64)
    table = values.reshape(len(values), -1) if values.size else np.empty((0, 1))
    return table[np.isfinite(table).all(axis=1)]
