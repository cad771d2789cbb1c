"""Feature drift: how far a window of days lies from the reference, feature by feature.

A feature fires when its Kolmogorov-Smirnov distance exceeds the threshold that windows of the reference itself imply; the
monitor alarms when at least a declared share of the *armed* features fires. A feature whose threshold lies at 1 or above
can never fire: it is not armed, and not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.monitoring import calibration, statistics
from app.monitoring.declaration import Declaration
from app.monitoring.observation import Observation, Verdict
from ledger.errors import InputError, Refused

RULE = "drift/ks/1"
SIDES = ("two-sided", "up", "down")
_OPTIONS = ("statistic", "features", "calibration", "share")


@dataclass(frozen=True, slots=True)
class Feature:
    """One monitored feature: the side that counts, its sorted reference and its threshold."""

    name: str
    side: statistics.Side
    reference: statistics.Floats
    threshold: calibration.Threshold


@dataclass(frozen=True, slots=True)
class DriftMonitor:
    """A calibrated drift monitor."""

    declaration: Declaration
    features: tuple[Feature, ...]
    share: float
    reference: str

    @property
    def threshold(self) -> float:
        """The share of armed features at which it alarms."""
        return self.share

    @property
    def armed(self) -> tuple[Feature, ...]:
        """The features whose threshold can be exceeded."""
        return tuple(each for each in self.features if each.threshold.armed)

    def document(self) -> dict[str, Any]:
        """The rule, its thresholds, and the digest of the reference that they come from."""
        return {
            "rule": RULE,
            "threshold": self.share,
            "window": self.declaration.window,
            "reference": self.reference,
            "armed": [each.name for each in self.armed],
            "features": {each.name: {"side": each.side} | each.threshold.document() for each in self.features},
        }

    def observe(self, series: Mapping[str, npt.ArrayLike]) -> Observation:
        """Look at the last days of some series.

        Args:
            series: per feature an array of shape (days,) or (days, units); the last ``window`` days count.

        Raises:
            InputError: a declared feature is not among the series.
        """
        length = self.declaration.window
        windows = {each.name: _last(series, each.name, length, self.declaration) for each in self.features}
        parts: dict[str, Any] = {}
        fired, unknown, constant = [], [], []
        for each in self.features:
            values = windows[each.name]
            if len(values) < length or not np.isfinite(values).all():
                unknown.append(each.name)
                continue
            current = statistics.sample(values)
            distance = statistics.ks(each.reference, current, each.side)
            parts[each.name] = {"statistic": distance, "threshold": each.threshold.value}
            if current[0] == current[-1]:
                constant.append(each.name)
            if each.threshold.armed and distance > each.threshold.value:
                fired.append(each.name)
        verdict, reason = self._verdict(fired, unknown)
        value = None if unknown and verdict == "inconclusive" else len(fired) / len(self.armed)
        detail = {"fired": fired, "armed": len(self.armed), "features": parts}
        detail |= {
            key: found for key, found in (("unknown", unknown), ("constant", constant), ("reason", reason)) if found
        }
        n = max(each.size for each in windows.values())
        inputs = calibration.digest(windows)
        return Observation(self.declaration.monitor, "drift", value, self.share, verdict, n, detail, inputs)

    def _verdict(self, fired: list[str], unknown: list[str]) -> tuple[Verdict, str]:
        if len(fired) >= self.share * len(self.armed):
            return "breached", ""
        if unknown:
            return "inconclusive", f"no complete window of {', '.join(unknown)}"
        return "quiet", ""


def configure(declaration: Declaration, reference: Mapping[str, npt.ArrayLike]) -> DriftMonitor:
    """Calibrate a declared drift monitor on a reference.

    Args:
        declaration: of kind ``drift``, with ``statistic: ks``, ``features`` {name: two-sided | up | down}, ``share`` and
            ``calibration`` (see ``calibration.Rule``).
        reference: per feature an array of shape (days,) or (days, units), days ascending.

    Raises:
        InputError: the declaration is malformed, or the reference lacks a feature.
        Refused: the reference is too short or incomplete, or no threshold could ever be exceeded.
    """
    declaration.only(_OPTIONS)
    if declaration.text("statistic") != "ks":
        raise declaration.error("the statistic of a calibrated drift monitor is ks", "statistic")
    sides = declaration.options.get("features")
    if not isinstance(sides, Mapping) or not sides:
        raise declaration.error("features must be a mapping of names to two-sided, up or down", "features")
    share = declaration.number("share", low=0, high=1)
    rule = calibration.read_rule(declaration.options.get("calibration"), declaration.named("calibration"))
    features = tuple(_feature(declaration, rule, name, side, reference) for name, side in sides.items())
    if not any(each.threshold.armed for each in features):
        listed = ", ".join(f"{each.name} {each.threshold.value:.2f}" for each in features)
        raise Refused(
            f"monitor {declaration.monitor} could never fire: a KS distance cannot exceed 1, and the calibrated threshold "
            f"is {listed}; watch features that vary within {declaration.window} days"
        )
    used = {each.name: np.asarray(reference[each.name], dtype=np.float64) for each in features}
    return DriftMonitor(declaration, features, share, calibration.digest(used))


def _feature(
    declaration: Declaration,
    rule: calibration.Rule,
    name: str,
    side: Any,
    reference: Mapping[str, npt.ArrayLike],
) -> Feature:
    if side not in SIDES:
        raise declaration.error(f"feature {name}: {side!r} is none of {', '.join(SIDES)}", "features")
    if name not in reference:
        raise declaration.error(
            f"the reference has no feature {name}; it has {', '.join(reference) or 'none'}", "features"
        )
    days = np.asarray(reference[name], dtype=np.float64)
    if not days.size or not np.isfinite(days).all():
        raise Refused(f"monitor {declaration.monitor}: the reference of {name} is empty or has gaps")
    whole = statistics.sample(days)
    distances = [
        statistics.ks(whole, np.sort(days[span].reshape(-1)), side)
        for span in rule.spans(len(days), declaration.window)
    ]
    found = calibration.threshold(distances, rule, f"monitor {declaration.monitor}, {name}", limit=1.0)
    return Feature(name, side, whole, found)


def _last(series: Mapping[str, npt.ArrayLike], name: str, length: int, declaration: Declaration) -> statistics.Floats:
    if name not in series:
        raise InputError(f"monitor {declaration.monitor}: there is no series {name}; there are {', '.join(series)}")
    return np.asarray(series[name], dtype=np.float64)[-length:]
