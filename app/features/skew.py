"""Skew: what was served, held against what training would have seen of the same entity at the same time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.features import join
from app.features.definition import values
from app.features.definition.tables import Table
from app.features.served import Served

_SHOWN = 5

Verdict = Literal["pass", "flag", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Column:
    """One feature.

    Attributes:
        feature: its name.
        tolerance: how far a float may be off, as a share of the larger.
        compared: answers that had it, and for which training had a row.
        equal: of those, how many were the same.
        lacking: answers without it.
        max_difference: the largest distance between numbers; infinite where one side was none.
        first: the first answers that differ: ``place``, ``entity``, ``time``, ``served``, ``training``.
    """

    feature: str
    tolerance: float
    compared: int
    equal: int
    lacking: int
    max_difference: float
    first: tuple[dict[str, str], ...] = field(default=())

    @property
    def share(self) -> float | None:
        """The share of the compared that was equal; ``None`` where nothing was compared."""
        return self.equal / self.compared if self.compared else None

    def document(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "feature": self.feature,
            "tolerance": self.tolerance,
            "compared": self.compared,
            "equal": self.equal,
            "share": self.share,
            "lacking": self.lacking,
            "max_difference": self.max_difference if math.isfinite(self.max_difference) else None,
            "first": [dict(each) for each in self.first],
        }


@dataclass(frozen=True, slots=True)
class Skew:
    """A log of served features against training.

    Attributes:
        served: how many answers the log has.
        versions: how many of them were of another version than the one compared, by version.
        unknown: answers for which training knew no row at their time.
        stale: answers for which training's row was older than the view's ttl.
        columns: per feature.
    """

    served: int
    versions: Mapping[int, int]
    unknown: int
    stale: int
    columns: tuple[Column, ...]

    @property
    def differing(self) -> int:
        """How many values differ, over all features."""
        return sum(each.compared - each.equal for each in self.columns)

    @property
    def compared(self) -> int:
        """How many values were compared."""
        return sum(each.compared for each in self.columns)

    @property
    def verdict(self) -> Verdict:
        """``flag``: something differs, or another version was served; ``inconclusive``: nothing does, but data are missing."""
        if self.differing or self.versions:
            return "flag"
        gaps = self.unknown or self.stale or any(each.lacking or not each.compared for each in self.columns)
        return "inconclusive" if gaps else "pass"

    @property
    def missing(self) -> list[str]:
        """What data are missing, in words."""
        said = [
            (self.unknown, "answers for which training knew no features"),
            (self.stale, "answers for which training's features were past their ttl"),
            (sum(each.lacking for each in self.columns), "values that the log does not have"),
        ]
        found = [f"{count:,} {what}" for count, what in said if count]
        return found if self.served else ["the log holds no answer about this view"]


def compare(
    document: Mapping[str, Any],
    version: int,
    table: Table,
    served: Sequence[Served],
    tolerance: float | None = None,
) -> Skew:
    """Hold a log against training.

    Args:
        document: the registered view.
        version: its version; answers of others count as skew, and are not compared.
        table: its offline features.
        served: the log.
        tolerance: how far floats may be off; what the view states for each feature where ``None``.
    """
    versions: dict[int, int] = {}
    for each in served:
        if each.version != version:
            versions[each.version] = versions.get(each.version, 0) + 1
    right = [each for each in served if each.version == version]
    joined = join.table([each.key for each in right], [each.time for each in right], table, document["ttl"])
    columns = tuple(
        _column(
            feature, feature["tolerance"] if tolerance is None else tolerance, n, right, joined.places.tolist(), table
        )
        for n, feature in enumerate(document["features"], start=table.columns.first)
    )
    return Skew(len(served), versions, joined.unknown, joined.stale, columns)


def _column(
    feature: Mapping[str, Any], tolerance: float, n: int, served: Sequence[Served], places: Sequence[int], table: Table
) -> Column:
    name, kind = feature["name"], feature["type"]
    compared = equal = lacking = 0
    furthest = 0.0
    first: list[dict[str, str]] = []
    for each, place in zip(served, places, strict=True):
        if name not in each.features:
            lacking += 1
            continue
        if place < 0:
            continue
        compared += 1
        training, got = table.rows[place][n], each.features[name]
        furthest = max(furthest, values.apart(training, got))
        if values.same(training, got, tolerance):
            equal += 1
        elif len(first) < _SHOWN:
            told = {"served": values.written(got, kind) or "null", "training": values.written(training, kind) or "null"}
            entity = ", ".join(map(str, each.key))
            first.append({"place": each.place, "entity": entity, "time": values.spelled(each.time), **told})
    return Column(name, tolerance, compared, equal, lacking, furthest, tuple(first))
