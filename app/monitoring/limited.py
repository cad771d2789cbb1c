"""Latency, cost and freshness: a statistic of the newest days held against a limit, declared or calibrated.

Latency is a point of all answers' times (p50, p95 or p99), cost the mean of all answers, freshness the age of the newest
data. A limit is a number that somebody promised; where nobody did, windows of the reference say what is usual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.monitoring import calibration
from app.monitoring.declaration import Declaration
from app.monitoring.observation import Observation, Verdict
from ledger.errors import Refused

RULE = "limit/window-statistic/1"
Floats = npt.NDArray[np.float64]
STATISTICS: dict[str, dict[str, Callable[[Floats], float]]] = {
    "latency": {
        "p50": lambda values: float(np.quantile(values, 0.5)),
        "p95": lambda values: float(np.quantile(values, 0.95)),
        "p99": lambda values: float(np.quantile(values, 0.99)),
    },
    "cost": {"mean": lambda values: float(values.mean()), "total": lambda values: float(values.sum())},
    "freshness": {"age": lambda values: float(values.max())},
}
"""The statistics of each kind; the first is used where none is declared, of latencies p95."""
_USUAL = {"latency": "p95", "cost": "mean", "freshness": "age"}
_OPTIONS = ("series", "statistic", "limit", "calibration")


@dataclass(frozen=True, slots=True)
class LimitMonitor:
    """Alarms where the statistic of the window lies above the limit."""

    declaration: Declaration
    series: str
    statistic: str
    limit: float
    calibrated: calibration.Threshold | None
    reference: str

    @property
    def threshold(self) -> float:
        """The limit."""
        return self.limit

    def document(self) -> dict[str, Any]:
        """The rule, its statistic and its limit, with what that was calibrated on."""
        found: dict[str, Any] = {
            "rule": RULE,
            "series": self.series,
            "statistic": self.statistic,
            "window": self.declaration.window,
            "threshold": self.limit,
        }
        if self.calibrated is not None:
            found |= {"reference": self.reference, **self.calibrated.document()}
        return found

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Look at the last days of the declared series, shape (days,) or (days, answers), NaN where nothing was measured.

        Days without any measurement make the look inconclusive, unless what there is breaks the limit already.

        Raises:
            InputError: the series is not given.
        """
        name, kind = self.declaration.monitor, self.declaration.kind
        last = _last(self.declaration, self.series, series)
        inputs = calibration.digest({self.series: last})
        known = last[np.isfinite(last)]
        if np.isinf(last).any():
            detail = {"reason": "a measurement is infinite"}
            return Observation(name, kind, None, self.limit, "inconclusive", known.size, detail, inputs)
        days = int(np.isfinite(last).any(axis=1).sum()) if last.size else 0
        if not known.size:
            detail = {"reason": f"nothing was measured in {self.declaration.window} days"}
            return Observation(name, kind, None, self.limit, "inconclusive", 0, detail, inputs)
        value = STATISTICS[kind][self.statistic](known)
        detail_: dict[str, Any] = {each: measure(known) for each, measure in STATISTICS[kind].items()} | {"days": days}
        verdict: Verdict = "breached" if value > self.limit else "quiet"
        if verdict == "quiet" and days < self.declaration.window:
            verdict = "inconclusive"
            detail_ |= {"reason": f"{days} of {self.declaration.window} days were measured"}
        return Observation(name, kind, value, self.limit, verdict, known.size, detail_, inputs)


def configure(declaration: Declaration, reference: Mapping[str, npt.ArrayLike]) -> LimitMonitor:
    """Set up a declared monitor of latency, cost or freshness.

    Args:
        declaration: with ``series``, perhaps ``statistic``, and either ``limit`` or ``calibration`` (see
            ``calibration.Rule``).
        reference: the declared series over the reference's days, where it is to be calibrated.

    Raises:
        InputError: the declaration is malformed, or the reference lacks the series.
        Refused: the reference has too few windows to calibrate on.
    """
    declaration.only(_OPTIONS)
    name = declaration.text("series")
    known = STATISTICS[declaration.kind]
    statistic = declaration.options.get("statistic", _USUAL[declaration.kind])
    if statistic not in known:
        raise declaration.error(f"statistic is one of {', '.join(known)}, not {statistic!r}", "statistic")
    if "limit" in declaration.options:
        if "calibration" in declaration.options:
            raise declaration.error("it has a limit or a calibration, not both")
        limit = declaration.number("limit", low=0, high=1e15)
        return LimitMonitor(declaration, name, statistic, limit, None, "")
    rule = calibration.read_rule(declaration.options.get("calibration"), declaration.named("calibration"))
    if name not in reference:
        raise declaration.error(
            f"the reference has no series {name} to calibrate on; declare a limit instead", "calibration"
        )
    days = _table(reference[name])
    days = days[np.isfinite(days).all(axis=1)]
    if not len(days):
        raise Refused(f"monitor {declaration.monitor}: the reference has no complete day of {name}")
    seen = [known[statistic](days[span].reshape(-1)) for span in rule.spans(len(days), declaration.window)]
    found = calibration.threshold(seen, rule, f"monitor {declaration.monitor}")
    return LimitMonitor(declaration, name, statistic, found.value, found, calibration.digest({name: days}))


def _last(declaration: Declaration, name: str, series: Mapping[str, npt.ArrayLike]) -> Floats:
    if name not in series:
        raise declaration.error(f"there is no series {name}; there are {', '.join(series) or 'none'}")
    return _table(series[name])[-declaration.window :]


def _table(values: npt.ArrayLike) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    return found.reshape(len(found), -1) if found.size else np.empty((0, 1))
