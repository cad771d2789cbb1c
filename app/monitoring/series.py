"""Named series by day: what monitors are calibrated on and look at. A file with rows per day and unit, or days as they come."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ledger.errors import InputError

Value = float | Sequence[float | None] | None
_FIRST_ROWS = 64


class Series:
    """Series of the same days. ``units`` names the columns of those that have one value per unit."""

    def __init__(self, units: tuple[str, ...] = ()) -> None:
        self.units = units
        self.days: list[str] = []
        self._tables: dict[str, npt.NDArray[np.float64]] = {}

    def __len__(self) -> int:
        return len(self.days)

    def append(self, day: str, values: Mapping[str, Value]) -> None:
        """Add a day. ``None`` is missing, and becomes NaN.

        Raises:
            InputError: the day is not later than the last, or the series are not those of the days before.
        """
        if self.days and day <= self.days[-1]:
            raise InputError(f"{day} comes after {self.days[-1]}: days must ascend, each once")
        if self.days and set(values) != set(self._tables):
            raise InputError(f"{day} brings {', '.join(sorted(values))}, not {', '.join(sorted(self._tables))}")
        rows = {name: _row(value) for name, value in values.items()}
        for name, row in rows.items():
            if self.days and len(row) != self._tables[name].shape[1]:
                raise InputError(f"{day}: {name} has {len(row)} values, not {self._tables[name].shape[1]}")
        for name, row in rows.items():
            self._put(name, row)
        self.days.append(day)

    def arrays(self, last: int | None = None) -> dict[str, npt.NDArray[np.float64]]:
        """The series as arrays of shape (days, units), of the last days or of all; views that must not be written to."""
        stop = len(self.days)
        start = 0 if last is None else max(stop - last, 0)
        return {name: table[start:stop] for name, table in self._tables.items()}

    def _put(self, name: str, row: list[float]) -> None:
        """Write a row behind the last, into a table that doubles when it is full."""
        count = len(self.days)
        table = self._tables.get(name)
        if table is None:
            table = np.empty((_FIRST_ROWS, len(row)))
        elif count == len(table):
            table = np.concatenate([table, np.empty_like(table)])
        table[count] = row
        self._tables[name] = table

    def units_of(self, names: list[str]) -> list[int]:
        """The columns of some units.

        Raises:
            InputError: one of them is unknown.
        """
        for name in names:
            if name not in self.units:
                raise InputError(f"there is no unit {name}; there are {', '.join(self.units)}")
        return [self.units.index(name) for name in names]


def _row(value: Value) -> list[float]:
    if isinstance(value, Sequence):
        return [math.nan if each is None else float(each) for each in value]
    return [math.nan if value is None else float(value)]


def read(path: Path, *, day: str = "date", unit: str = "currency") -> Series:
    """Read a CSV with one row per day and unit; an empty cell is missing.

    Args:
        path: the file.
        day, unit: the columns that say to which day and unit a row belongs.

    Raises:
        InputError: the file cannot be read, a column is absent, a cell is no number, or a day lacks a unit.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = csv.reader(stream)
            header = next(lines, [])
            rows = list(lines)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {error}") from None
    if day not in header or unit not in header:
        raise InputError(f"{path.name} needs the columns {day} and {unit}; it has {', '.join(header) or 'none'}")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise InputError(f"{path.name}, line {number}: {len(row)} cells, not {len(header)}")
    places = {name: place for place, name in enumerate(header) if name not in (day, unit)}
    at_day, at_unit = header.index(day), header.index(unit)
    units = tuple(dict.fromkeys(row[at_unit] for row in rows))
    found = Series(units)
    for start in range(0, len(rows), len(units) or 1):
        block = rows[start : start + len(units)]
        if tuple(row[at_unit] for row in block) != units or len({row[at_day] for row in block}) != 1:
            raise InputError(
                f"{path.name}, line {start + 2}: every day must have the units {', '.join(units)} in order"
            )
        try:
            values: dict[str, Value] = {
                name: [float(row[place] or "nan") for row in block] for name, place in places.items()
            }
        except ValueError as error:
            raise InputError(f"{path.name}, lines {start + 2} to {start + 1 + len(block)}: {error}") from None
        found.append(block[0][at_day], values)
    return found
