"""The first four moments of numbers, mergeable: counts, mean and sums of powers of the distances from it.

Batches are joined by Chan, Golub and LeVeque's update as Pébay gives it for higher orders ("Formulas for robust, one-pass
parallel computation of covariances and arbitrary-order statistical moments", SAND2008-6212, equations 2.1 to 2.3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Moments:
    """``count`` numbers around ``mean``; ``second``, ``third``, ``fourth``: the sums of (x − mean) to that power."""

    count: int = 0
    mean: float = 0.0
    second: float = 0.0
    third: float = 0.0
    fourth: float = 0.0

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> Moments:
        """The moments of finite numbers, shape (n,)."""
        if not len(values):
            return cls()
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            apart = values - mean
            squares = apart * apart
            sums = float(squares.sum()), float((squares * apart).sum()), float((squares * squares).sum())
        return cls(len(values), mean, *sums)

    def merge(self, other: Moments) -> Moments:
        """The moments of both together."""
        if not self.count or not other.count:
            return other if not self.count else self
        a, b = float(self.count), float(other.count)
        n = a + b
        apart = other.mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            second = self.second + other.second + _power(apart, 2) * a * b / n
            third = (
                self.third
                + other.third
                + _power(apart, 3) * a * b * (a - b) / n**2
                + 3 * apart * (a * other.second - b * self.second) / n
            )
            fourth = (
                self.fourth
                + other.fourth
                + _power(apart, 4) * a * b * (a * a - a * b + b * b) / n**3
                + 6 * _power(apart, 2) * (a * a * other.second + b * b * self.second) / n**2
                + 4 * apart * (a * other.third - b * self.third) / n
            )
        return Moments(self.count + other.count, self.mean + apart * b / n, second, third, fourth)

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the sample (divided by n − 1); ``None`` of fewer than two, or where it overflows."""
        return _finite(math.sqrt(self.second / (self.count - 1))) if self.count > 1 and self.second >= 0 else None

    @property
    def skewness(self) -> float | None:
        """Third standardised moment of the population; ``None`` where nothing varies."""
        scale = _power(self.second, 1.5)
        return _finite(math.sqrt(self.count) * self.third / scale) if 0 < scale < math.inf else None

    @property
    def kurtosis(self) -> float | None:
        """Fourth standardised moment of the population (3 of a normal distribution); ``None`` where nothing varies."""
        scale = _power(self.second, 2)
        return _finite(self.count * self.fourth / scale) if 0 < scale < math.inf else None

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data; a sum that has overflowed is ``null``."""
        sums = [_finite(each) for each in (self.mean, self.second, self.third, self.fourth)]
        return {"count": self.count, "mean": sums[0], "second": sums[1], "third": sums[2], "fourth": sums[3]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Moments:
        """What ``to_json`` gave. Raises KeyError, TypeError or ValueError where it is none."""
        names = ("mean", "second", "third", "fourth")
        return cls(int(data["count"]), *(math.nan if data[name] is None else float(data[name]) for name in names))


def _power(base: float, exponent: float) -> float:
    """Like ``**``, and infinite where that is too large for a float."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.copysign(math.inf, base if exponent == 3 else 1)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
