"""Two tables compared by their profiles alone: no data are read again, and each measure says how far it may be off.

Numbers are compared by their quantile sketches, words by the counts that their profiles keep. The measures are those of
``compare``; a sketch's rank error, which it knows itself, bounds the error of a KS distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.monitoring import statistics
from app.monitoring.compare import ColumnDrift, Comparison, categories, judged

if TYPE_CHECKING:
    from app.profiling.column import Column, Numbers
    from app.profiling.profile import Profile
    from app.profiling.sketch import Quantiles

Floats = npt.NDArray[np.float64]
_NUMBERS = ("integer", "real")


def compare(reference: Profile, current: Profile) -> Comparison:
    """Compare two tables' profiles column by column; columns that are new are findings too."""
    before, after = reference.columns, current.columns
    found = [_column(name, each, after.get(name)) for name, each in before.items()]
    found += [
        ColumnDrift(name, "new", 0, each.rows, findings=("the column is new",))
        for name, each in after.items()
        if name not in before
    ]
    return judged(found)


def _column(name: str, reference: Column, current: Column | None) -> ColumnDrift:
    kind = "numbers" if reference.kind in _NUMBERS else "words"
    if current is None:
        return ColumnDrift(name, kind, reference.rows, 0, findings=("the column is missing",))
    base = ColumnDrift(name, kind, reference.rows, current.rows, findings=_findings(reference, current))
    kinds = {each.kind for each in (reference, current)} - {"empty"}
    if kinds and kinds <= set(_NUMBERS):
        return _numbers(base, reference.numbers, current.numbers)
    if len(kinds) > 1:
        return replace(base, findings=(*base.findings, f"the type changed from {reference.kind} to {current.kind}"))
    if "time" in kinds or not kinds:
        return base
    counts = [dict(each.shares.counts) for each in (reference, current)]
    error = max(each.shares.error / max(each.rows, 1) for each in (reference, current))
    known = tuple(each.rows - each.nulls for each in (reference, current))
    found = categories(replace(base, findings=()), _rest(counts[0], known[0]), _rest(counts[1], known[1]), known)
    return replace(found, findings=(*base.findings, *found.findings), error=error)


def _rest(counts: Mapping[str, int], rows: int) -> dict[str, int]:
    """Counts with what the profile no longer names taken together."""
    rest = rows - sum(counts.values())
    return dict(counts) | ({"(others)": rest} if rest > 0 else {})


def _findings(reference: Column, current: Column) -> tuple[str, ...]:
    found = []
    for what, each in (("reference", reference), ("current", current)):
        if each.nulls:
            found.append(f"{what}: {each.nulls} of {each.rows} values are missing")
        if each.numbers.infinite:
            found.append(f"{what}: {each.numbers.infinite} values are infinite")
        if each.rows == each.nulls:
            found.append(f"{what}: no values")
        elif each.distinct.count == 1:
            found.append(f"{what}: constant" if each.rows - each.nulls > 1 else f"{what}: one value only")
    return tuple(found)


def _numbers(base: ColumnDrift, reference: Numbers, current: Numbers) -> ColumnDrift:
    left, right = reference.quantiles, current.quantiles
    if min(left.count, right.count) < 2:
        return base
    distance = ks(left, right)
    edges = np.unique(left.quantiles(np.arange(1, statistics.PSI_BINS) / statistics.PSI_BINS))
    measures = {
        "ks": distance,
        "psi": statistics.psi(_shares(left, edges), _shares(right, edges)),
        "psi_threshold": statistics.psi_threshold(left.count, right.count, len(edges) + 1),
        "wasserstein": wasserstein(left, right) / max(float(reference.moments.deviation or 0.0), 1e-3),
    }
    probability = statistics.ks_probability(distance, left.count, right.count)
    finite = {name: value for name, value in measures.items() if np.isfinite(value)}
    bins = {"psi": len(edges) + 1}
    return replace(base, measures=finite, probability=probability, bins=bins, error=left.error + right.error)


def ks(left: Quantiles, right: Quantiles) -> float:
    """Two-sided Kolmogorov-Smirnov distance of two sketches; off by the sum of their errors at most."""
    points = np.union1d(left.points()[0], right.points()[0])
    return float(np.abs(left.shares(points) - right.shares(points)).max())


def wasserstein(left: Quantiles, right: Quantiles) -> float:
    """First Wasserstein distance of two sketches, ∫|F_left − F_right| over the points that they keep."""
    points = np.union1d(left.points()[0], right.points()[0])
    gaps = np.abs(left.shares(points[:-1]) - right.shares(points[:-1]))
    return float((gaps * np.diff(points)).sum())


def _shares(sketch: Quantiles, edges: Floats) -> Floats:
    return np.diff(np.concatenate([[0.0], sketch.shares(edges), [1.0]]))
