"""Thresholds from the past: how a statistic behaves in windows of the reference says what is unusual.

Rows of the same day depend on each other, and days on the days before; a tail probability for independent rows therefore
alarms in every month. The mean of the statistic over past windows plus three of their standard deviations does not
(``mean + sigmas × deviation``, deviation with the windows' number as its divisor).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ledger.errors import InputError, Refused

LEAST_WINDOWS = 24


@dataclass(frozen=True, slots=True)
class Rule:
    """How thresholds are calibrated.

    ``windows``: ``rolling`` takes every window of the reference, ``separate`` those that do not overlap. ``skip``: days at the
    reference's beginning that no window covers. ``minimum``: fewer windows are refused.
    """

    windows: Literal["rolling", "separate"] = "rolling"
    skip: int = 0
    sigmas: float = 3.0
    minimum: int = LEAST_WINDOWS

    def spans(self, days: int, length: int) -> Iterator[slice]:
        """Where the windows of ``length`` days lie in a reference of ``days`` days."""
        step = 1 if self.windows == "rolling" else length
        for start in range(self.skip, days - length + 1, step):
            yield slice(start, start + length)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A calibrated threshold with what it was made from. ``armed`` says whether the statistic can exceed it at all."""

    value: float
    mean: float
    deviation: float
    windows: int
    limit: float | None
    armed: bool

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "threshold": self.value,
            "mean": self.mean,
            "deviation": self.deviation,
            "windows": self.windows,
            "limit": self.limit,
            "armed": self.armed,
        }


def threshold(statistics: Sequence[float], rule: Rule, what: str, limit: float | None = None) -> Threshold:
    """The threshold that past windows imply.

    Args:
        statistics: the statistic of each past window.
        rule: how many windows there must be, and how far above their mean the threshold lies.
        what: the statistic's name, for errors.
        limit: the highest value that the statistic can take; a threshold at or above it can never be exceeded.

    Raises:
        Refused: there are fewer windows than the rule asks for, or one has no value.
    """
    if len(statistics) < rule.minimum:
        raise Refused(
            f"{what}: {len(statistics)} reference windows are too few to calibrate on, {rule.minimum} are needed; "
            "give a longer reference or a shorter window"
        )
    values = np.asarray(statistics, dtype=np.float64)
    if not np.isfinite(values).all():
        raise Refused(f"{what}: the reference has windows without a value; fill no gaps, choose a complete reference")
    mean, deviation = float(values.mean()), float(values.std())
    value = mean + rule.sigmas * deviation
    return Threshold(value, mean, deviation, len(values), limit, limit is None or value < limit)


def read_rule(value: Any, what: str) -> Rule:
    """A rule as a declaration gives it: a mapping of ``windows``, ``skip``, ``sigmas``, ``minimum``.

    Raises:
        InputError: a key is unknown, or a value is out of range.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{what}: calibration must be a mapping such as {{windows: rolling, sigmas: 3}}")
    unknown = sorted(set(value) - {"windows", "skip", "sigmas", "minimum"})
    if unknown:
        raise InputError(f"{what}: calibration has no {unknown[0]!r}; known are windows, skip, sigmas, minimum")
    rule = Rule(**value)
    numbers = (rule.skip, rule.sigmas, rule.minimum)
    if rule.windows not in ("rolling", "separate"):
        raise InputError(f"{what}: calibration windows are rolling or separate, not {rule.windows!r}")
    if any(isinstance(each, bool) or not isinstance(each, int | float) or not math.isfinite(each) for each in numbers):
        raise InputError(f"{what}: calibration's skip, sigmas and minimum are numbers")
    if type(rule.skip) is not int or type(rule.minimum) is not int:
        raise InputError(f"{what}: calibration's skip and minimum are whole numbers")
    if rule.skip < 0 or rule.sigmas <= 0 or rule.minimum < LEAST_WINDOWS:
        raise InputError(f"{what}: calibration needs skip ≥ 0, sigmas > 0 and minimum ≥ {LEAST_WINDOWS}")
    return rule


def digest(series: Mapping[str, npt.ArrayLike]) -> str:
    """``sha256:…`` of named arrays: names, shapes and little-endian doubles, in the order of the names."""
    found = hashlib.sha256()
    for name in sorted(series):
        array = np.ascontiguousarray(np.asarray(series[name], dtype="<f8"))
        found.update(f"{name}{array.shape}\n".encode())
        found.update(array.tobytes())
    return f"sha256:{found.hexdigest()}"
