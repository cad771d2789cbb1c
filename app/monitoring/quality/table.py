"""A table as checks look at it: rows by day where it has days, and its columns as numbers and as words."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from app.monitoring.quality import cells
from app.monitoring.quality.cells import Cells, Words
from ledger.errors import InputError

Kind = Literal["number", "truth", "day", "text"]
KINDS: tuple[Kind, ...] = ("number", "truth", "day", "text")
"""What a column may hold: numbers, true and false, days or times, words."""
_TRUTH = frozenset({"true", "false"})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_LIKE_A_DAY = re.compile(r"[0-9]{1,4}([-/.])\w{1,3}\1[0-9]{1,4}\b.*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, oldest first where they have days, else in the order of the file.

    Attributes:
        days: ISO dates in ascending order, one a row; a day that the file holds twice is here twice. Empty where no column
            holds the rows' days.
        columns: the values of each column that holds numbers, shape (rows,), NaN where missing.
        text: per column of numbers how many cells were neither a number nor a known word for missing.
        sha256: digest of the file's bytes, ``sha256:…``.
        day: the column that holds the days, which is none of the others; empty where there is none.
        words: every column but ``day``, in the file's order, as it is spelled.
        kinds: what each of these columns holds.
        rows: how many rows there are.
        name: the file's, for errors.
        source: the file's cells, by which it can be ordered by another column's days.
        undated: why the rows have no days, where they have none.
    """

    days: tuple[str, ...]
    columns: dict[str, npt.NDArray[np.float64]]
    text: dict[str, int]
    sha256: str
    day: str
    words: dict[str, Words]
    kinds: dict[str, Kind]
    rows: int
    name: str
    source: Cells = field(repr=False, compare=False)
    undated: str = ""

    def until(self, day: str) -> Table:
        """The rows that were known on ``day``."""
        return self.only(range(int(np.searchsorted(np.array(self.days), day, side="right"))))

    def only(self, places: Sequence[int]) -> Table:
        """Some of the rows, by their places."""
        kept = list(places)
        return replace(
            self,
            days=tuple(self.days[n] for n in kept) if self.days else (),
            columns={name: each[kept] for name, each in self.columns.items()},
            words={name: [each[n] for n in kept] for name, each in self.words.items()},
            rows=len(kept),
        )

    def by(self, day: str) -> Table:
        """The same table with its rows in the order of another column's days.

        Raises:
            InputError: there is no such column, or it does not hold a day in every row.
        """
        return self if day == self.day else _made(self.source, self.name, self.sha256, day)

    def missing(self, name: str) -> npt.NDArray[np.bool_]:
        """In which rows a column's value is missing, shape (rows,)."""
        return np.array([each is None for each in self.words[name]], dtype=np.bool_)

    def unlike(self, name: str, kind: str) -> int:
        """How many of a column's cells are neither missing nor of a kind; every cell is text."""
        if kind == "text" or self.kinds[name] == kind != "number":
            return 0
        if kind == "number" and name in self.text:
            return self.text[name]
        return sum(each is not None and not _is(each, kind) for each in self.words[name])

    def spot(self, place: int) -> str:
        """A row in words: by its day where it has one, else by its place in the file."""
        return f"on {self.days[place]}" if self.days else f"in {self.source.row(place)}"

    def span(self, first: int, last: int) -> tuple[str, str]:
        """The days of two rows, or empty texts where rows have none."""
        return (self.days[first], self.days[last]) if self.days else ("", "")


def read(path: Path, day: str = "") -> Table:
    """Read a table.

    Args:
        path: CSV, also gzipped or alone in a zip, or Parquet.
        day: the column that holds the rows' days; the first one, if that looks like days, where none is named.

    Raises:
        InputError: the file is no such table, or a row's day is none.
    """
    found = cells.read(path)
    digest = f"sha256:{hashlib.sha256(found.data).hexdigest()}"
    return _made(found._replace(data=b""), path.name, digest, day)


def _made(found: Cells, name: str, sha256: str, day: str) -> Table:
    if day and day not in found.columns:
        raise InputError(f"{name} has no column {day!r} that could hold its days; it has {', '.join(found.columns)}")
    chosen, undated = (day, "") if day else _dated(found, name)
    order: Sequence[int] = range(len(next(iter(found.columns.values()))))
    days: tuple[str, ...] = ()
    if chosen:
        whole = [_day(word, found, place, name, chosen) for place, word in enumerate(found.columns[chosen])]
        order = sorted(order, key=whole.__getitem__)
        days = tuple(whole[place] for place in order)
    words = {each: [column[n] for n in order] for each, column in found.columns.items() if each != chosen}
    kinds = {each: _kind(column) for each, column in words.items()}
    columns: dict[str, npt.NDArray[np.float64]] = {}
    strange: dict[str, int] = {}
    for each, column in words.items():
        if kinds[each] == "number":
            columns[each], strange[each] = _numbers(column)
    return Table(days, columns, strange, sha256, chosen, words, kinds, len(order), name, found, undated)


def _dated(found: Cells, name: str) -> tuple[str, str]:
    """The first column, if a cell of it looks like a day; else nothing, and why."""
    first, column = next(iter(found.columns.items()))
    if any(each is not None and _LIKE_A_DAY.fullmatch(each) for each in column):
        return first, ""
    seen = next((repr(each[:40]) for each in column if each is not None), "nothing")
    return "", f"{name}: its first column, {first}, holds no days such as 2026-01-31, but {seen}"


def _day(word: str | None, found: Cells, place: int, name: str, column: str) -> str:
    """A cell's day, also of a time, as it stands there."""
    text = word or ""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).isoformat()
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text.replace(",", ".")).date().isoformat()
    except ValueError:
        pass
    said = "nothing" if word is None else repr(text[:40])
    raise InputError(f"{name}, {found.row(place)}: {said} is no day such as 2026-01-31, in the column {column}")


def _kind(column: Words) -> Kind:
    """What a column holds: numbers if one of its cells is one, or if it has no cells; ``inf`` among words is a word."""
    known = [each for each in column if each is not None]
    if any(_is_number(each, finite=True) for each in known) or all(_is_number(each) for each in known):
        return "number"
    return next((kind for kind in ("truth", "day") if all(_is(each, kind) for each in known)), "text")


def _is(word: str, kind: str) -> bool:
    """Whether a cell is of a kind; every cell is text."""
    if kind == "number":
        return _is_number(word)
    if kind == "truth":
        return word.lower() in _TRUTH
    return kind == "text" or bool(_DAY.fullmatch(word) or _TIME.fullmatch(word))


def _is_number(word: str, *, finite: bool = False) -> bool:
    try:
        return math.isfinite(float(word)) or not finite
    except ValueError:
        return False


def _numbers(column: Words) -> tuple[npt.NDArray[np.float64], int]:
    """A column's numbers, and how many of its cells are something else."""
    values = np.full(len(column), np.nan)
    strange = 0
    for place, word in enumerate(column):
        if word is None:
            continue
        try:
            values[place] = float(word)
        except ValueError:
            strange += 1
    return values, strange
