"""A table's profile: per column its kind, missing cells, distinct values, range, moments, quantiles, shares; its rows, span.

A profile is made in one pass and bounded memory, and two profiles merge into that of both tables: exactly in counts,
ranges and distinct values, up to rounding in moments, within their stated bounds in quantiles and shares.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.profiling import cells, distinct, sources
from app.profiling.column import FEW, Column, Numbers, Times, joined, of_numbers
from app.profiling.sketch import Quantiles
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.profiling.cells import Cells
    from app.profiling.sources import Batch, Source

MEDIA_TYPE = "application/vnd.assay.profile+json"
"""Of a stored profile."""

VERSION = 1
SUMMARISED = 40
"""Columns whose few facts go into an event; a wider table's are in the stored profile alone."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a table. ``columns`` are in the table's order."""

    rows: int = 0
    columns: dict[str, Column] = field(default_factory=dict)

    @property
    def span(self) -> tuple[str, str] | None:
        """The first and last moment in the first column that holds moments alone; ``None`` where there is none."""
        return next((each.times.span for each in self.columns.values() if each.kind == "time"), None)

    def merge(self, other: Profile) -> Profile:
        """The profile of both tables together; a column that only one has counts the rows of that one."""
        columns = dict(self.columns)
        for name, column in other.columns.items():
            columns[name] = columns[name].merge(column) if name in columns else column
        return Profile(self.rows + other.rows, columns)

    def brief(self) -> dict[str, Any]:
        """The few facts that fit in an event: columns with kind, missing cells, distinct values, range."""
        shown = dict(list(self.columns.items())[:SUMMARISED])
        said: dict[str, Any] = {"schema": [{"name": name, **each.brief()} for name, each in shown.items()]}
        return said if len(shown) == len(self.columns) else {**said, "columns_in_all": len(self.columns)}

    def to_json(self) -> dict[str, Any]:
        """As JSON-able data; ``from_json`` takes it."""
        return {
            "profile": VERSION,
            "rows": self.rows,
            "columns": [{"name": name, **each.to_json()} for name, each in self.columns.items()],
        }

    @classmethod
    def from_json(cls, data: Any) -> Profile:
        """What ``to_json`` gave.

        Raises:
            InputError: it is no profile, or one of a newer version.
        """
        if not isinstance(data, Mapping) or "profile" not in data:
            raise InputError("this is no profile of a table")
        if data["profile"] != VERSION:
            raise InputError(f"this profile is of version {data['profile']!r}; this Assay reads version {VERSION}")
        try:
            columns = {str(each["name"]): Column.from_json(each) for each in data["columns"]}
            return cls(int(data["rows"]), columns)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"this is no profile of a table: {type(error).__name__}: {error}") from None

    def encoded(self) -> bytes:
        """The bytes to store: equal profiles give equal bytes."""
        return json.dumps(self.to_json(), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def decoded(cls, data: bytes) -> Profile:
        """What ``encoded`` gave. Raises InputError as ``from_json`` does."""
        try:
            return cls.from_json(json.loads(data))
        except ValueError:
            raise InputError("this is no profile of a table: its bytes are no JSON") from None


def profile(source: Source, *, progress: Callable[[int], None] | None = None) -> Profile:
    """Read a table once and say what is in it.

    Args:
        source: the path of a CSV (also in a zip or gzip) or a Parquet file; a pandas DataFrame; a
            :class:`app.profiling.sources.Query`; or batches, each a mapping of column names to sequences of cells.
        progress: told how many rows are read.

    Raises:
        InputError: the file cannot be read, or holds no table.
    """
    return of_batches(sources.batches(source), progress)


def of_batches(batches: Iterable[Batch], progress: Callable[[int], None] | None = None) -> Profile:
    """The profile of batches as :func:`app.profiling.sources.batches` gives them."""
    gathering: dict[str, _Gathering] = {}
    rows = 0
    for batch in batches:
        rows += batch.rows
        for name, array in batch.columns.items():
            found = cells.spelled(array) if batch.spelled else cells.typed(array)
            gathering.setdefault(name, _Gathering()).add(found)
        if progress is not None:
            progress(rows)
    return Profile(rows, {name: each.column() for name, each in gathering.items()})


class _Gathering:
    """A column while its batches come in: what merges at little cost is merged at once, numbers go straight to the sketch."""

    def __init__(self) -> None:
        self._column = Column()
        self._quantiles = Quantiles()

    def add(self, found: Cells) -> None:
        """The next batch of cells."""
        column = self._column
        words = _words(found)
        self._column = Column(
            column.rows + found.rows,
            column.nulls + found.nulls,
            column.booleans + (0 if found.booleans is None else len(found.booleans)),
            column.texts + (0 if found.texts is None else len(found.texts)),
            max(column.longest, _longest(found.texts)),
            self._with_numbers(column.numbers, found.numbers),
            column.times.merge(_times(found)),
            _distinct(column.distinct, found, words),
            column.shares.with_counts(words.items()) if words else column.shares,
            None if column.few is None else joined(column.few, _counts(found)),
        )

    def column(self) -> Column:
        """What the batches give."""
        return replace(self._column, numbers=replace(self._column.numbers, quantiles=self._quantiles))

    def _with_numbers(self, before: Numbers, values: Any) -> Numbers:
        if not len(values):
            return before
        found = of_numbers(values)
        self._quantiles.add(values[np.isfinite(values)])
        return before.merge(found)


def _times(found: Cells) -> Times:
    times = found.times
    if not len(times):
        return Times()
    return Times(len(times), int(times.min()), int(times.max()), cells.whole_days(times))


def _longest(texts: Any) -> int:
    if texts is None or not len(texts):
        return 0
    import pyarrow.compute as pc

    return int(pc.max(pc.utf8_length(texts)).as_py())


def _words(found: Cells) -> dict[str, int]:
    """Each text and truth value that is there, and how often."""
    words: dict[str, int] = {}
    for cells_ in (found.texts, found.booleans):
        if cells_ is not None and len(cells_):
            counted = cells_.value_counts()
            values = (str(each) for each in counted.field(0).to_pylist())
            for value, count in zip(values, counted.field(1).to_pylist(), strict=True):
                words[value] = words.get(value, 0) + count
    return words


def _distinct(before: distinct.Distinct, found: Cells, words: Iterable[str]) -> distinct.Distinct:
    hashes = [distinct.of_texts(list(words))] if words else []
    if len(found.numbers):
        hashes.append(distinct.of_numbers(found.numbers))
    if len(found.times):
        hashes.append(distinct.of_moments(found.times))
    for each in hashes:
        before = before.with_hashes(each)
    return before


def _counts(found: Cells) -> Iterator[tuple[str, int]]:
    """Each number and moment that is there, and how often."""
    if len(found.numbers):
        values, counts = np.unique(found.numbers + 0.0, return_counts=True)
        yield from zip((_spelled(each) for each in values[: FEW + 1].tolist()), counts.tolist(), strict=False)
    if len(found.times):
        moments, counts = np.unique(found.times, return_counts=True)
        yield from zip(
            (str(np.datetime64(each, "us")) for each in moments[: FEW + 1].tolist()), counts.tolist(), strict=False
        )


def _spelled(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
