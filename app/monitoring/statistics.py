"""Distances between a reference sample and a current one, exactly and with one sort of each.

Definitions are those of the papers named below. Every function takes finite numbers only: what is missing or infinite is a
finding, and is dealt with before (``drift``). SciPy is imported where a tail probability is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Side = Literal["two-sided", "up", "down"]

PSI_BINS = 10
PSI_FLOOR = 1e-4


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
    n, m = len(reference), len(current)
    if side != "down":
        below_ref = np.searchsorted(reference, current, side="left") / n
        below_cur = np.searchsorted(current, current, side="left") / m
        up = float((below_ref - below_cur).max())
    if side != "up":
        within_cur = np.searchsorted(current, current, side="right") / m
        within_ref = np.searchsorted(reference, current, side="right") / n
        down = float((within_cur - within_ref).max())
    return max(up, down, 0.0)


def ks_probability(distance: float, n: int, m: int) -> float:
    """Two-sided p-value, P(K > D √(nm/(n+m))), of Kolmogorov's limit law. It holds for independent rows only."""
    from scipy.stats import kstwobign

    return float(kstwobign.sf(distance * np.sqrt(n * m / (n + m))))


def psi(expected: npt.ArrayLike, actual: npt.ArrayLike, floor: float = PSI_FLOOR) -> float:
    """Population stability index of two sets of shares, Σ (a − e) ln(a/e) (Lewis 1994, Siddiqi 2006), floored below."""
    e = np.maximum(np.asarray(expected, dtype=np.float64), floor)
    a = np.maximum(np.asarray(actual, dtype=np.float64), floor)
    return float(((a - e) * np.log(a / e)).sum())


def decile_edges(reference: Floats, bins: int = PSI_BINS) -> Floats:
    """Inner edges of the reference's quantile bins; fewer where values repeat so much that edges coincide."""
    return np.unique(np.quantile(reference, np.arange(1, bins) / bins))


def shares(values: Floats, edges: Floats) -> Floats:
    """Shares of a sorted sample in (−∞, e1], (e1, e2], …, (ek, ∞)."""
    counts = np.diff(np.concatenate([[0], np.searchsorted(values, edges, side="right"), [len(values)]]))
    return np.asarray(counts / len(values), dtype=np.float64)


def psi_threshold(n: int, m: int, bins: int = PSI_BINS, rule: float = 0.10) -> float:
    """The rule of thumb, or the 99 % point of the null law (1/N + 1/M) χ²(B−1) where that is higher (Yurdakul 2018)."""
    from scipy.stats import chi2

    return max(rule, float(chi2.ppf(0.99, bins - 1)) * (1 / n + 1 / m))


def wasserstein(reference: Floats, current: Floats) -> float:
    """First Wasserstein distance of two sorted samples, ∫|F_ref − F_cur|."""
    merged = np.concatenate([reference, current])
    merged.sort(kind="stable")
    gaps = np.diff(merged)
    ahead = np.searchsorted(reference, merged[:-1], side="right") / len(reference)
    behind = np.searchsorted(current, merged[:-1], side="right") / len(current)
    return float((np.abs(ahead - behind) * gaps).sum())


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


def sturges_edges(values: Floats) -> Floats:
    """Equal bins of a pooled sample by Sturges' rule, as Evidently bins for its Jensen-Shannon distance."""
    return np.asarray(np.histogram_bin_edges(values, bins="sturges"), dtype=np.float64)


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
