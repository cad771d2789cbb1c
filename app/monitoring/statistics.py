"""Distances between a reference sample and a current one, exactly and with one sort of each.

Definitions are those of the papers named below. Every function takes finite numbers only: what is missing or infinite is a
finding, and is dealt with before (``drift``). SciPy is imported where a tail probability is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Side = Literal["two-sided", "up", "down"]

PSI_BINS = 10
PSI_FLOOR = 1e-4
_BLOCKS = 4096
_SMALL = 20_000
"""Samples up to this size are looked at point by point; larger ones are pruned first, to the same number."""


def sample(values: npt.ArrayLike) -> Floats:
    """A sorted, flat copy of a sample.

    Raises:
        ValueError: the sample is empty, or holds NaN or an infinite number.
    """
    flat = np.sort(np.asarray(values, dtype=np.float64).reshape(-1))
    if not len(flat):
        raise ValueError("the sample is empty")
    if not np.isfinite(flat).all():
        raise ValueError("the sample holds a missing or infinite number")
    return flat


def ks(reference: Floats, current: Floats, side: Side = "two-sided") -> float:
    """Kolmogorov-Smirnov distance of two sorted samples.

    ``up`` is sup(F_ref − F_cur), large where the current sample lies above the reference; ``down`` is the mirror;
    ``two-sided`` the larger of both. Only the current points need looking at: between them F_cur is flat, and F_ref grows.
    """
    up = down = 0.0
    if side != "down":
        up = _gap(reference, current, "left")
    if side != "up":
        down = _gap(reference, current, "right")
    return max(up, down, 0.0)


def _gap(reference: Floats, current: Floats, edge: Literal["left", "right"]) -> float:
    """The largest F_ref − F_cur just below a current point (``left``), or F_cur − F_ref at one (``right``).

    Of a large sample only those blocks are looked at point by point that could hold it: within a block both functions grow, so
    that their values at its ends bound the difference.
    """
    n, m = len(reference), len(current)
    sign = 1.0 if edge == "left" else -1.0
    points = current
    if m > _SMALL:
        starts = np.arange(0, m, -(-m // _BLOCKS))
        first, last = current[starts], current[np.append(starts[1:], m) - 1]
        ref = np.searchsorted(reference, first, edge) / n, np.searchsorted(reference, last, edge) / n
        cur = np.searchsorted(current, first, edge) / m, np.searchsorted(current, last, edge) / m
        least = max(float((sign * (ref[end] - cur[end])).max()) for end in (0, 1))
        most = ref[1] - cur[0] if edge == "left" else cur[1] - ref[0]
        size = int(starts[1])
        held = np.repeat(most >= least, size)[:m]
        points = current[held]
    found = np.searchsorted(reference, points, edge) / n - np.searchsorted(current, points, edge) / m
    return float((sign * found).max())


def ks_probability(distance: float, n: int, m: int) -> float:
    """Two-sided p-value, P(K > D √(nm/(n+m))), of Kolmogorov's limit law. It holds for independent rows only."""
    from scipy.special import kolmogorov

    return float(kolmogorov(distance * np.sqrt(n * m / (n + m))))


def psi(expected: npt.ArrayLike, actual: npt.ArrayLike, floor: float = PSI_FLOOR) -> float:
    """Population stability index of two sets of shares, Σ (a − e) ln(a/e) (Lewis 1994, Siddiqi 2006), floored below."""
    e = np.maximum(np.asarray(expected, dtype=np.float64), floor)
    a = np.maximum(np.asarray(actual, dtype=np.float64), floor)
    return float(((a - e) * np.log(a / e)).sum())


def decile_edges(reference: Floats, bins: int = PSI_BINS) -> Floats:
    """Inner edges of the sorted reference's quantile bins; fewer where values repeat so much that edges coincide."""
    return np.unique(quantiles(reference, np.arange(1, bins) / bins))


def quantiles(values: Floats, shares_: npt.ArrayLike) -> Floats:
    """Quantiles of a sorted sample, with linear interpolation: NumPy's own numbers, without looking for them."""
    place = np.asarray(shares_, dtype=np.float64) * (len(values) - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(values) - 1)
    part = place - low
    width = values[high] - values[low]
    found: Floats = np.where(part >= 0.5, values[high] - width * (1 - part), values[low] + width * part)
    return found


def shares(values: Floats, edges: Floats) -> Floats:
    """Shares of a sorted sample in (−∞, e1], (e1, e2], …, (ek, ∞)."""
    counts = np.diff(np.concatenate([[0], np.searchsorted(values, edges, side="right"), [len(values)]]))
    return np.asarray(counts / len(values), dtype=np.float64)


def psi_threshold(n: int, m: int, bins: int = PSI_BINS, rule: float = 0.10) -> float:
    """The rule of thumb, or the 99 % point of the null law (1/N + 1/M) χ²(B−1) where that is higher (Yurdakul 2018)."""
    from scipy.stats import chi2

    return max(rule, float(chi2.ppf(0.99, bins - 1)) * (1 / n + 1 / m))


def wasserstein(reference: Floats, current: Floats) -> float:
    """First Wasserstein distance of two sorted samples, ∫|F_ref − F_cur|, as ∫|F_ref⁻¹ − F_cur⁻¹| of their quantiles.

    Samples of one size are compared place by place; others at every step of either one's quantiles.
    """
    n, m = len(reference), len(current)
    if n == m:
        return float(np.abs(reference - current).mean())
    of_reference, of_current, widths = _steps(n, m)
    return float((np.abs(reference[of_reference] - current[of_current]) * widths).sum() / (n * m))


@lru_cache(maxsize=1)
def _steps(n: int, m: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Floats]:
    """Where the quantile functions of two samples of sizes n and m step: both places, and the widths in parts of 1/(nm)."""
    ends = np.concatenate([np.arange(1, n + 1, dtype=np.int64) * m, np.arange(1, m + 1, dtype=np.int64) * n])
    ends.sort(kind="stable")
    widths = np.diff(ends, prepend=0).astype(np.float64)
    ends -= 1
    return (ends // m).astype(np.int32), (ends // n).astype(np.int32), widths


def wasserstein_scaled(reference: Floats, current: Floats, least: float = 1e-3) -> float:
    """Wasserstein distance in standard deviations of the reference, of which it takes ``least`` at least (Evidently)."""
    return wasserstein(reference, current) / max(float(reference.std()), least)


def jensen_shannon(p: npt.ArrayLike, q: npt.ArrayLike, base: float | None = None) -> float:
    """Jensen-Shannon *distance* of two sets of weights, √(½KL(p,m) + ½KL(q,m)); natural logarithms without a base.

    Raises:
        ValueError: a set is empty, negative, or sums to zero.
    """
    left, right = (np.asarray(each, dtype=np.float64) for each in (p, q))
    for each in (left, right):
        if not len(each) or not np.isfinite(each).all() or (each < 0).any() or each.sum() <= 0:
            raise ValueError("a distribution needs weights that are not negative and not all zero")
    left, right = left / left.sum(), right / right.sum()
    middle = (left + right) / 2
    divergence = 0.0
    for each in (left, right):
        held = each > 0
        divergence += float((each[held] * np.log(each[held] / middle[held])).sum()) / 2
    if base is not None:
        divergence /= float(np.log(base))
    return float(np.sqrt(max(divergence, 0.0)))


def sturges_edges(reference: Floats, current: Floats) -> Floats:
    """Equal bins of two pooled sorted samples by Sturges' rule, as Evidently bins for its Jensen-Shannon distance."""
    low, high = float(min(reference[0], current[0])), float(max(reference[-1], current[-1]))
    if low == high:
        low, high = low - 0.5, high + 0.5
    bins = int(np.ceil(np.log2(len(reference) + len(current)) + 1))
    return np.linspace(low, high, bins + 1)


def histogram(values: Floats, edges: Floats) -> npt.NDArray[np.int64]:
    """Counts of a sorted sample in [e0, e1), …, [ek−1, ek], as NumPy's histogram counts them."""
    places = np.concatenate([np.searchsorted(values, edges[:-1], "left"), np.searchsorted(values, edges[-1:], "right")])
    return np.diff(places)


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A contingency test: the statistic, its degrees of freedom and p-value."""

    statistic: float
    freedom: int
    probability: float


def chi_square(reference: Sequence[int], current: Sequence[int]) -> ChiSquare:
    """χ² of homogeneity of two rows of counts: both samples are random, so the table is a contingency table.

    Raises:
        ValueError: the rows differ in length, or one of them has no counts.
    """
    from scipy.stats import chi2

    table = np.array([reference, current], dtype=np.float64)
    if table.ndim != 2 or (table.sum(axis=1) <= 0).any():
        raise ValueError("each row of the table needs counts")
    table = table[:, table.sum(axis=0) > 0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    freedom = table.shape[1] - 1
    return ChiSquare(statistic, freedom, float(chi2.sf(statistic, freedom)) if freedom else 1.0)


@dataclass(frozen=True, slots=True)
class Discoveries:
    """Which of several hypotheses are rejected, and each p-value adjusted, in the order that they were given in."""

    rejected: tuple[bool, ...]
    adjusted: tuple[float, ...]


def benjamini_hochberg(probabilities: Sequence[float], q: float = 0.05) -> Discoveries:
    """Control the false discovery rate: reject up to the largest k with p(k) ≤ qk/m (Benjamini & Hochberg 1995).

    Raises:
        ValueError: a p-value is no number between 0 and 1.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a p-value lies outside 0 to 1")
    m = len(p)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * m / np.arange(1, m + 1)
    smallest: Any = np.minimum.accumulate(scaled[::-1])[::-1]
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(smallest, 1.0)
    return Discoveries(tuple(bool(each) for each in adjusted <= q), tuple(float(each) for each in adjusted))
