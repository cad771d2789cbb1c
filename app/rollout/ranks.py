"""The rank-sum test turned into an interval: by how much one sample lies above another (Hodges & Lehmann 1963).

The interval holds every shift that the test would not reject, in the normal approximation with corrections for ties and for
continuity: what R's ``wilcox.test(conf.int = TRUE, exact = FALSE)`` computes, and Kayenta after it. The ends are found by
Brent's method within 1e-4, as both do; so samples on a much smaller scale than that have rough ends there and here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
TOLERANCE = 1e-4
_MOST_STEPS = 1001
_EPSILON = 2.220446049250313e-16


def shift(experiment: Floats, control: Floats, confidence: float) -> tuple[float, float, float]:
    """How far the experiment lies above the control: lower end, upper end, estimate.

    Raises:
        ValueError: all observations are tied, so that no interval can be computed.
    """
    y = np.sort(control)
    low, high = float(experiment.min() - y[-1]), float(experiment.max() - y[0])

    def statistic(mu: float, quantile: float) -> float:
        return standardised(experiment - mu, y) - quantile

    def root(quantile: float) -> float:
        at_low, at_high = statistic(low, quantile), statistic(high, quantile)
        if at_low <= 0:
            return low
        if at_high >= 0:
            return high
        return zero(lambda mu: statistic(mu, quantile), low, high, at_low, at_high)

    quantile = NormalDist().inv_cdf((1 - confidence) / 2)
    ends = root(-quantile), root(quantile)
    estimate = zero(lambda mu: statistic(mu, 0.0), low, high, statistic(low, 0.0), statistic(high, 0.0))
    return ends[0], ends[1], estimate


def standardised(x: Floats, y: Floats) -> float:
    """The rank-sum statistic of ``x`` against sorted ``y``, less its mean, corrected for continuity, in its deviations.

    Raises:
        ValueError: all observations are tied.
    """
    n, m = len(x), len(y)
    below = np.searchsorted(y, x, side="left")
    within = np.searchsorted(y, x, side="right")
    centred = float((below + within).sum()) / 2 - n * m / 2
    counts = np.unique(np.concatenate([x, y]), return_counts=True)[1].astype(np.float64)
    ties = float((counts**3 - counts).sum()) / ((n + m) * (n + m - 1))
    variance = n * m / 12 * (n + m + 1 - ties)
    if variance <= 0:
        raise ValueError("all observations are tied")
    return (centred - math.copysign(0.5, centred) * (centred != 0)) / math.sqrt(variance)


def common_language(experiment: Floats, control: Floats) -> float:
    """The share of pairs in which the experiment lies above the control, ties counting half (Vargha & Delaney 2000)."""
    y = np.sort(control)
    above = np.searchsorted(y, experiment, side="left") + np.searchsorted(y, experiment, side="right")
    return float(above.sum()) / (2 * len(experiment) * len(control))


def zero(function: Callable[[float], float], low: float, high: float, at_low: float, at_high: float) -> float:
    """Where a function crosses zero between two points at which its signs differ (Brent 1973, chapter 4), within 1e-4."""
    a, b, c, at_a, at_b, at_c = low, high, low, at_low, at_high, at_low
    if at_a == 0:
        return a
    if at_b == 0:
        return b
    for _ in range(_MOST_STEPS):
        before = b - a
        if abs(at_c) < abs(at_b):
            a, b, c, at_a, at_b, at_c = b, c, b, at_b, at_c, at_b
        least = 2 * _EPSILON * abs(b) + TOLERANCE / 2
        step = (c - b) / 2
        if abs(step) <= least or at_b == 0:
            return b
        if abs(before) >= least and abs(at_a) > abs(at_b):
            step = _interpolated(a, b, c, at_a, at_b, at_c, before, step, least)
        a, at_a = b, at_b
        b += step if abs(step) >= least else math.copysign(least, step)
        at_b = function(b)
        if (at_b > 0) == (at_c > 0) and at_b != 0 and at_c != 0:
            c, at_c = a, at_a
    return b


def _interpolated(
    a: float, b: float, c: float, at_a: float, at_b: float, at_c: float, before: float, half: float, least: float
) -> float:
    """Brent's step by interpolation where it stays inside and shrinks fast enough, else the bisection's."""
    across = c - b
    if a == c:
        ratio = at_b / at_a
        p, q = across * ratio, 1 - ratio
    else:
        first, second, third = at_a / at_c, at_b / at_c, at_b / at_a
        p = third * (across * first * (first - second) - (b - a) * (second - 1))
        q = (first - 1) * (second - 1) * (third - 1)
    q = -q if p > 0 else q
    p = abs(p)
    inside = p < 0.75 * across * q - abs(least * q) / 2 and p < abs(before * q / 2)
    return p / q if inside else half
