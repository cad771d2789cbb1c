"""Tables of features: one row per entity and time, in one form of bytes, so that equal features have one digest.

The form is CSV in UTF-8 with ``\\n`` at line ends: a line of names (the entity's keys, the event time, the creation time where
there is one, the features), then the rows by event time, key and creation time. ``values.written`` says how a cell looks.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from . import values
from .values import BadValue

Row = tuple[Any, ...]
"""Normal values in the order of a view's columns."""


class Columns(NamedTuple):
    """A view's columns: names and types in order, and which places are the key, the times, the features."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    keys: int
    created: bool

    @classmethod
    def of(cls, view: Mapping[str, Any]) -> Columns:
        """The columns of a registered view's document."""
        entity = [(each["name"], each["type"]) for each in view["entity"]]
        times = [(view["event_time"], "timestamp")] + ([(view["created"], "timestamp")] if view["created"] else [])
        features = [(each["name"], each["type"]) for each in view["features"]]
        names, kinds = zip(*(*entity, *times, *features), strict=True)
        return cls(names, kinds, len(entity), bool(view["created"]))

    @property
    def first(self) -> int:
        """Where the features begin."""
        return self.keys + 1 + self.created

    def order(self, row: Row) -> tuple[Any, ...]:
        """What rows are sorted by: event time, key, creation time."""
        return (row[self.keys], *row[: self.keys], row[self.keys + 1] if self.created else 0)


class Table(NamedTuple):
    """Features by row, sorted; ``known`` says for each row from when on it could be known."""

    columns: Columns
    rows: list[Row]
    known: list[int]

    def window(self, first: int | None, beyond: int | None) -> Table:
        """The rows whose event time is at or after ``first`` and before ``beyond``."""
        place = self.columns.keys
        kept = [
            (row, known)
            for row, known in zip(self.rows, self.known, strict=True)
            if (first is None or row[place] >= first) and (beyond is None or row[place] < beyond)
        ]
        return Table(self.columns, [row for row, _ in kept], [known for _, known in kept])


def made(view: Mapping[str, Any], found: Iterable[Mapping[str, Any]]) -> Table:
    """What a definition returned, checked against its view.

    Two rows of one entity and event time are refused, unless the view has a creation time and they differ in it.

    Raises:
        BadValue: a row is not of the view's columns and types; it is named by entity and time.
    """
    columns = Columns.of(view)
    nullable = [False] * columns.first + [bool(each["nullable"]) for each in view["features"]]
    rows = [_row(columns, nullable, number, each) for number, each in enumerate(found, start=1)]
    return sorted_table(columns, rows, view["delay"])


def sorted_table(columns: Columns, rows: Iterable[Row], delay: int) -> Table:
    """Rows as a table: sorted, duplicates refused; ``delay`` in microseconds is how long after its time a row is known."""
    ordered = sorted(rows, key=columns.order)
    for one, other in itertools.pairwise(ordered):
        if columns.order(one) == columns.order(other):
            hint = "created at the same time" if columns.created else "state created: to keep several versions"
            raise BadValue(f"there are two rows of {name_of(columns, one)}; {hint}")
    place = columns.keys
    known = [max(row[place], row[place + 1]) if columns.created else row[place] + delay for row in ordered]
    return Table(columns, ordered, known)


def merged(found: Sequence[Table], delay: int) -> Table:
    """Several tables of one view as one: where two have a row of one entity and time, the later table's counts."""
    rows = {each.columns.order(row): row for each in found for row in each.rows}
    return sorted_table(found[0].columns, rows.values(), delay)


def name_of(columns: Columns, row: Row) -> str:
    """A row by its entity and event time, for people: ``USD at 2008-09-15T00:00:00Z``."""
    return f"{', '.join(map(str, row[: columns.keys]))} at {values.spelled(row[columns.keys])}"


def _row(columns: Columns, nullable: Sequence[bool], number: int, found: Mapping[str, Any]) -> Row:
    if not hasattr(found, "keys"):
        raise BadValue(f"row {number} that the definition gave is no mapping from column to value")
    if found.keys() != set(columns.names):
        lacking = [each for each in columns.names if each not in found]
        extra = [each for each in found if each not in columns.names]
        what = f"lacks {lacking[0]!r}" if lacking else f"has {extra[0]!r}, which the view does not declare"
        raise BadValue(f"row {number} that the definition gave {what}")
    row = []
    for name, kind, may in zip(columns.names, columns.kinds, nullable, strict=True):
        try:
            value = values.normal(found[name], kind)
        except BadValue as error:
            raise BadValue(f"row {number} that the definition gave: {name}: {error}") from None
        if value is None and not may:
            raise BadValue(f"row {number} that the definition gave: {name} is null, and the view does not allow that")
        row.append(value)
    return tuple(row)


# As bytes


def written(table: Table) -> bytes:
    """A table as bytes: equal tables give equal bytes on every machine."""
    lines = [",".join(map(_quoted, table.columns.names))]
    write, kinds = values.written, table.columns.kinds
    lines += [
        ",".join([_quoted(write(value, kind)) for value, kind in zip(row, kinds, strict=True)]) for row in table.rows
    ]
    return ("\n".join(lines) + "\n").encode()


def read(data: bytes, view: Mapping[str, Any]) -> Table:
    """What ``written`` gave.

    Args:
        data: the bytes.
        view: the document of the view that it was made by.

    Raises:
        BadValue: the bytes are no table of this view.
    """
    columns = Columns.of(view)
    lines = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    header = tuple(next(lines, []))
    if header != columns.names:
        raise BadValue(f"the columns are {', '.join(header)}, not {', '.join(columns.names)}")
    parse = values.unwritten
    rows = []
    for cells in lines:
        try:
            rows.append(tuple([parse(cell, kind) for cell, kind in zip(cells, columns.kinds, strict=True)]))
        except ValueError as error:
            raise BadValue(f"line {lines.line_num}: {error}") from None
    return sorted_table(columns, rows, view["delay"])


def _quoted(cell: str) -> str:
    if '"' in cell or "," in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
