"""One column's profile: what its cells are, counted by what they are, each kind with its own summary. Mergeable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.profiling.distinct import Distinct
from app.profiling.moments import Moments
from app.profiling.shares import Shares
from app.profiling.sketch import Quantiles
from ledger.errors import InputError

Kind = Literal["empty", "integer", "real", "boolean", "time", "text", "mixed"]

FEW = 64
"""Numbers of at most so many different values are counted one by one, as categories are."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column's finite numbers. ``infinite``: how many more were infinite; ``whole``: none had a fraction."""

    moments: Moments = field(default_factory=Moments)
    quantiles: Quantiles = field(default_factory=Quantiles)
    least: float | None = None
    most: float | None = None
    zeros: int = 0
    negative: int = 0
    infinite: int = 0
    whole: bool = True

    @property
    def deviation(self) -> float | None:
        """The standard deviation; exactly 0 where all are equal, whatever rounding leaves in the moments."""
        return 0.0 if self.moments.count > 1 and self.least == self.most else self.moments.deviation

    def merge(self, other: Numbers) -> Numbers:
        """Of both together."""
        return Numbers(
            self.moments.merge(other.moments),
            self.quantiles.merge(other.quantiles),
            _least(self.least, other.least),
            _most(self.most, other.most),
            self.zeros + other.zeros,
            self.negative + other.negative,
            self.infinite + other.infinite,
            self.whole and other.whole,
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "moments": self.moments.to_json(),
            "quantiles": self.quantiles.to_json(),
            "least": self.least,
            "most": self.most,
            "zeros": self.zeros,
            "negative": self.negative,
            "infinite": self.infinite,
            "whole": self.whole,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Numbers:
        """What ``to_json`` gave. Raises KeyError, TypeError or ValueError where it is none."""
        return cls(
            Moments.from_json(data["moments"]),
            Quantiles.from_json(data["quantiles"]),
            _number(data["least"]),
            _number(data["most"]),
            int(data["zeros"]),
            int(data["negative"]),
            int(data["infinite"]),
            bool(data["whole"]),
        )


@dataclass(frozen=True, slots=True)
class Times:
    """A column's moments, in microseconds since 1970; ``days``: all were whole days."""

    count: int = 0
    least: int | None = None
    most: int | None = None
    days: bool = True

    def merge(self, other: Times) -> Times:
        """Of both together."""
        least, most = _least(self.least, other.least), _most(self.most, other.most)
        return Times(self.count + other.count, least, most, self.days and other.days)

    @property
    def span(self) -> tuple[str, str] | None:
        """The first and the last, as ISO days or moments; ``None`` where there is none."""
        if self.least is None or self.most is None:
            return None
        first, last = (str(np.datetime64(each, "us")) for each in (self.least, self.most))
        return (first[:10], last[:10]) if self.days else (first, last)


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of a column.

    Attributes:
        rows: cells, the missing ones included.
        nulls: missing cells.
        numbers, times: of the cells that are such; ``booleans`` and ``texts`` count the others.
        distinct: how many different values there are.
        shares: the frequent texts and truth values, and their counts.
        few: the counts of all numbers and moments, where these have at most 64 different values, else ``None``.
    """

    rows: int = 0
    nulls: int = 0
    booleans: int = 0
    texts: int = 0
    longest: int = 0
    numbers: Numbers = field(default_factory=Numbers)
    times: Times = field(default_factory=Times)
    distinct: Distinct = field(default_factory=Distinct)
    shares: Shares = field(default_factory=Shares)
    few: dict[str, int] | None = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """What the cells are: ``empty`` where all are missing, ``mixed`` where they are not of one kind."""
        numbers = self.numbers.moments.count + self.numbers.infinite
        found: dict[Kind, int] = {
            "integer" if self.numbers.whole and not self.numbers.infinite else "real": numbers,
            "time": self.times.count,
            "boolean": self.booleans,
            "text": self.texts,
        }
        kinds = [kind for kind, count in found.items() if count]
        return kinds[0] if len(kinds) == 1 else "mixed" if kinds else "empty"

    @property
    def missing(self) -> float | None:
        """The share of missing cells; ``None`` where there are no rows."""
        return self.nulls / self.rows if self.rows else None

    @property
    def different(self) -> int:
        """How many different values there are; an estimate from 1,024 on, but never more than there are cells."""
        return min(self.distinct.count, self.rows - self.nulls)

    def merge(self, other: Column) -> Column:
        """Of both together. Associative and commutative but for the quantiles and counts that are only bounded."""
        return Column(
            self.rows + other.rows,
            self.nulls + other.nulls,
            self.booleans + other.booleans,
            self.texts + other.texts,
            max(self.longest, other.longest),
            self.numbers.merge(other.numbers),
            self.times.merge(other.times),
            self.distinct.merge(other.distinct),
            self.shares.merge(other.shares),
            None if other.few is None else joined(self.few, other.few.items()),
        )

    @property
    def counts(self) -> list[tuple[str, int]] | None:
        """Values and how often they are there, the most frequent first; ``None`` where they are too many to be counted.

        Counts of texts may be too low by ``shares.error`` where there are more than 1,024 different ones.
        """
        if self.few is None:
            return None
        found = {**self.shares.counts, **self.few}
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))

    def brief(self) -> dict[str, Any]:
        """The few facts that fit in an event, as JSON-able data."""
        said: dict[str, Any] = {"kind": self.kind, "nulls": self.nulls, "distinct": self.different}
        if not self.distinct.exact:
            said["estimated"] = True
        numbers, span = self.numbers, self.times.span
        if numbers.moments.count:
            said |= {"min": numbers.least, "max": numbers.most, "mean": numbers.moments.mean}
            if numbers.deviation is not None:
                said["deviation"] = numbers.deviation
        if span:
            said |= {"first": span[0], "last": span[1]}
        return {name: _storable(value) for name, value in said.items() if _storable(value) is not None}

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data."""
        return {
            "kind": self.kind,
            "rows": self.rows,
            "nulls": self.nulls,
            "booleans": self.booleans,
            "texts": self.texts,
            "longest": self.longest,
            "numbers": self.numbers.to_json(),
            "times": [self.times.count, self.times.least, self.times.most, self.times.days],
            "distinct": self.distinct.to_json(),
            "shares": self.shares.to_json(),
            "few": self.few,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Column:
        """What ``to_json`` gave. Raises InputError where it is none."""
        try:
            rows, nulls, booleans, texts, longest = (
                int(data[name]) for name in ("rows", "nulls", "booleans", "texts", "longest")
            )
            few = data["few"]
            return cls(
                rows,
                nulls,
                booleans,
                texts,
                longest,
                Numbers.from_json(data["numbers"]),
                Times(*data["times"]),
                Distinct.from_json(data["distinct"]),
                Shares.from_json(data["shares"]),
                None if few is None else {str(name): int(count) for name, count in few.items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"this is no profile of a column: {type(error).__name__}: {error}") from None


def joined(few: dict[str, int] | None, counts: Iterable[tuple[str, int]]) -> dict[str, int] | None:
    """Counts by value with more of them; ``None`` once these are too many different ones."""
    if few is None:
        return None
    made = dict(few)
    for value, count in counts:
        made[value] = made.get(value, 0) + count
    return made if len(made) <= FEW else None


def of_numbers(values: npt.NDArray[np.float64]) -> Numbers:
    """The summary of some numbers, which may be infinite but not NaN, shape (n,); the sketch is left to the caller."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Numbers(infinite=len(values))
    return Numbers(
        Moments.of(finite),
        Quantiles(),
        float(finite.min()) + 0.0,
        float(finite.max()) + 0.0,
        int((finite == 0).sum()),
        int((finite < 0).sum()),
        len(values) - len(finite),
        bool((finite == np.floor(finite)).all()),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _least(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else min(one, other)


def _most(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else max(one, other)


def _storable(value: Any) -> Any:
    """A value as an event can hold it: its numbers are finite, and whole ones below 2^53."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not np.isfinite(value) or (value == int(value) and abs(value) >= 2**53):
        return None
    return value
