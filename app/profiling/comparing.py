"""Two profiles against each other: which columns came, went or changed their kind, and how far distributions moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from app.profiling.column import Column
from app.profiling.profile import Profile


class Shift(NamedTuple):
    """How far a column's distribution moved.

    ``distance``: the largest difference between two shares, from 0 to 1: of values up to a point (Kolmogorov and Smirnov's)
    for numbers, of sets of values (total variation) for categories; ``None`` where neither can be said. ``error``: how far
    that may be off, for the bounds of the sketches.
    """

    column: str
    measure: str
    distance: float | None
    error: float
    was: dict[str, Any]
    now: dict[str, Any]


class Comparison(NamedTuple):
    """Columns that were added, removed, or are of another kind (name, was, now), and the shift of each that both have."""

    rows: tuple[int, int]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    kinds: tuple[tuple[str, str, str], ...]
    order: bool
    shifts: tuple[Shift, ...]


def compare(was: Profile, now: Profile) -> Comparison:
    """What changed from one profile to another; ``order`` says whether columns that both have stand in another order."""
    both = [name for name in was.columns if name in now.columns]
    return Comparison(
        (was.rows, now.rows),
        tuple(name for name in now.columns if name not in was.columns),
        tuple(name for name in was.columns if name not in now.columns),
        tuple(
            (name, was.columns[name].kind, now.columns[name].kind)
            for name in both
            if was.columns[name].kind != now.columns[name].kind
        ),
        both != [name for name in now.columns if name in was.columns],
        tuple(shift(name, was.columns[name], now.columns[name]) for name in both),
    )


def shift(name: str, was: Column, now: Column) -> Shift:
    """How far one column moved."""
    one, other = was.numbers, now.numbers
    if one.moments.count and other.moments.count and not (was.texts or now.texts):
        error = one.quantiles.error + other.quantiles.error
        return Shift(name, "ks", _largest_gap(one.quantiles, other.quantiles), error, was.brief(), now.brief())
    categories = was.counts, now.counts
    if categories[0] and categories[1]:
        totals = [max(1, each.rows - each.nulls) for each in (was, now)]
        error = was.shares.error / totals[0] + now.shares.error / totals[1]
        return Shift(
            name, "variation", _variation(categories[0], categories[1], totals), error, was.brief(), now.brief()
        )
    return Shift(name, "none", None, 0.0, was.brief(), now.brief())


def _largest_gap(one: Any, other: Any) -> float:
    points = np.unique(np.concatenate([one.points()[0], other.points()[0]]))
    return float(np.abs(one.shares(points) - other.shares(points)).max())


def _variation(one: Sequence[tuple[str, int]], other: Sequence[tuple[str, int]], totals: Sequence[int]) -> float:
    first, second = dict(one), dict(other)
    gaps = (abs(first.get(name, 0) / totals[0] - second.get(name, 0) / totals[1]) for name in {*first, *second})
    return min(1.0, sum(gaps) / 2)
