"""Data quality and parity: the share of values that are missing, out of range, or unlike what they should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.monitoring import calibration
from app.monitoring.declaration import Declaration
from app.monitoring.observation import Observation, Verdict

QUALITY_RULE = "quality/bad-share/1"
PARITY_RULE = "parity/mismatch-share/1"
_QUALITY = ("series", "limit", "low", "high")
_PARITY = ("pairs", "limit", "tolerance")
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QualityMonitor:
    """Alarms where more than a share of a series' values is missing, infinite or outside its range."""

    declaration: Declaration
    series: tuple[str, ...]
    limit: float
    low: float
    high: float

    @property
    def threshold(self) -> float:
        """The share of bad values that is borne."""
        return self.limit

    def document(self) -> dict[str, Any]:
        """The rule and its limits."""
        return {
            "rule": QUALITY_RULE,
            "series": list(self.series),
            "window": self.declaration.window,
            "threshold": self.limit,
            "low": None if np.isinf(self.low) else self.low,
            "high": None if np.isinf(self.high) else self.high,
        }

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Look at the last days of every declared series; the worst counts, and a series that is absent is wholly bad."""
        windows = {each: np.asarray(series.get(each, np.empty(0)), dtype=np.float64) for each in self.series}
        windows = {each: values[-self.declaration.window :] for each, values in windows.items()}
        parts: dict[str, Any] = {}
        for name, values in windows.items():
            missing = float(1 - np.isfinite(values).mean()) if values.size else 1.0
            outside = float(((values < self.low) | (values > self.high)).mean()) if values.size else 0.0
            parts[name] = {"missing": missing, "outside": outside}
        inputs = calibration.digest(windows)
        name = self.declaration.monitor
        rows = max((each.size for each in windows.values()), default=0)
        if not rows:
            detail = {"reason": "there is no row", "series": parts}
            return Observation(name, "quality", None, self.limit, "inconclusive", 0, detail, inputs)
        value = max(each["missing"] + each["outside"] for each in parts.values())
        verdict: Verdict = "breached" if value > self.limit else "quiet"
        bad = {key: each for key, each in parts.items() if each["missing"] or each["outside"]}
        return Observation(name, "quality", value, self.limit, verdict, rows, {"series": bad}, inputs)


@dataclass(frozen=True, slots=True)
class ParityMonitor:
    """Alarms where more than a share of the served values differs from what the feature view gives."""

    declaration: Declaration
    pairs: Mapping[str, str]
    limit: float
    tolerance: float

    @property
    def threshold(self) -> float:
        """The share of values that may differ."""
        return self.limit

    def document(self) -> dict[str, Any]:
        """The rule and its limits."""
        return {
            "rule": PARITY_RULE,
            "pairs": dict(self.pairs),
            "window": self.declaration.window,
            "threshold": self.limit,
            "tolerance": self.tolerance,
        }

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Hold each served series against the expected one, over the last days; unknown is not equal.

        Raises:
            InputError: a series is not given.
        """
        for name in (*self.pairs, *self.pairs.values()):
            if name not in series:
                raise self.declaration.error(f"there is no series {name}; there are {', '.join(series) or 'none'}")
        length = self.declaration.window
        windows = {
            name: np.asarray(series[name], dtype=np.float64)[-length:]
            for name in dict.fromkeys((*self.pairs, *self.pairs.values()))
        }
        inputs = calibration.digest(windows)
        name = self.declaration.monitor
        rows = max(each.size for each in windows.values())
        if not rows:
            detail: dict[str, Any] = {"reason": "there is no row"}
            return Observation(name, "parity", None, self.limit, "inconclusive", 0, detail, inputs)
        wrong = {each: self._differing(windows[each], windows[other]) for each, other in self.pairs.items()}
        value = max(wrong.values())
        verdict: Verdict = "breached" if value > self.limit else "quiet"
        detail = {"mismatch": {each: share for each, share in wrong.items() if share}}
        return Observation(name, "parity", value, self.limit, verdict, rows, detail, inputs)

    def _differing(self, expected: Floats, served: Floats) -> float:
        if expected.shape != served.shape or not expected.size:
            return 1.0
        return float(1 - np.isclose(served, expected, rtol=self.tolerance, atol=self.tolerance).mean())


def configure(declaration: Declaration, reference: Mapping[str, npt.ArrayLike]) -> QualityMonitor | ParityMonitor:
    """Set up a declared monitor of data quality or parity; neither needs a reference.

    Args:
        declaration: of quality, with ``series`` [name, …], ``limit`` and perhaps ``low`` and ``high``; of parity, with
            ``pairs`` {expected: served}, ``limit`` and perhaps ``tolerance``.
        reference: not used; every kind is configured alike.

    Raises:
        InputError: the declaration is malformed.
    """
    limit = _share(declaration)
    if declaration.kind == "parity":
        declaration.only(_PARITY)
        pairs = declaration.options.get("pairs")
        if not isinstance(pairs, Mapping) or not pairs or not all(isinstance(each, str) for each in pairs.values()):
            raise declaration.error("pairs must map each expected series to the one that was served", "pairs")
        tolerance = declaration.number("tolerance", low=0, high=1, default=1e-9)
        return ParityMonitor(declaration, {str(key): str(each) for key, each in pairs.items()}, limit, tolerance)
    declaration.only(_QUALITY)
    names = declaration.options.get("series")
    if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        raise declaration.error("series must list the names of the series whose values are looked at", "series")
    low, high = (
        declaration.number(key, low=-1e300, high=1e300) if key in declaration.options else unbounded
        for key, unbounded in (("low", -np.inf), ("high", np.inf))
    )
    if low >= high:
        raise declaration.error(
            f"low must lie below high, not {low:g} and {high:g}: every value would be outside", "low"
        )
    return QualityMonitor(declaration, tuple(names), limit, float(low), float(high))


def _share(declaration: Declaration) -> float:
    """The declared limit: a share from 0 to below 1, since a limit of 1 could never be exceeded."""
    value = declaration.options.get("limit")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise declaration.error(
            f"limit is a share from 0 to below 1, not {value!r}: it could never be exceeded", "limit"
        )
    return float(value)
